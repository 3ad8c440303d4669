"""Classifiers made of classifiers: calibration, votes, one against the rest, one against one, several outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.svm import LinearSVC

from ...errors import UnsupportedPipelineError
from ...model.numbers import doubles
from ...model.spec import (
    CalibratedHead,
    CalibratedMember,
    Classes,
    ConstantHead,
    Head,
    Isotonic,
    LabelRule,
    MemberInput,
    MultiOutputHead,
    OneVsOneHead,
    OneVsRestHead,
    Pipeline,
    Sigmoid,
    VoteHead,
)
from .. import versions
from ..classes import convert_classes, count_classes
from ..job import Classified, Job, Row, below
from ..unfitted import refuse_unfitted
from .fuse import fused

MAX_MEMBERS: Final = 4_096
_METHODS: Final = ("sigmoid", "isotonic")


def convert_calibrated(job: Job, step: str, estimator: Any, row: Row | None) -> Classified | None:
    """One member a fold (or one at all), each perhaps a pipeline with a vocabulary of its own."""
    job.found.attempt(_check_method, step, estimator)
    pairs = _fitted(job, step, "estimator", estimator, "calibrated_classifiers_", row)
    classes = job.found.attempt(convert_classes, step, estimator.classes_)
    found = [job.member(below(step, "estimator"), pair.estimator, row) for pair in pairs]
    members = []
    for pair, member in zip(pairs, found, strict=True):
        if member is not None and classes is not None and pair.method in _METHODS:
            _check_member(step, member, classes)
            members.append(CalibratedMember(member.pipeline, _input(pair.estimator), _calibration(step, pair)))
    if classes is None or len(members) < len(pairs):
        return None
    return Classified(Pipeline(None, (), CalibratedHead(tuple(members))), (classes,), decision=False)


def _check_method(step: str, estimator: Any) -> None:
    if estimator.method not in _METHODS:
        raise UnsupportedPipelineError(
            step,
            "method",
            f"method={estimator.method!r} scales all scores by one temperature, which is no stage of a model file",
            "method='sigmoid' or 'isotonic', and fit again",
            edit={"method": "sigmoid"},
        )


def _calibration(step: str, pair: Any) -> Sigmoid | Isotonic:
    if pair.method == "sigmoid":
        slope, offset = zip(*((float(c.a_), float(c.b_)) for c in pair.calibrators), strict=True)
        return Sigmoid(doubles(slope), doubles(offset))
    knots, x, y = [0], [], []
    for calibrator in pair.calibrators:
        x.extend(np.asarray(calibrator.X_thresholds_, dtype=np.float64).tolist())
        y.extend(np.asarray(calibrator.y_thresholds_, dtype=np.float64).tolist())
        knots.append(len(x))
    return Isotonic(doubles(x), doubles(y), knots)


def convert_vote(job: Job, step: str, estimator: Any, row: Row | None) -> Classified | None:
    """Soft: the weighted mean of probabilities. Hard: the weighted votes. Members were fitted on class numbers."""
    given = [(name, member) for name, member in estimator.estimators if not isinstance(member, str)]
    names = [name for name, _ in given]
    sources = getattr(estimator, "estimators_", [member for _, member in given])
    members = [job.member(below(step, name), member, row) for name, member in zip(names, sources, strict=True)]
    job.found.attempt(_check_voting, step, estimator, dict(zip(names, sources, strict=True)))
    if not hasattr(estimator, "estimators_"):
        raise refuse_unfitted(step, estimator)
    classes = job.found.attempt(convert_classes, step, estimator.classes_)
    chosen = [member for member in members if member is not None]
    if classes is None or len(chosen) < len(members):
        return None
    for member in chosen:
        _check_member(step, member, count_classes(len(classes.values)))
    weights = estimator._weights_not_none
    head = VoteHead(
        voting="soft" if estimator.voting == "soft" else "hard",
        members=tuple(member.pipeline for member in chosen),
        weights=None if weights is None else doubles([float(weight) for weight in weights]),
    )
    return Classified(Pipeline(None, (), head), (classes,), decision=False)


def _check_voting(step: str, estimator: Any, members: Mapping[str, Any]) -> None:
    without = next((name for name, member in members.items() if not hasattr(member, "predict_proba")), None)
    if estimator.voting == "soft" and without is not None:
        raise UnsupportedPipelineError(
            step,
            "voting",
            f"voting='soft' needs probabilities, and {without!r} has none (scikit-learn cannot answer either)",
            f"voting='hard', or CalibratedClassifierCV around {without!r}, and fit again",
            edit={"voting": "hard"},
        )


def convert_one_vs_rest(job: Job, step: str, estimator: Any, row: Row | None) -> Classified | None:
    """A member a class; linear ones become one table of weights."""
    fitted = _fitted(job, step, "estimator", estimator, "estimators_", row)
    multilabel = bool(estimator.multilabel_)
    classes = (
        count_classes(len(fitted))
        if multilabel and not len(estimator.classes_)
        else job.found.attempt(convert_classes, step, estimator.classes_, fewest=1 if multilabel else 2)
    )
    members = _binary_members(job, step, fitted, row)
    if members is None or classes is None:
        return None
    constant = [_is_constant(member) for member in fitted]
    inputs = {_input(source) for source, fixed in zip(fitted, constant, strict=True) if not fixed} or {"probability"}
    if len(inputs) > 1 or (constant[0] and inputs == {"decision"}):
        raise UnsupportedPipelineError(
            step,
            type(estimator).__name__,
            "the first label was the same in all training texts: scikit-learn then compares every score with 0.5",
            "labels that each occur and are each missing somewhere, and fit again",
        )
    decision: MemberInput = "decision" if "decision" in inputs else "probability"
    label: LabelRule = "argmax" if versions.installed() >= (1, 8) else "argmax_last"
    if multilabel:
        label = "each"
    elif len(members) == 1:
        label = "sign"
    pipelines = tuple(member.pipeline for member in members)
    head: Head | None = fused(pipelines, label) if decision == "decision" else None
    if head is None:
        head = OneVsRestHead(pipelines, decision, label, divide=not multilabel)
    return Classified(
        Pipeline(None, (), head),
        (classes,),
        targets="multilabel" if multilabel else "single",
        decision=decision == "decision",
    )


def convert_one_vs_one(job: Job, step: str, estimator: Any, row: Row | None) -> Classified | None:
    """A member for each pair of classes."""
    fitted = _fitted(job, step, "estimator", estimator, "estimators_", row)
    classes = job.found.attempt(convert_classes, step, estimator.classes_)
    members = _binary_members(job, step, fitted, row)
    if members is None or classes is None:
        return None
    head = OneVsOneHead(len(classes.values), tuple(member.pipeline for member in members), _input(fitted[0]))
    return Classified(Pipeline(None, (), head), (classes,))


def convert_outputs(job: Job, step: str, estimator: Any, row: Row | None) -> Classified | None:
    """A member an output."""
    fitted = _fitted(job, step, "estimator", estimator, "estimators_", row)
    members = [job.member(below(step, "estimator"), member, row) for member in fitted]
    chosen = [member for member in members if member is not None]
    if len(chosen) < len(members):
        return None
    if any(member.targets != "single" for member in chosen):
        raise UnsupportedPipelineError(
            step, "estimator", "an output that itself has several labels is not known", "one label an output"
        )
    head = MultiOutputHead(tuple(member.pipeline for member in chosen))
    return Classified(
        Pipeline(None, (), head),
        tuple(classes for member in chosen for classes in member.class_sets),
        targets="multioutput",
        decision=all(member.decision for member in chosen),
    )


def _fitted(job: Job, step: str, template: str, estimator: Any, name: str, row: Row | None) -> Sequence[Any]:
    """The fitted members. Where there are none the template is looked at, so that a check sees all of it."""
    # Empty where fitting ended in an error.
    if not getattr(estimator, name, ()):
        inner = getattr(estimator, template)
        # What a CalibratedClassifierCV fits without one; the others need one.
        job.member(below(step, template), LinearSVC() if inner is None else inner, row)
        raise refuse_unfitted(step, estimator)
    fitted: Sequence[Any] = getattr(estimator, name)
    _check_count(step, len(fitted))
    return fitted


def _check_count(step: str, count: int) -> None:
    if count > MAX_MEMBERS:
        raise UnsupportedPipelineError(
            step,
            "estimators_",
            f"there are {count:,} classifiers within it; a model file holds {MAX_MEMBERS:,}",
            "a classifier that takes all classes at once, such as LogisticRegression()",
        )


def _is_constant(estimator: Any) -> bool:
    return type(estimator).__name__ == "_ConstantPredictor"


def _binary_members(job: Job, step: str, fitted: Sequence[Any], row: Row | None) -> list[Classified] | None:
    """Classifiers of the classes 0 and 1; those that saw one label only are constants."""
    # All of them, also behind one that is refused: what is learned differs.
    found = [_binary_member(job, step, estimator, row) for estimator in fitted]
    members = [member for member in found if member is not None]
    for member in members:
        _check_member(step, member, count_classes(2))
    return members if len(members) == len(found) else None


def _binary_member(job: Job, step: str, estimator: Any, row: Row | None) -> Classified | None:
    if not _is_constant(estimator):
        return job.member(below(step, "estimator"), estimator, row)
    y = int(np.ravel(estimator.y_)[0])
    head = ConstantHead(doubles([1.0 - y, float(y)]), [y])
    return Classified(Pipeline(None, (), head), (count_classes(2),), decision=False)


def _check_member(step: str, member: Classified, classes: Classes) -> None:
    """Members choose from the very classes of the whole; a fold without one of them would not."""
    if member.targets != "single" or member.class_sets != (classes,):
        found = [list(one.values)[:8] for one in member.class_sets]
        raise UnsupportedPipelineError(
            step,
            "classes_",
            f"a classifier within it knows the classes {found}, the whole {list(classes.values)[:8]}",
            "training texts of every class in every fold, and fit again",
        )


def _input(source: Any) -> MemberInput:
    """Decision scores come first, as scikit-learn asks."""
    return "decision" if hasattr(source, "decision_function") else "probability"


META: Final = {
    CalibratedClassifierCV: convert_calibrated,
    VotingClassifier: convert_vote,
    OneVsRestClassifier: convert_one_vs_rest,
    OneVsOneClassifier: convert_one_vs_one,
    MultiOutputClassifier: convert_outputs,
}
