"""Texts with their right labels, classified and measured by scikit-learn."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import TYPE_CHECKING, Any

from ..batch.columns import widths
from ..errors import InputError, WasmClfError
from ..model.shape import shape_of
from ..model.spec import Label, Model
from ..results import Explanation
from ..texts import check_texts, listed
from . import given
from .results import Calibration, ClassScores, Evaluation, Mistake, MultilabelEvaluation, MultioutputEvaluation

if TYPE_CHECKING:
    from ..classifier import Classifier

_BINS = 10


def evaluate(
    classifier: Classifier, texts: Any, labels: Iterable[Any], *, worst: int, n_jobs: int | None
) -> Evaluation | MultilabelEvaluation | MultioutputEvaluation:
    """See ``Classifier.evaluate``."""
    import importlib.util

    if importlib.util.find_spec("sklearn") is None:
        raise InputError("evaluate needs scikit-learn: pip install 'wasm_clf_widget[evaluate]'")
    model = classifier.model
    if isinstance(worst, bool) or not isinstance(worst, Integral) or worst < 0:
        raise InputError(f"worst={worst!r} is given, allowed are whole numbers from 0 on: how many mistakes to show")
    kept = check_texts(listed(texts))
    expected = _expected(model, labels)
    if len(kept) != len(expected):
        raise InputError(f"{len(kept):,} texts and {len(expected):,} labels are given: one label for each text")
    if not kept:
        raise InputError("no texts are given: one at least is needed")
    answered = _Answered(classifier, kept, n_jobs)
    if model.targets == "multilabel":
        return _multilabel(answered, expected, worst)
    if model.targets == "single":
        return _single(answered, expected, 0, model.name, worst)
    outputs = [
        _single(answered, expected[:, number], number, f"{model.name}, output {number}", worst)
        for number in range(len(model.class_sets))
    ]
    exact = float((answered.labels == expected).all(axis=1).mean())
    return MultioutputEvaluation(model.name, len(kept), exact, tuple(outputs))


def _expected(model: Model, labels: Any) -> Any:
    if model.targets == "multilabel":
        return given.multilabel(labels, model.classes)
    if model.targets == "multioutput":
        return given.outputs(labels, model.class_sets)
    return given.single(labels, model.classes)


class _Answered:
    """All answers, as arrays with a row for each text."""

    def __init__(self, classifier: Classifier, texts: list[str], n_jobs: int | None) -> None:
        import numpy as np

        self.classifier = classifier
        self.texts = texts
        shape = shape_of(classifier.model)
        batch, _ = classifier._batch(texts, n_jobs, "error")
        self.labels = np.asarray(batch.labels, np.intp).reshape(len(texts), shape.labels)
        self.scores = np.asarray(batch.scores, np.float64).reshape(len(texts), shape.scores)
        self.probabilities = None
        if batch.probabilities is not None:
            table = np.asarray(batch.probabilities, np.float64).reshape(len(texts), shape.probabilities)
            # Sums of rounded shares may lie an ulp above 1.
            self.probabilities = np.clip(table, 0.0, 1.0)

    def explained(self, i: int) -> Explanation | None:
        try:
            return self.classifier.explain(self.texts[i])
        except WasmClfError:
            return None  # a head that is no sum over features, or a text too long to explain


def _single(answered: _Answered, expected: Any, number: int, name: str, worst: int) -> Evaluation:
    """One output of a model (or its only one)."""
    import numpy as np
    from sklearn.metrics import accuracy_score, confusion_matrix

    model = answered.classifier.model
    classes = model.class_sets[number].values
    got = answered.labels[:, number]
    right = got == expected
    # Columns of this output among the probabilities or, without those, the scores.
    own_widths = widths(model)
    first = sum(own_widths[:number])
    table = answered.scores if answered.probabilities is None else answered.probabilities
    own = table[:, first : first + own_widths[number]]
    rows = np.arange(len(got))
    confidence = calibration = None
    if answered.probabilities is not None:
        confidence = own[rows, got]
        calibration = _calibration(right, confidence)
        ranking = confidence
    else:
        both = np.column_stack([-own, own]) if own.shape[1] == 1 else own
        ranking = both[rows, got] - both[rows, expected]
    wrong = np.flatnonzero(~right)
    wrong = wrong[np.argsort(-ranking[wrong], kind="stable")][:worst]
    # An explanation has a column for each class of all outputs.
    before = sum(len(classes.values) for classes in model.class_sets[:number])
    mistakes = tuple(
        Mistake(
            int(i),
            answered.texts[i],
            classes[expected[i]],
            classes[got[i]],
            classes[got[i]],
            None if confidence is None else float(confidence[i]),
            answered.explained(int(i)),
            before + int(got[i]),
        )
        for i in wrong
    )
    per_class, macro_f1 = _per_class(expected, got, classes, range(len(classes)))
    return Evaluation(
        name=name,
        count=len(got),
        classes=classes,
        accuracy=float(accuracy_score(expected, got)),
        baseline=float(np.bincount(expected).max() / len(expected)),
        macro_f1=macro_f1,
        per_class=per_class,
        confusion=confusion_matrix(expected, got, labels=range(len(classes))),
        calibration=calibration,
        worst=mistakes,
        _confidence=confidence,
        _right=right,
    )


def _multilabel(answered: _Answered, expected: Any, worst: int) -> MultilabelEvaluation:
    from sklearn.metrics import accuracy_score, f1_score, hamming_loss, multilabel_confusion_matrix

    classes = answered.classifier.model.classes
    got, p = answered.labels, answered.probabilities
    calibrations = None
    if p is not None:
        calibrations = tuple(_calibration(expected[:, k] == 1, p[:, k]) for k in range(len(classes)))
    per_class, macro_f1 = _per_class(expected, got, classes, None)
    return MultilabelEvaluation(
        name=answered.classifier.name,
        count=len(got),
        classes=classes,
        accuracy=float(accuracy_score(expected, got)),
        hamming=float(hamming_loss(expected, got)),
        micro_f1=float(f1_score(expected, got, average="micro", zero_division=0.0)),
        macro_f1=macro_f1,
        per_class=per_class,
        confusion=multilabel_confusion_matrix(expected, got, labels=range(len(classes))),
        calibrations=calibrations,
        worst=_worst_sets(answered, expected, worst),
        _probabilities=p,
        _expected=expected,
    )


def _worst_sets(answered: _Answered, expected: Any, count: int) -> tuple[Mistake, ...]:
    """The texts with the most confident error in one label."""
    import numpy as np

    classes = answered.classifier.model.classes
    got, p = answered.labels, answered.probabilities
    certain = np.abs(answered.scores) if p is None else np.where(got == 1, p, 1.0 - p)
    certain = np.where(got == expected, -np.inf, certain)
    most = certain.argmax(axis=1)
    texts = np.flatnonzero((got != expected).any(axis=1))
    texts = texts[np.argsort(-certain[texts, most[texts]], kind="stable")][:count]

    def of(row: Any) -> tuple[Label, ...]:
        return tuple(classes[k] for k in np.flatnonzero(row))

    return tuple(
        Mistake(
            int(i),
            answered.texts[i],
            of(expected[i]),
            of(got[i]),
            classes[most[i]],
            None if p is None else float(certain[i, most[i]]),
            answered.explained(int(i)),
            int(most[i]),
        )
        for i in texts
    )


def _per_class(expected: Any, got: Any, classes: tuple[Label, ...], labels: Any) -> tuple[tuple[ClassScores, ...], Any]:
    """Precision, recall, F1 and support of each class, and the mean of F1."""
    from sklearn.metrics import precision_recall_fscore_support

    columns = precision_recall_fscore_support(expected, got, labels=labels, average=None, zero_division=0.0)
    scores = tuple(
        ClassScores(label, float(p), float(r), float(f), int(s))
        for label, p, r, f, s in zip(classes, *columns, strict=True)
    )
    return scores, float(columns[2].mean())


def _calibration(right: Any, confidence: Any) -> Calibration:
    import numpy as np
    from sklearn.calibration import calibration_curve

    true, mean = calibration_curve(right, confidence, n_bins=_BINS)
    edges = np.linspace(0.0, 1.0, _BINS + 1)
    counts = np.bincount(np.searchsorted(edges[1:-1], confidence), minlength=_BINS)
    return Calibration(tuple(mean.tolist()), tuple(true.tolist()), tuple(counts[counts > 0].tolist()))
