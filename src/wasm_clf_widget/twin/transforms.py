"""From row to row: every transform but the union, as scikit-learn defines it."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from decimal import Context, Decimal
from functools import lru_cache

from ..errors import InputError
from ..model.spec import (
    LEFT_OUT,
    Binarize,
    Idf,
    Norm,
    Normalize,
    Scale,
    Select,
    SublinearTf,
    Svd,
    Transform,
    Union,
)
from .doubt import BOTH, EXACT_COUNTS, LOOSE, NONE, OPEN, Doubt, crosses
from .row import Row

_DIGITS = Context(prec=40)


def transformed(row: Row, transform: Transform, *, counts: bool) -> Row:
    """The row behind a transform. ``counts``: it holds counts still, whose logarithms are rounded correctly."""
    match transform:
        case SublinearTf():
            result = _sublinear(row, counts=counts)
        case Idf(values) | Scale(values):
            one = len(values) == 1
            factors = [float(values[0 if one else index]) for index in row.indices]
            result = _scaled(row, factors)
        case Normalize(norm):
            result = _normalized(row, norm)
        case Select():
            result = _selected(row, transform)
        case Binarize(threshold):
            result = _binarized(row, threshold)
        case Svd():
            result = _projected(row, transform)
        case Union():
            raise TypeError("a union needs the pipelines within it")
    for value in result.values:
        if not math.isfinite(value):
            raise InputError(
                f"a feature value of this text becomes {value} in the step {type(transform).__name__}; "
                "scikit-learn refuses such rows too: use a shorter text or smaller idf weights"
            )
    return result


def _sublinear(row: Row, *, counts: bool) -> Row:
    values = [1.0 + _log(value) for value in row.values]
    doubt = row.doubt
    if not counts:
        doubt |= BOTH
    elif max(row.values, default=0.0) > EXACT_COUNTS:
        doubt |= Doubt(source=LOOSE)
    sizes = [abs(value) for value in values]
    if row.doubt != NONE:
        sizes = [own + size / before for own, size, before in zip(sizes, row.sizes, row.values, strict=True)]
    return replace(row, values=values, sizes=sizes, doubt=doubt)


def _log(value: float) -> float:
    if value <= 0.0:
        raise InputError(
            f"sublinear_tf takes the logarithm of a count of {value:g}, which hashing with alternate_sign gives where "
            "n-grams of opposite sign meet (scikit-learn refuses such rows too); use alternate_sign=False"
        )
    return _log_of_count(value) if value.is_integer() else math.log(value)


@lru_cache(maxsize=4096)
def _log_of_count(count: float) -> float:
    """Correctly rounded on every platform, which ``math.log`` is not (the first difference is at 9,170)."""
    return float(Decimal(count).ln(_DIGITS))


def _scaled(row: Row, factors: list[float]) -> Row:
    values = [value * factor for value, factor in zip(row.values, factors, strict=True)]
    sizes = [size * abs(factor) for size, factor in zip(row.sizes, factors, strict=True)]
    return replace(row, values=values, sizes=sizes)


_SPECK = 10 * sys.float_info.epsilon


def _normalized(row: Row, norm: Norm) -> Row:
    size = _norm(row.values, norm)
    if row.dense:
        return _normalized_dense(row, size, _norm(row.sizes, norm))
    if size == 0.0:
        return row
    values = [value / size for value in row.values]
    return replace(row, values=values, sizes=[abs(value) for value in values])


def _normalized_dense(row: Row, size: float, spread: float) -> Row:
    """``spread``: the norm of all that was added up in the entries."""
    # Of a dense row scikit-learn takes a norm below this for 0; what cancelled to about that may be on either side.
    if spread > _SPECK and crosses(LOOSE, size, spread, _SPECK):
        return replace(row, doubt=row.doubt | Doubt(OPEN, OPEN))
    if size < _SPECK:
        return row
    values = [value / size for value in row.values]
    # What rounding did to the norm, it does to every entry.
    error = spread / size
    sizes = [own / size + abs(value) * error for own, value in zip(row.sizes, values, strict=True)]
    return replace(row, values=values, sizes=sizes)


def _norm(numbers: Sequence[float], norm: Norm) -> float:
    size = 0.0
    if norm == "l2":
        for value in numbers:
            size += value * value
        return math.sqrt(size)
    if norm == "l1":
        for value in numbers:
            size += abs(value)
        return size
    return max((abs(value) for value in numbers), default=0.0)


def _selected(row: Row, select: Select) -> Row:
    places = [select.places[index] for index in row.indices]
    kept = [i for i, new in enumerate(places) if new != LEFT_OUT]
    return replace(
        row,
        width=select.n_features,
        indices=[places[i] for i in kept],
        values=[row.values[i] for i in kept],
        sizes=[row.sizes[i] for i in kept],
        origins=None if row.origins is None else [row.origins[i] for i in kept],
    )


def _binarized(row: Row, threshold: float) -> Row:
    doubt = row.doubt
    for value, size in zip(row.values, row.sizes, strict=True):
        doubt |= Doubt(*(OPEN if crosses(d, value, size, threshold) else 0 for d in row.doubt))
    kept = [i for i, value in enumerate(row.values) if value > threshold]
    return replace(
        row,
        indices=[row.indices[i] for i in kept],
        values=[1.0] * len(kept),
        sizes=[1.0] * len(kept),
        origins=None if row.origins is None else [row.origins[i] for i in kept],
        doubt=doubt,
    )


def _projected(row: Row, svd: Svd) -> Row:
    width = svd.n_features
    sums, sizes = [0.0] * width, [0.0] * width
    for index, value, size in zip(row.indices, row.values, row.sizes, strict=True):
        for d, component in enumerate(svd.components[index * width : (index + 1) * width]):
            sums[d] += value * component
            sizes[d] += size * abs(component)
    return Row(width, range(width), sums, sizes, None, dense=True, doubt=row.doubt | BOTH)
