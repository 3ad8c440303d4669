"""Classifiers with a threshold of their own.

It asks whether score ≥ threshold; a model file knows score > 0 and score ≥ 0. So decision scores compared with
0 are converted, and any other threshold is refused, with the classifier within as the way out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from sklearn.exceptions import NotFittedError
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.utils.validation import check_is_fitted

from ...errors import UnsupportedPipelineError
from ...model.spec import LabelRule, LinearHead
from ..job import Classified, Job, Row, below
from ..unfitted import refuse_unfitted


def convert_threshold(job: Job, step: str, estimator: Any, row: Row | None) -> Classified | None:
    """The classifier within it, whose label rule becomes ≥ where the threshold is 0."""
    inner = _fitted(estimator)
    member = job.member(below(step, "estimator"), estimator.estimator if inner is None else inner, row)
    if inner is None:
        if isinstance(estimator, FixedThresholdClassifier):
            job.found.attempt(_check_zero, step, estimator, estimator.estimator)
        raise refuse_unfitted(step, estimator)
    _check_zero(step, estimator, inner)
    if member is None:
        return None
    head = member.pipeline.head
    if not (isinstance(head, LinearHead) and head.outputs == 1 and head.label == "sign"):
        raise _refusal(step, estimator, inner)
    # Of the first class the source compares −score: what is above 0 is left for the second, as ever.
    rule: LabelRule = "sign_or_zero" if _rule(estimator, inner)[2] == 1 else "sign"
    return replace(member, pipeline=replace(member.pipeline, head=replace(head, label=rule)))


def _check_zero(step: str, estimator: Any, inner: Any) -> None:
    method, threshold, _ = _rule(estimator, inner)
    if method != "decision_function" or threshold != 0.0:
        raise _refusal(step, estimator, inner)


def _refusal(step: str, estimator: Any, inner: Any) -> UnsupportedPipelineError:
    method, threshold, positive = _rule(estimator, inner)
    answer = repr(inner.classes_.tolist()[positive]) if hasattr(inner, "classes_") else "one of two classes"
    asked = f"{method}(texts)" + ("" if method == "decision_function" else f"[:, {positive}]")
    sign = "-" if method == "decision_function" and positive == 0 else ""
    return UnsupportedPipelineError(
        step,
        "threshold" if isinstance(estimator, FixedThresholdClassifier) else "best_threshold_",
        f"it answers {answer} where {sign}{method} is at least {threshold!r}; a model "
        "file knows decision scores compared with 0 and probabilities by the largest, no other threshold",
        f"the classifier within it, whose answers are the same numbers, and the comparison in your own code: "
        f"{sign}classifier.{asked} >= {threshold!r}",
        edit={"": estimator.estimator},
    )


def _fitted(estimator: Any) -> Any | None:
    """The classifier that answers: fitted by the wrapper, or before it."""
    inner = getattr(estimator, "estimator_", None)
    if inner is None and isinstance(estimator, FixedThresholdClassifier):
        try:
            check_is_fitted(estimator.estimator)
        except NotFittedError:
            return None
        inner = estimator.estimator
    return inner


def _rule(estimator: Any, inner: Any) -> tuple[str, float, int]:
    """What is compared, with what, and for which of the two classes."""
    method = estimator.response_method
    if method == "auto":
        method = "predict_proba" if hasattr(inner, "predict_proba") else "decision_function"
    if isinstance(estimator, TunedThresholdClassifierCV):
        threshold, label = estimator.best_threshold_, estimator._curve_scorer._get_pos_label()
    else:
        threshold, label = estimator.threshold, estimator.pos_label
    if isinstance(threshold, str):  # "auto"
        threshold = 0.5 if method == "predict_proba" else 0.0
    # Before fitting nobody knows at which place a class will stand.
    positive = 1 if label is None or not hasattr(inner, "classes_") else list(inner.classes_).index(label)
    return method, float(threshold), positive


THRESHOLDS: Final = (FixedThresholdClassifier, TunedThresholdClassifierCV)
