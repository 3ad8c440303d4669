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
    if inner is None:
        job.member(below(step, "estimator"), estimator.estimator, row)
        raise refuse_unfitted(step, estimator)
    member = job.member(below(step, "estimator"), inner, row)
    if member is None:
        return None
    method, threshold, positive = _rule(estimator, inner)
    head = member.pipeline.head
    plain = isinstance(head, LinearHead) and head.outputs == 1 and head.label == "sign"
    if method == "decision_function" and threshold == 0.0 and plain:
        # Of the first class the source compares −score: what is above 0 is left for the second, as ever.
        assert isinstance(head, LinearHead)
        rule: LabelRule = "sign_or_zero" if positive == 1 else "sign"
        return replace(member, pipeline=replace(member.pipeline, head=replace(head, label=rule)))
    asked = f"{method}(texts)" + ("" if method == "decision_function" else f"[:, {positive}]")
    sign = "-" if method == "decision_function" and positive == 0 else ""
    raise UnsupportedPipelineError(
        step,
        "threshold" if isinstance(estimator, FixedThresholdClassifier) else "best_threshold_",
        f"it answers {inner.classes_.tolist()[positive]!r} where {sign}{method} is at least {threshold!r}; a model "
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
    positive = 1 if label is None else list(inner.classes_).index(label)
    return method, float(threshold), positive


THRESHOLDS: Final = (FixedThresholdClassifier, TunedThresholdClassifierCV)
