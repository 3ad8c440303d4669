"""Classifiers made of classifiers: calibration, votes, one against the rest, one against one, several outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier

from ...errors import UnsupportedPipelineError
from ...model.numbers import doubles
from ...model.shape import head_shape
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


def convert_calibrated(job: Job, step: str, estimator: Any, row: Row | None) -> Classified | None:
    """One member a fold (or one at all), each perhaps a pipeline with a vocabulary of its own."""
    if estimator.method not in ("sigmoid", "isotonic"):
        raise UnsupportedPipelineError(
            step,
            "method",
            f"method={estimator.method!r} scales all scores by one temperature, which is no stage of a model file",
            "method='sigmoid' or 'isotonic', and fit again",
            edit={"method": "sigmoid"},
        )
    pairs = _fitted(job, step, "estimator", estimator, "calibrated_classifiers_", row)
    if pairs is None:
        return None
    classes = convert_classes(step, estimator.classes_)
    members = []
    for pair in pairs:
        member = job.member(below(step, "estimator"), pair.estimator, row)
        if member is None:
            return None
        _check_member(step, member, classes)
        members.append(CalibratedMember(member.pipeline, _input(pair.estimator), _calibration(step, pair)))
    return Classified(Pipeline(None, (), CalibratedHead(tuple(members))), (classes,), decision=False)


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
    if not hasattr(estimator, "estimators_"):
        for name, member in estimator.estimators:
            if not isinstance(member, str):
                job.member(below(step, name), member, row)
        raise refuse_unfitted(step, estimator)
    classes = convert_classes(step, estimator.classes_)
    numbers = count_classes(len(classes.values))
    names = [name for name, member in estimator.estimators if not isinstance(member, str)]
    members = [
        job.member(below(step, name), member, row) for name, member in zip(names, estimator.estimators_, strict=True)
    ]
    chosen = [member for member in members if member is not None]
    if len(chosen) < len(members):
        return None
    for name, member in zip(names, chosen, strict=True):
        _check_member(step, member, numbers)
        assert member.pipeline.head is not None
        if estimator.voting == "soft" and head_shape(member.pipeline.head).probabilities == 0:
            raise UnsupportedPipelineError(
                step,
                "voting",
                f"voting='soft' needs probabilities, and {name!r} has none (scikit-learn cannot answer either)",
                f"voting='hard', or CalibratedClassifierCV around {name!r}, and fit again",
                edit={"voting": "hard"},
            )
    weights = estimator._weights_not_none
    head = VoteHead(
        voting="soft" if estimator.voting == "soft" else "hard",
        members=tuple(member.pipeline for member in chosen),
        weights=None if weights is None else doubles([float(weight) for weight in weights]),
    )
    return Classified(Pipeline(None, (), head), (classes,), decision=False)


def convert_one_vs_rest(job: Job, step: str, estimator: Any, row: Row | None) -> Classified | None:
    """A member a class; linear ones become one table of weights."""
    fitted = _fitted(job, step, "estimator", estimator, "estimators_", row)
    if fitted is None:
        return None
    multilabel = bool(estimator.multilabel_)
    classes = (
        count_classes(len(fitted))
        if multilabel and not len(estimator.classes_)
        else convert_classes(step, estimator.classes_, fewest=1 if multilabel else 2)
    )
    members = _binary_members(job, step, fitted, row)
    if members is None:
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
    if fitted is None:
        return None
    classes = convert_classes(step, estimator.classes_)
    _check_count(step, len(fitted))
    members = _binary_members(job, step, fitted, row)
    if members is None:
        return None
    head = OneVsOneHead(len(classes.values), tuple(member.pipeline for member in members), _input(fitted[0]))
    return Classified(Pipeline(None, (), head), (classes,))


def convert_outputs(job: Job, step: str, estimator: Any, row: Row | None) -> Classified | None:
    """A member an output."""
    fitted = _fitted(job, step, "estimator", estimator, "estimators_", row)
    if fitted is None:
        return None
    _check_count(step, len(fitted))
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


def _fitted(job: Job, step: str, template: str, estimator: Any, name: str, row: Row | None) -> Sequence[Any] | None:
    """The fitted members. Where there are none the template is looked at, so that a check sees all of it."""
    # Empty where fitting ended in an error.
    if not getattr(estimator, name, ()):
        if (inner := getattr(estimator, template)) is not None:
            job.member(below(step, template), inner, row)
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
    result = []
    for estimator in fitted:
        member: Classified | None
        if _is_constant(estimator):
            y = int(np.ravel(estimator.y_)[0])
            head = ConstantHead(doubles([1.0 - y, float(y)]), [y])
            member = Classified(Pipeline(None, (), head), (count_classes(2),), decision=False)
        else:
            member = job.member(below(step, "estimator"), estimator, row)
        if member is None:
            return None
        _check_member(step, member, count_classes(2))
        result.append(member)
    return result


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
