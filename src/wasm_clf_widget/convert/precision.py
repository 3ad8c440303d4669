"""Which weights may be rounded to float32, with the proof; and how far a score may then be from the source's.

**What is proved.** Let a text have the feature row x as scikit-learn computes it, with n ≤ F stored entries, and let
δ_ik = float32(w_ik) − w_ik be the rounding errors of the coefficients, exact in float64. The engine's score differs
from the source's by

    Δs_k = Σᵢ xᵢ·δ_ik + r_k,

where r_k collects all float64 rounding: both sums in whatever order, the transforms computed in whatever order, the
addition of the intercept. The row consists of parts (one, or one for each branch of a union), and behind the last norm
of a part p stands at most a scaling, so that ‖x_p‖₂ ≤ t_p (l2) or ‖x_p‖₁ ≤ t_p (l1), up to rounding, where t_p is 1
times the largest scale in it (a union's transformer_weight, an idf or a MaxAbsScaler behind the norm); a selection of
features makes no norm larger. Then

- by Cauchy-Schwarz |Σ xᵢ·δ_ik| ≤ Σ_p t_p·‖δ_pk‖₂ (l2), and by Hölder t_p·max|δ_ik| for a part of l1 norm; for the
  difference of two classes the same holds with δ_k − δ_j. Call these D_k and D_kj, and W_k the same of w_k itself;
- a sum of n products has an error of at most γ_n·Σ|xᵢwᵢ| ≤ γ_n·W_k for any order (γ_n = nu/(1 − nu), u = 2⁻⁵³), each
  of the m transforms changes an entry by a relative error of at most (n + 16)·u (the sum of squares, square root,
  quotient or logarithm), and the intercept adds u·(W_k + |b_k|). Both sides together:
  |r_k| ≤ R_k = 2·((m + 1)(n + 16) + 2)·u·1.01·(W_k + |b_k|). This needs features whose relative error is small, hence:
  a logarithm only of counts (as the first transform), and scales whose products neither overflow nor underflow
  when they are squared.

The links are differentiable between the two score vectors, so by the mean value theorem |Δp| is at most

- logistic and each ¼|Δs|; softmax_pair (σ(2s)) ½|Δs|; modified_huber of two classes ½|Δs|;
- softmax: ∂p_j/∂s_j = p_j(1 − p_j) and ∂p_j/∂s_k = −p_j·p_k, so Δp_j = p_j(1 − p_j)·(Δs_j − weighted mean of the other
  Δs_k) ≤ ¼·max over pairs |Δs_j − Δs_k|;
- ovr and ovr_zeros (p_j = σ_j/Σσ): ∂p_j/∂s_j = p_j(1 − p_j)(1 − σ_j) and ∂p_j/∂s_k = −p_j·p_k·(1 − σ_k), so |Δp_j| ≤
  p_j(1 − p_j)·(|Δs_j| + max|Δs_k|) ≤ ¼·(the two greatest |Δs| together). Where every σ could underflow (a score below
  −700) nothing is proved;
- modified_huber of more classes has no bound: near a row of zeros any small change decides.

To this comes (C + 64)·2⁻⁵² for evaluating the link itself. All norms are enlarged by 1e-9 for their own rounding.

Of heads with members, layers, distances or trees, and of anything behind TruncatedSVD, nothing is proved: their numbers
stay float64.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from operator import mul, sub
from typing import Any, Literal

from ..errors import UnsupportedPipelineError
from ..model.numbers import doubles
from ..model.shape import row_width
from ..model.spec import (
    LEFT_OUT,
    Binarize,
    Idf,
    LinearHead,
    Normalize,
    Pipeline,
    Scale,
    Select,
    SublinearTf,
    Svd,
    Transform,
    Union,
    Weights,
)
from ..model.tree import stages_of

AUTO_LIMIT = 1e-6
"""What ``weights="auto"`` lets float32 change in a probability."""

_UNIT = 2.0**-53
_SMALLEST = 2.0**-126
_LARGEST = float.fromhex("0x1.fffffep127")
_MANY_CLASSES = 512  # above this the pairs of classes are bounded one by one, which is looser but needs no C × C table


@dataclass(frozen=True, slots=True)
class _Part:
    """Features [start, stop) of the row, whose l1 or l2 norm is at most ``size``; None: no norm bounds them (yet)."""

    start: int
    stop: int
    norm: Literal["l1", "l2"] | None
    size: float = 1.0


@dataclass(slots=True)
class _Path:
    """What is known of a row on its way: parts, number of transforms, smallest and largest product of scales."""

    parts: list[_Part]
    steps: int = 0
    low: float = 1.0
    high: float = 1.0


def choose_weights(
    pipeline: Pipeline,
    requested: Literal["auto", "float64", "float32"] = "auto",
) -> tuple[Weights, float | None]:
    """(weights, bound): what to store, and the proved bound of the probability error for every text.

    The bound is 0 for float64 and None where nothing is proved for float32 (only when that was asked for).

    Raises:
        UnsupportedPipelineError: float32 is asked for, and a weight lies outside its normal range, or the head is none
            whose weights may be rounded; or the request is none of the three.
    """
    if requested not in ("auto", "float64", "float32"):
        raise UnsupportedPipelineError(
            "weights", "weights", f"{requested!r} is not known", "'auto', 'float64' or 'float32'"
        )
    if requested == "float64":
        return "float64", 0.0
    head = pipeline.head
    if not isinstance(head, LinearHead) or stages_of(pipeline, Svd):
        if requested == "auto":
            return "float64", 0.0
        raise UnsupportedPipelineError(
            "weights",
            "weights",
            "only the weights of one linear classifier on sparse features may be rounded",
            "weights='float64' or 'auto'",
        )
    path = _provable(pipeline, head)
    if requested == "auto" and path is None:
        return "float64", 0.0
    coef = doubles(head.coef)
    outside = _outside_range(coef)
    if outside is not None:
        if requested == "auto":
            return "float64", 0.0
        raise UnsupportedPipelineError(
            "weights",
            "weights",
            f"the coefficient {outside!r} lies outside float32's normal range, ±{_SMALLEST:.6g} to ±{_LARGEST:.6g}",
            "weights='float64' or 'auto'",
        )
    bound = None if path is None else _bound(path, head, coef)
    if requested == "auto" and not (bound is not None and bound <= AUTO_LIMIT):
        return "float64", 0.0
    return "float32", bound


def probability_bound(pipeline: Pipeline) -> float | None:
    """Upper bound of every probability's error when ``coef`` is rounded to float32; None where nothing is proved."""
    head = pipeline.head
    if not isinstance(head, LinearHead):
        return None
    path = _provable(pipeline, head)
    return None if path is None else _bound(path, head, doubles(head.coef))


