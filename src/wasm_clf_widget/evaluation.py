"""``clf.evaluate``: how good a classifier is on labelled texts. The measures and their pictures are scikit-learn's."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import InputError
from .model.spec import Label
from .results import Explanation
from .texts import check_texts

if TYPE_CHECKING:
    from .classifier import Classifier

_BINS = 10
_SHOWN_SPANS = 5


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Of one class. Where it was never predicted (or never occurs) precision (or recall) is 0."""

    label: Label
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Of texts whose confidence lies in a tenth, the mean confidence, the share that is right, and their number."""

    confidence: tuple[float, ...]
    accuracy: tuple[float, ...]
    count: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A text with another label than expected. ``explanation`` is None where the model cannot be explained."""

    index: int
    text: str
    expected: Label
    got: Label
    confidence: float | None
    explanation: Explanation | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What ``clf.evaluate`` found. In a notebook it shows itself with plots.

    ``confusion[i, j]`` counts texts of class i that were called j, in the order of ``classes``; ``calibration`` is None
    where the model has no probabilities. ``worst`` are the mistakes made with the most confidence, the worst first.
    """

    name: str
    count: int
    classes: tuple[Label, ...]
    accuracy: float
    per_class: tuple[ClassScores, ...]
    confusion: Any
    calibration: Calibration | None
    worst: tuple[Mistake, ...]
    _confidence: Any = field(repr=False)
    _right: Any = field(repr=False)

    def plot(self) -> Any:
        """A matplotlib Figure: confusion, reliability, and how confident right and wrong answers are."""
        try:
            from matplotlib.figure import Figure
        except ImportError:
            raise InputError("plots need matplotlib: pip install 'wasm_clf_widget[evaluate]'") from None
        from sklearn.metrics import ConfusionMatrixDisplay

        figure = Figure(figsize=(13 if self.calibration else 5, 4), layout="constrained")
        axes = figure.subplots(1, 3 if self.calibration else 1, squeeze=False)[0]
        shown = ConfusionMatrixDisplay(self.confusion, display_labels=self.classes)
        many = len(self.classes) > 6
        shown.plot(
            ax=axes[0], cmap="Blues", colorbar=False, include_values=len(self.classes) <= 12,
            xticks_rotation="vertical" if many else "horizontal",
        )  # fmt: skip
        axes[0].set_title(f"Confusion, accuracy {self.accuracy:.3f}")
        if self.calibration:
            self._plot_reliability(axes[1])
            self._plot_confidence(axes[2])
        return figure

    def _plot_reliability(self, axis: Any) -> None:
        from sklearn.calibration import CalibrationDisplay

        assert self.calibration is not None
        CalibrationDisplay(self.calibration.accuracy, self.calibration.confidence, self._confidence).plot(ax=axis)
        axis.set(xlabel="Mean confidence", ylabel="Share that is right", title="Reliability")

    def _plot_confidence(self, axis: Any) -> None:
        low = min(0.5, float(self._confidence.min()))
        values = [self._confidence[self._right], self._confidence[~self._right]]
        # Hatching beside the colours: they are to be told apart in grey as well.
        axis.hist(values, 20, range=(low, 1.0), stacked=True, label=["right", "wrong"], color=["#2166ac", "#f4a582"])
        for patch in axis.containers[1]:
            patch.set_hatch("//")
        axis.set(xlabel="Confidence", ylabel="Texts", title="Confidence")
        axis.legend()

    def _repr_html_(self) -> str:
        picture = ""
        try:
            buffer = io.BytesIO()
            self.plot().savefig(buffer, format="png", dpi=90)
            data = base64.b64encode(buffer.getvalue()).decode()
            picture = f'<img alt="Confusion, reliability and confidence" src="data:image/png;base64,{data}">'
        except InputError as error:
            picture = f"<p>{html.escape(str(error))}</p>"
        head = f"<b>{html.escape(self.name)}</b>: accuracy {self.accuracy:.3f} on {self.count:,} texts"
        return f"<div>{head}{_table(self.per_class)}{picture}{_mistakes(self.worst)}</div>"


def evaluate(
    classifier: Classifier, texts: Iterable[str], labels: Iterable[Label], *, worst: int, n_jobs: int | None
) -> Evaluation:
    """See ``Classifier.evaluate``."""
    try:
        from sklearn.calibration import calibration_curve
        from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support
    except ImportError:
        raise InputError("evaluate needs scikit-learn: pip install 'wasm_clf_widget[evaluate]'") from None
    import numpy as np

    model = classifier.model
    if model.targets != "single":
        raise InputError(
            f"evaluate is for models with one label a text, {model.name!r} has {model.targets}: "
            "give predict's answers to scikit-learn's multilabel measures"
        )
    kept = check_texts(texts.to_pylist() if hasattr(texts, "to_pylist") else texts)
    expected = _indices(labels, model.classes)
    if len(kept) != len(expected):
        raise InputError(f"{len(kept):,} texts and {len(expected):,} labels are given: one label for each text")
    if not kept:
        raise InputError("no texts are given: one at least is needed")
    batch, _ = classifier._batch(kept, n_jobs, "error")
    got = np.asarray(batch.labels, np.intp)
    right = got == expected
    confidence, calibration = None, None
    if batch.probabilities is not None:
        p = np.asarray(batch.probabilities, np.float64).reshape(len(kept), -1)
        confidence = p[np.arange(len(kept)), got]
        true, mean = calibration_curve(right, np.clip(confidence, 0.0, 1.0), n_bins=_BINS)
        edges = np.linspace(0.0, 1.0, _BINS + 1)
        counts = np.bincount(np.searchsorted(edges[1:-1], confidence), minlength=_BINS)
        calibration = Calibration(tuple(mean.tolist()), tuple(true.tolist()), tuple(counts[counts > 0].tolist()))
    numbers = range(len(model.classes))
    columns = precision_recall_fscore_support(expected, got, labels=numbers, zero_division=0.0)
    per_class = tuple(
        ClassScores(label, float(p), float(r), float(f), int(s))
        for label, p, r, f, s in zip(model.classes, *columns, strict=True)
    )
    return Evaluation(
        name=model.name,
        count=len(kept),
        classes=model.classes,
        accuracy=float(accuracy_score(expected, got)),
        per_class=per_class,
        confusion=confusion_matrix(expected, got, labels=numbers),
        calibration=calibration,
        worst=_worst(classifier, kept, expected, got, confidence, worst),
        _confidence=confidence,
        _right=right,
    )


def _indices(labels: Any, classes: tuple[Label, ...]) -> Any:
    """The class index of each label."""
    import numpy as np

    known = {label: i for i, label in enumerate(classes)}
    values = labels.tolist() if hasattr(labels, "tolist") else labels
    values = values.to_pylist() if hasattr(values, "to_pylist") else list(values)
    values = [value.item() if hasattr(value, "item") else value for value in values]
    # 1 == True == 1.0 as keys, which are different labels: the type has to fit too.
    kind = next(kind for kind in (bool, int, str) if isinstance(classes[0], kind))
    wrong = [i for i, value in enumerate(values) if type(value) is not kind or value not in known]
    if wrong:
        allowed = ", ".join(map(repr, classes[:8])) + (", …" if len(classes) > 8 else "")
        raise InputError(f"labels[{wrong[0]}]: {values[wrong[0]]!r} is no class of this model, which has {allowed}")
    return np.array([known[value] for value in values], np.intp)


def _worst(
    classifier: Classifier, texts: list[str], expected: Any, got: Any, confidence: Any, count: int
) -> tuple[Mistake, ...]:
    import numpy as np

    wrong = np.flatnonzero(got != expected)
    if confidence is not None:
        wrong = wrong[np.argsort(-confidence[wrong], kind="stable")]
    classes = classifier.model.classes
    return tuple(
        Mistake(
            int(i),
            texts[i],
            classes[expected[i]],
            classes[got[i]],
            None if confidence is None else float(confidence[i]),
            _explained(classifier, texts[i]),
        )
        for i in wrong[:count]
    )


def _explained(classifier: Classifier, text: str) -> Explanation | None:
    from .errors import WasmClfError

    try:
        return classifier.explain(text)
    except WasmClfError:
        return None  # a head that is no sum over features, or a text too long to explain


def _table(per_class: tuple[ClassScores, ...]) -> str:
    head = "".join(f"<th>{name}</th>" for name in ("class", "precision", "recall", "F1", "texts"))
    rows = "".join(
        f"<tr><td>{html.escape(str(c.label))}</td><td>{c.precision:.3f}</td><td>{c.recall:.3f}</td>"
        f"<td>{c.f1:.3f}</td><td>{c.support:,}</td></tr>"
        for c in per_class
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _mistakes(worst: tuple[Mistake, ...]) -> str:
    if not worst:
        return "<p>No mistakes.</p>"
    head = "".join(f"<th>{name}</th>" for name in ("", "text", "is", "was called", "confidence", "because of"))
    rows = "".join(
        f"<tr><td>{m.index}</td><td>{html.escape(m.text[:200])}{'…' if len(m.text) > 200 else ''}</td>"
        f"<td>{html.escape(str(m.expected))}</td><td>{html.escape(str(m.got))}</td>"
        f"<td>{'' if m.confidence is None else f'{m.confidence:.3f}'}</td><td>{_reasons(m)}</td></tr>"
        for m in worst
    )
    return f"<p>The worst mistakes</p><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _reasons(mistake: Mistake) -> str:
    """The n-grams that spoke most for the wrong class."""
    if mistake.explanation is None:
        return ""
    column = mistake.explanation.classes.index(mistake.got)
    weights: dict[str, float] = {}
    for span in mistake.explanation.spans:
        weights[span.ngram] = weights.get(span.ngram, 0.0) + span.weights[column]
    most = sorted(weights.items(), key=lambda item: -item[1])[:_SHOWN_SPANS]
    return ", ".join(f"{html.escape(ngram)} {weight:+.2f}" for ngram, weight in most if weight > 0)
