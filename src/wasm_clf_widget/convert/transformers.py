"""Steps from a row of features to another one, as transforms of the model file."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.feature_selection import (
    RFE,
    RFECV,
    GenericUnivariateSelect,
    SelectFdr,
    SelectFpr,
    SelectFromModel,
    SelectFwe,
    SelectKBest,
    SelectPercentile,
    SequentialFeatureSelector,
    VarianceThreshold,
)
from sklearn.preprocessing import Binarizer, MaxAbsScaler, Normalizer, StandardScaler
from sklearn.utils.validation import check_is_fitted

from ..errors import UnsupportedPipelineError
from ..model.limits import MAX_WEIGHTS
from ..model.numbers import doubles
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
)
from .findings import Findings
from .job import Row
from .unfitted import refuse_unfitted

_AGAIN: Final = "fit the whole pipeline again: its steps were fitted on different data"


def convert_transformer(found: Findings, step: str, estimator: Any, row: Row) -> tuple[list[Transform], Row]:
    """The transforms of one step, in the order in which they are applied, and the row behind them.

    Options that are in the way are noted in ``found`` and left out.
    """
    transforms = TRANSFORMERS[type(estimator)](found, step, estimator, row)
    for transform in transforms:
        if isinstance(transform, Select):
            row = Row(transform.n_features, row.dense)
        elif isinstance(transform, Svd):
            row = Row(transform.n_features, dense=True)
    return transforms, row


def norm_of(step: str, norm: Any) -> list[Transform]:
    """The norm as a transform; none for None."""
    if norm is None:
        return []
    names: tuple[Norm, ...] = ("l1", "l2", "max")
    for name in names:
        if norm == name:
            return [Normalize(name)]
    raise UnsupportedPipelineError(
        step, "norm", f"{norm!r} is not a norm", "'l1', 'l2', 'max' (Normalizer) or None", edit={"norm": "l2"}
    )


def tfidf(found: Findings, step: str, estimator: Any, n_features: int | None) -> list[Transform]:
    """TfidfTransformer, alone or within a TfidfVectorizer."""
    found.attempt(_check_fitted, step, estimator)
    transforms: list[Transform] = [SublinearTf()] if estimator.sublinear_tf else []
    # scikit-learn multiplies where there is an idf_, whatever use_idf says by now.
    if hasattr(estimator, "idf_"):
        transforms += found.attempt(_idf, step, estimator, n_features) or []
    return transforms + (found.attempt(norm_of, step, estimator.norm) or [])


def _idf(step: str, estimator: Any, n_features: int | None) -> list[Transform]:
    idf = np.asarray(estimator.idf_, dtype=np.float64).ravel()
    _check_width(step, "idf_", idf.size, n_features)
    if not np.isfinite(idf).all():
        raise UnsupportedPipelineError(
            step,
            "smooth_idf",
            f"{np.count_nonzero(~np.isfinite(idf)):,} of {idf.size:,} idf weights are infinite or NaN (features "
            "that no training text holds): scikit-learn itself raises on a text with such a feature",
            "smooth_idf=True, and fit again",
            edit={"smooth_idf": True},
        )
    return [Idf(doubles(idf))]


def _tfidf(found: Findings, step: str, estimator: Any, row: Row) -> list[Transform]:
    found.attempt(_refuse_dense, step, estimator, row)
    return tfidf(found, step, estimator, row.n_features)


def _normalizer(found: Findings, step: str, estimator: Any, row: Row) -> list[Transform]:
    return norm_of(step, estimator.norm)


def _binarizer(found: Findings, step: str, estimator: Any, row: Row) -> list[Transform]:
    return [binarize(step, "threshold", estimator.threshold)]


def binarize(step: str, option: str, threshold: Any) -> Binarize:
    """A threshold below 0 would make features of all that is absent: scikit-learn refuses it on sparse rows too."""
    value = float(threshold)
    if not 0.0 <= value < float("inf"):
        raise UnsupportedPipelineError(
            step, option, f"the threshold {value} would turn absent features on", f"{option}=0.0", edit={option: 0.0}
        )
    return Binarize(value)


def _selection(found: Findings, step: str, estimator: Any, row: Row) -> list[Transform]:
    try:
        mask = np.asarray(estimator.get_support())
    except (NotFittedError, AttributeError):
        raise refuse_unfitted(step, estimator) from None
    _check_width(step, "get_support()", mask.size, row.n_features)
    kept = int(np.count_nonzero(mask))
    if kept == 0:
        raise UnsupportedPipelineError(
            step, type(estimator).__name__, "it keeps no feature at all", "a setting that keeps some, and fit again"
        )
    places = np.full(mask.size, LEFT_OUT, dtype=np.uint32)
    places[mask] = np.arange(kept, dtype=np.uint32)
    return [Select(array("I", places.tobytes()), kept)]


def _max_abs(found: Findings, step: str, estimator: Any, row: Row) -> list[Transform]:
    found.attempt(_check_clip, step, estimator)
    if not hasattr(estimator, "scale_"):
        raise refuse_unfitted(step, estimator)
    return [_scale(step, "scale_", estimator.scale_, row)]


def _check_clip(step: str, estimator: Any) -> None:
    if getattr(estimator, "clip", False):
        raise UnsupportedPipelineError(
            step, "clip", "clipping features is no stage of a model file", "clip=False", edit={"clip": False}
        )


def _standard(found: Findings, step: str, estimator: Any, row: Row) -> list[Transform]:
    found.attempt(_check_mean, step, estimator, row)
    if not hasattr(estimator, "scale_"):
        raise refuse_unfitted(step, estimator)
    return [] if estimator.scale_ is None else [_scale(step, "scale_", estimator.scale_, row)]


def _check_mean(step: str, estimator: Any, row: Row) -> None:
    if estimator.with_mean:
        filled = "a shift of every feature would fill each text's row with all features"
        raise UnsupportedPipelineError(
            step,
            "with_mean",
            "a model file has no stage that subtracts means" if row.dense else filled,
            "with_mean=False, or leave this step out, and fit again",
            edit={"with_mean": False},
        )


def _scale(step: str, name: str, scale: Any, row: Row) -> Scale:
    values = np.asarray(scale, dtype=np.float64).ravel()
    _check_width(step, name, values.size, row.n_features)
    # Sparse rows are multiplied by the reciprocal, dense ones divided: within the bound of dense rows that is the same.
    inverse = 1.0 / values
    if not np.isfinite(inverse).all():
        raise UnsupportedPipelineError(
            step,
            name,
            "the reciprocal of a scale is not finite",
            "leave this step out, and fit again",
            edit={"": "passthrough"},
        )
    return Scale(doubles(inverse))


def _svd(found: Findings, step: str, estimator: Any, row: Row) -> list[Transform]:
    if not hasattr(estimator, "components_"):
        raise refuse_unfitted(step, estimator)
    components = np.asarray(estimator.components_, dtype=np.float64)
    _check_width(step, "components_", components.shape[1], row.n_features)
    if components.size > MAX_WEIGHTS:
        raise UnsupportedPipelineError(
            step,
            "n_components",
            f"{components.shape[0]:,} components × {components.shape[1]:,} features are {components.size:,} numbers; "
            f"at most {MAX_WEIGHTS:,} are held",
            "fewer components or features, and fit again",
            edit={"n_components": max(2, MAX_WEIGHTS // components.shape[1])},
        )
    if not np.isfinite(components).all():
        raise UnsupportedPipelineError(step, "components_", "some numbers are infinite or NaN", "fit again")
    return [Svd(doubles(np.ascontiguousarray(components.T)), components.shape[0])]


def _refuse_dense(step: str, estimator: Any, row: Row) -> None:
    if row.dense:
        kind = type(estimator).__name__
        raise UnsupportedPipelineError(
            step,
            kind,
            f"{kind} behind TruncatedSVD works on rows in which every entry counts",
            f"{kind} before the TruncatedSVD",
        )


def _check_fitted(step: str, estimator: Any) -> None:
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        raise refuse_unfitted(step, estimator) from None


def _check_width(step: str, name: str, found: int, n_features: int | None) -> None:
    if n_features is not None and found != n_features:
        raise UnsupportedPipelineError(step, name, f"it has {found:,} weights for {n_features:,} features", _AGAIN)


_SELECTIONS: Final = (
    SelectKBest,
    SelectPercentile,
    SelectFromModel,
    VarianceThreshold,
    GenericUnivariateSelect,
    SelectFpr,
    SelectFdr,
    SelectFwe,
    RFE,
    RFECV,
    SequentialFeatureSelector,
)
TRANSFORMERS: Final[dict[type, Callable[[Findings, str, Any, Row], list[Transform]]]] = {
    TfidfTransformer: _tfidf,
    Normalizer: _normalizer,
    MaxAbsScaler: _max_abs,
    StandardScaler: _standard,
    Binarizer: _binarizer,
    TruncatedSVD: _svd,
    **dict.fromkeys(_SELECTIONS, _selection),
}