def _bound(path: _Path, head: LinearHead, coef: array[float]) -> float | None:
    outputs = head.outputs
    n = len(coef) // outputs
    factor = 2.0 * ((path.steps + 1) * (n + 16) + 2) * _UNIT * 1.01
    errors: list[array[float]] = []
    deltas: list[float] = []
    rounding: list[float] = []
    lowest = math.inf
    for k in range(outputs):
        column = coef[k::outputs]
        error = _rounding_errors(column)
        size = _dual_norm(column, path.parts) + abs(head.intercept[k])
        errors.append(error)
        deltas.append(_dual_norm(error, path.parts))
        rounding.append(factor * size)
        lowest = min(lowest, -size)
    scores = sorted(map(sum, zip(deltas, rounding, strict=True)), reverse=True)
    slack = (max(2, outputs) + 64) * 2.0**-52
    if head.link in ("logistic", "each"):
        return 0.25 * scores[0] + slack
    if head.link in ("softmax_pair", "modified_huber"):
        return 0.5 * scores[0] + slack
    if head.link in ("ovr", "ovr_zeros"):
        return None if lowest < -700.0 else 0.25 * (scores[0] + scores[1]) + slack
    # softmax: the two greatest together bound every pair; the pairs themselves are at most that, often ¾ of it.
    pairs = scores[0] + scores[1]
    if outputs <= _MANY_CLASSES:
        exact = _greatest_pair(errors, path.parts)
        if exact is not None:
            greatest = sorted(rounding, reverse=True)
            pairs = min(pairs, exact + greatest[0] + greatest[1])
    return 0.25 * pairs + slack


def _provable(pipeline: Pipeline, head: LinearHead) -> _Path | None:
    """What bounds the rows of this pipeline; None where the argument above does not hold."""
    if head.link == "none" or (head.link == "modified_huber" and head.outputs > 1):
        return None
    path = _path(pipeline, 0)
    if path is None or any(part.norm is None for part in path.parts):
        return None
    return path if path.low >= 1e-100 and path.high <= 1e100 else None


def _path(pipeline: Pipeline, width: int) -> _Path | None:
    if isinstance(pipeline.front, Union):
        path = _side_by_side(pipeline.front.branches, 0)
    else:
        own = row_width(Pipeline(pipeline.front)) if pipeline.front is not None else width
        path = _Path([_Part(0, own, None)])
    for position, transform in enumerate(pipeline.transforms):
        if path is None:
            return None
        counts = position == 0 and pipeline.front is not None and not isinstance(pipeline.front, Union)
        path = _through(path, transform, counts=counts)
    return path


def _through(path: _Path, transform: Transform, *, counts: bool) -> _Path | None:
    """The path behind one more transform; None where it bounds nothing any more."""
    steps, parts, low, high = path.steps + 1, path.parts, path.low, path.high
    match transform:
        case SublinearTf():
            return _Path(parts, steps, low, high) if counts else None
        case Normalize(norm):
            whole = _Part(parts[0].start, parts[-1].stop, None if norm == "max" else norm)
            return _Path([whole], steps, low, high)
        case Idf(values) | Scale(values):
            small, large = _sizes(doubles(values))
            # An absent scale of 0 makes features 0 and no norm larger.
            scaled = [_Part(p.start, p.stop, p.norm, p.size * _greatest(values, p)) for p in parts]
            return _Path(scaled, steps, low * min(1.0, small), high * max(1.0, large))
        case Select(places):
            return _Path(list(_kept(parts, places)), steps, low, high)
        case Union(branches):
            # The whole row is handed to every branch; only a row that is handed on as it is keeps its bounds.
            if any(branch.transforms for branch in branches):
                return None
            width = parts[-1].stop
            copies = [
                _Part(p.start + i * width, p.stop + i * width, p.norm, p.size)
                for i in range(len(branches))
                for p in parts
            ]
            return _Path(copies, steps, low, high)
        case Binarize() | Svd():
            return None


