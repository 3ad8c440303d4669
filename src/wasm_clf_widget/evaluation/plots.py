"""The pictures of an evaluation: scikit-learn's displays on matplotlib's figures.

What two colours tell apart a second sign does too (hatching, line style, marker).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import InputError
from .fonts import showing
from .results import Calibration, Evaluation, MultilabelEvaluation

_RIGHT, _WRONG = "#3b78b5", "#e08a5b"
_SHOWN_LABELS = 6
_NAMED_CLASSES = 40
"""Of more classes the axes name none: the table lists them in the same order."""
_COUNTED_CLASSES = 12
_LONGEST_NAME = 20
_STYLES = (("#3b78b5", "o", "-"), ("#e08a5b", "s", "--"), ("#2a9d78", "^", "-."), ("#b565a7", "D", ":"),
           ("#8a7a1f", "v", "-"), ("#5a6acf", "P", "--"))  # fmt: skip


def single(found: Evaluation) -> Any:
    """Confusion and, where there are probabilities, reliability and confidence."""
    Figure = _figure()
    with showing(_names(found)) as names:
        return _single(Figure, found, names)


def _single(Figure: Any, found: Evaluation, names: Sequence[str]) -> Any:
    size = min(9.0, max(4.0, 0.3 * len(found.classes) + 1.5))
    shares = [size, 3.6, 3.6] if found.calibration else [size]
    figure = Figure(figsize=(sum(shares) + 1, max(3.6, size * 0.9)), layout="constrained")
    axes = figure.subplots(1, len(shares), squeeze=False, width_ratios=shares)[0]
    _confusion(axes[0], found, names)
    if found.calibration:
        _reliability(axes[1], found.calibration, found._confidence)
        values = [found._confidence[found._right], found._confidence[~found._right]]
        low = min(0.5, float(found._confidence.min()))
        _histogram(axes[2], values, low, ("right", "wrong"))
        axes[2].set(xlabel="Confidence", ylabel="Texts", title="Confidence")
    return figure


def multilabel(found: MultilabelEvaluation) -> Any:
    """A confusion for each label and, where there are probabilities, reliability and their histogram."""
    Figure = _figure()
    with showing(_names(found)) as names:
        return _multilabel(Figure, found, names)


def _multilabel(Figure: Any, found: MultilabelEvaluation, names: Sequence[str]) -> Any:
    worst = sorted(range(len(found.classes)), key=lambda k: found.per_class[k].f1)[:_SHOWN_LABELS]
    shown = sorted(worst)
    title = "" if len(shown) == len(found.classes) else f"The {len(shown)} labels with the lowest F1"
    rows = 2 if found.calibrations else 1
    figure = Figure(figsize=(max(8.0, 2.1 * len(shown)), 2.6 + 3.6 * (rows - 1)), layout="constrained")
    parts = figure.subfigures(rows, 1, height_ratios=[2.6, 3.6][:rows], squeeze=False)[:, 0]
    if title:
        parts[0].suptitle(title)
    for axis, k in zip(parts[0].subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
        _matrix(axis, found.confusion[k], ("off", "on"), counts=True)
        axis.set(title=names[k], xlabel="predicted", ylabel="true" if k == shown[0] else "")
    if found.calibrations:
        left, right = parts[1].subplots(1, 2)
        _reliabilities(left, found, shown, names)
        p, on = found._probabilities.ravel(), found._expected.ravel() == 1
        _histogram(right, [p[on], p[~on]], 0.0, ("on", "off"))
        right.set(xlabel="Probability given", ylabel="Texts × labels", title="All labels", yscale="log")
        right.set_ylim(bottom=0.8)
    return figure


def _names(found: Evaluation | MultilabelEvaluation) -> list[str]:
    return [short(label) for label in found.classes]


def short(label: object) -> str:
    """A class's name as a picture has room for it."""
    name = str(label)
    # A dollar sign would begin a formula.
    name = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME // 2]}…{name[-_LONGEST_NAME // 2 + 1 :]}"
    return name.replace("$", r"\$")


def _figure() -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise InputError("plots need matplotlib: pip install 'wasm_clf_widget[evaluate]'") from None
    return Figure


def _confusion(axis: Any, found: Evaluation, all_names: Sequence[str]) -> None:
    names = all_names if len(all_names) <= _NAMED_CLASSES else None
    _matrix(axis, found.confusion, names, counts=len(found.classes) <= _COUNTED_CLASSES)
    title = f"Confusion, accuracy {found.accuracy:.3f}"
    axis.set(title=title, xlabel="Predicted", ylabel="True")
    if names is None:
        axis.set(xticks=[], yticks=[], xlabel="Predicted (classes as in the table)")
    elif sum(map(len, names)) > 24 or len(names) > 6:
        axis.tick_params(axis="x", rotation=90)


def _matrix(axis: Any, confusion: Any, names: Sequence[str] | None, *, counts: bool) -> None:
    """Colours by the share of each true class, so that rare classes are seen too; numbers are counts."""
    import numpy as np
    from sklearn.metrics import ConfusionMatrixDisplay

    totals = confusion.sum(axis=1, keepdims=True)
    shares = np.divide(confusion, totals, out=np.zeros(confusion.shape), where=totals > 0)
    display = ConfusionMatrixDisplay(shares, display_labels=names)
    display.plot(ax=axis, cmap="Blues", colorbar=False, include_values=counts, im_kw={"vmin": 0.0, "vmax": 1.0})
    if counts:
        for text, count in zip(display.text_.ravel(), confusion.ravel(), strict=True):
            text.set_text(f"{count:,}")


def _reliability(axis: Any, calibration: Calibration, confidence: Any) -> None:
    from sklearn.calibration import CalibrationDisplay

    CalibrationDisplay(calibration.accuracy, calibration.confidence, confidence).plot(ax=axis, color=_RIGHT)
    _reference(axis)
    for x, y, count in zip(calibration.confidence, calibration.accuracy, calibration.count, strict=True):
        # How many texts a point stands for: one of five texts says little.
        axis.annotate(f"{count:,}", (x, y), xytext=(5, -10), textcoords="offset points", fontsize=8)
    axis.set(xlabel="Mean confidence", ylabel="Share that is right", title="Reliability (texts)")
    axis.set(xlim=(-0.05, 1.12), ylim=(-0.1, 1.05))


def _reliabilities(axis: Any, found: MultilabelEvaluation, shown: Sequence[int], names: Sequence[str]) -> None:
    from sklearn.calibration import CalibrationDisplay

    assert found.calibrations is not None
    for k, (color, marker, line) in zip(shown, _STYLES, strict=False):
        calibration = found.calibrations[k]
        display = CalibrationDisplay(calibration.accuracy, calibration.confidence, found._probabilities[:, k])
        display.plot(ax=axis, name=names[k], color=color, marker=marker, linestyle=line, ref_line=k == shown[0])
    _reference(axis)
    axis.set(xlabel="Mean probability given", ylabel="Share that is on", title="Reliability")
    axis.legend(fontsize=8, loc="upper left")


def _reference(axis: Any) -> None:
    """The display's black diagonal in the colour of the axes, which can be seen on a dark page too."""
    for line in axis.lines:
        if line.get_label() == "Perfectly calibrated":
            line.set_color(axis.xaxis.label.get_color())
    axis.legend(fontsize=8)


def _histogram(axis: Any, values: Sequence[Any], low: float, names: tuple[str, str]) -> None:
    axis.hist(values, 20, range=(low, 1.0), stacked=True, label=names, color=[_RIGHT, _WRONG])
    for patch in axis.containers[1]:
        patch.set_hatch("//")
    axis.legend(fontsize=8)
