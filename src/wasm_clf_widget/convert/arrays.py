"""Fitted arrays, checked: of a type whose numbers are exact here, finite, of the right shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import sparse

from ..errors import UnsupportedPipelineError
from ..model.limits import MAX_WEIGHTS

Matrix = np.ndarray[Any, np.dtype[np.float64]]


def matrix(step: str, name: str, values: Any) -> Matrix:
    """Two dimensions of float64; L1 models may be sparse."""
    # Skipping the zeros of a sparsify()d model changes no bit of a sum that starts at 0.0.
    dense = values.toarray() if sparse.issparse(values) else np.asarray(values)
    _check_type(step, name, dense)
    return np.atleast_2d(dense).astype(np.float64, copy=False)


def vector(step: str, name: str, values: Any, size: int) -> Matrix:
    """``size`` numbers of float64, or one for all (fit_intercept=False leaves a plain 0.0 in some)."""
    array = np.asarray(values)
    _check_type(step, name, array)
    if array.size not in (1, size):
        raise UnsupportedPipelineError(
            step, name, f"it has {array.size:,} numbers for {size:,} scores", "fit the pipeline again"
        )
    return np.broadcast_to(array.astype(np.float64).ravel(), (size,))


def check_shape(step: str, name: str, found: tuple[int, ...], wanted: tuple[int, int | None], n_classes: int) -> None:
    """(scores, features) of weights; more than a file holds is refused as well."""
    rows, columns = wanted[0], found[-1] if wanted[1] is None else wanted[1]
    if found != (rows, columns):
        raise UnsupportedPipelineError(
            step,
            name,
            f"its shape is {found}; {n_classes} classes, {columns:,} features need {(rows, columns)}",
            "fit the whole pipeline again: its steps were fitted on different data",
        )
    if rows * columns > MAX_WEIGHTS:
        raise UnsupportedPipelineError(
            step,
            name,
            f"{columns:,} features × {rows:,} scores are {rows * columns:,} weights; at most {MAX_WEIGHTS:,} are held",
            "fewer features (max_features=, n_features=), and fit again",
        )


def check_finite(
    step: str, name: str, values: Any, advice: str = "a fit that converges", *, edit: Mapping[str, Any] | None = None
) -> None:
    """NaN and infinite weights answer nothing."""
    finite = np.isfinite(values)
    if not finite.all():
        bad = values.size - np.count_nonzero(finite)
        raise UnsupportedPipelineError(
            step, name, f"{bad:,} of {values.size:,} numbers are infinite or NaN", advice, edit=edit
        )


def _check_type(step: str, name: str, values: Any) -> None:
    # float32 weights on float64 features are widened by numpy before they are multiplied: exact. Wider ones are not.
    if values.dtype not in (np.float64, np.float32):
        raise UnsupportedPipelineError(step, name, f"its numbers are of type {values.dtype}", "float64, and fit again")