def _side_by_side(branches: Sequence[Pipeline], width: int) -> _Path | None:
    together = _Path([])
    start = 0
    for branch in branches:
        path = _path(branch, width)
        if path is None:
            return None
        together.parts.extend(_Part(p.start + start, p.stop + start, p.norm, p.size) for p in path.parts)
        together.steps = max(together.steps, path.steps + 1)
        together.low, together.high = min(together.low, path.low), max(together.high, path.high)
        start += row_width(branch, width)
    return together


def _greatest(values: Sequence[float], part: _Part) -> float:
    if len(values) == 1:
        return abs(values[0])
    return _sizes(doubles(values[part.start : part.stop]))[1]


def _kept(parts: Sequence[_Part], places: Sequence[int]) -> Iterator[_Part]:
    start = 0
    for part in parts:
        stop = start + sum(place != LEFT_OUT for place in places[part.start : part.stop])
        yield _Part(start, stop, part.norm, part.size)
        start = stop


@cache
def _numpy() -> Any:
    """For work in bulk; under Pyodide there is none, and the standard library does the same."""
    try:
        import numpy
    except ImportError:
        return None
    return numpy


def _outside_range(coef: array[float]) -> float | None:
    """A coefficient other than 0 that float32 holds only as a subnormal or not at all."""
    greatest = max(coef, default=0.0)
    least = min(coef, default=0.0)
    for value in (greatest, least):
        if not abs(value) <= _LARGEST:
            return value
    if (np := _numpy()) is not None:
        sizes = np.abs(np.frombuffer(coef)) if coef else np.zeros(0)
        small = np.flatnonzero((sizes < _SMALLEST) & (sizes > 0.0))
        return coef[int(small[0])] if small.size else None
    return next((value for value in coef if -_SMALLEST < value < _SMALLEST and value != 0.0), None)


def _sizes(values: array[float]) -> tuple[float, float]:
    """The smallest and the largest absolute value of those that are not 0; 1 and 1 where there are none."""
    if values and (np := _numpy()) is not None:
        sizes = np.abs(np.frombuffer(values))
        sizes = sizes[sizes > 0.0]
        return (float(sizes.min()), float(sizes.max())) if sizes.size else (1.0, 1.0)
    found = [abs(value) for value in values if value]
    return min(found, default=1.0), max(found, default=1.0)


def _rounding_errors(column: array[float]) -> array[float]:
    """float32(w) − w of each weight, exact."""
    if (np := _numpy()) is None:
        return array("d", map(sub, array("f", column), column))
    wide = np.frombuffer(column)
    return array("d", (wide.astype(np.float32).astype(np.float64) - wide).tobytes())


def _dual_norm(values: array[float], parts: Sequence[_Part]) -> float:
    """The most that a row of these parts can make of the values; never too small."""
    return sum(part.size * _norm(values[part.start : part.stop], part.norm) for part in parts) * (1.0 + 1e-9)


def _norm(values: array[float], norm: Literal["l1", "l2"] | None) -> float:
    """‖values‖₂ against rows of l2 norm, max|value| against rows of l1 norm."""
    if norm == "l1":
        return max(max(values, default=0.0), -min(values, default=0.0))
    if values and (np := _numpy()) is not None:
        wide = np.frombuffer(values)
        # Squares of numbers that are not negative: n additions are off by n·u at most, their root by half.
        return math.sqrt(float(wide @ wide)) * (1.0 + 1e-9)
    return math.sqrt(math.fsum(map(mul, values, values))) * (1.0 + 1e-9)


def _greatest_pair(errors: list[array[float]], parts: Sequence[_Part]) -> float | None:
    """max over pairs of classes of the bound of the difference of their errors; None where that has no simple form.

    Parts of l2 norm are together one of l2 norm, whose size is the root of the sum of their squares.
    """
    if (np := _numpy()) is None or any(part.norm != "l2" for part in parts):
        return None
    table = np.array([np.frombuffer(error) for error in errors])
    gram = table @ table.T
    squares = np.diag(gram)[:, None] + np.diag(gram)[None, :] - 2.0 * gram
    # The subtraction cancels: its error is at most a few ulp of what it is taken from, for any order of summation.
    slack = 8.0 * (table.shape[1] + 8) * _UNIT * float(np.diag(gram).max())
    size = math.sqrt(math.fsum(part.size * part.size for part in parts))
    return size * math.sqrt(float(squares.max()) + slack) * (1.0 + 1e-9)
