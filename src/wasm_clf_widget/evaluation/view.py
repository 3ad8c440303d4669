"""An evaluation in a notebook: its numbers, pictures and worst mistakes as HTML, light or dark as the page around."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from html import escape
from typing import Any

from ..errors import InputError
from ..results import Labels
from ..tables import Sheet
from .results import ClassScores, Evaluation, Mistake, MultilabelEvaluation, MultioutputEvaluation

_SHOWN_SPANS = 5
_SHOWN_CHARACTERS = 200
_SHOWN_CLASSES = 100
# One picture for light and dark pages: transparent, with lines and letters of a grey that reads alike on both.
_GREY = "#7c7c7c"
_STYLE: Any = {
    "text.color": _GREY,
    "axes.edgecolor": _GREY,
    "axes.labelcolor": _GREY,
    "xtick.color": _GREY,
    "ytick.color": _GREY,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "legend.framealpha": 0.0,
    "hatch.color": "#5a2a10",
}


def single(found: Evaluation) -> str:
    """One label a text."""
    head = (
        f"{found.name}: accuracy {found.accuracy:.3f} on {found.count:,} texts "
        f"(always the most frequent class: {found.baseline:.3f}), mean F1 {found.macro_f1:.3f}"
    )
    return _view(head, found.per_class, found, _mistakes(found.worst, "is", "was called"))


def multilabel(found: MultilabelEvaluation) -> str:
    """Any set of labels a text."""
    head = (
        f"{found.name}: all labels right for {found.accuracy:.3f} of {found.count:,} texts; {found.hamming:.3f} of all "
        f"labels wrong (Hamming loss); F1 {found.micro_f1:.3f} over all decisions, {found.macro_f1:.3f} in the mean"
    )
    return _view(head, found.per_class, found, _mistakes(found.worst, "has", "was given"))


def multioutput(found: MultioutputEvaluation) -> str:
    """An evaluation for each output, one below the other."""
    head = f"{found.name}: all {len(found.outputs)} outputs right for {found.accuracy:.3f} of {found.count:,} texts"
    return f"<div><p><strong>{escape(head)}</strong></p>{''.join(single(output) for output in found.outputs)}</div>"


def _view(head: str, per_class: tuple[ClassScores, ...], found: Any, mistakes: str) -> str:
    rows = [(str(c.label), f"{c.precision:.3f}", f"{c.recall:.3f}", f"{c.f1:.3f}", f"{c.support:,}") for c in per_class]
    shown = rows[:_SHOWN_CLASSES]
    if len(rows) > len(shown):
        shown.append((f"and {len(rows) - len(shown):,} more in per_class", "", "", "", ""))
    table = Sheet(head, ("class", "precision", "recall", "F1", "texts"), shown).html()
    return f'<div style="overflow-x:auto;margin-bottom:16px">{table}{_picture(found.plot)}{mistakes}</div>'


def _picture(plot: Callable[[], Any]) -> str:
    try:
        from matplotlib import rc_context
    except ImportError:
        return "<p>Plots need matplotlib: pip install 'wasm_clf_widget[evaluate]'</p>"
    buffer = io.BytesIO()
    with rc_context(_STYLE):
        try:
            plot().savefig(buffer, format="png", dpi=96)
        except InputError as error:
            return f"<p>{escape(str(error))}</p>"
    data = base64.b64encode(buffer.getvalue()).decode()
    return (
        '<img alt="Plots of the confusion and, where there are probabilities, of their reliability and distribution" '
        f'style="max-width:100%;background:none" src="data:image/png;base64,{data}">'
    )


def _mistakes(worst: tuple[Mistake, ...], expected: str, got: str) -> str:
    if not worst:
        return "<p>No mistakes.</p>"
    many = isinstance(worst[0].got, tuple)
    columns = ("text", "", expected, got, *(["worst error"] if many else []), "confidence", "because of")
    rows = [
        (
            f"{m.index:,}",
            m.text[:_SHOWN_CHARACTERS] + ("…" if len(m.text) > _SHOWN_CHARACTERS else ""),
            _named(m.expected),
            _named(m.got),
            *([f"{m.label} {'is missing' if m.missing else 'is wrong'}"] if many else []),
            "" if m.confidence is None else f"{m.confidence:.3f}",
            _reasons(m),
        )
        for m in worst
    ]
    return Sheet("The worst mistakes", columns, rows).html()


def _named(labels: Labels) -> str:
    if isinstance(labels, tuple):
        return ", ".join(map(str, labels)) or "(none)"
    return str(labels)


def _reasons(mistake: Mistake) -> str:
    """The n-grams that spoke most for the wrong label, or against the missing one."""
    if mistake.explanation is None:
        return ""
    sign = -1.0 if mistake.missing else 1.0
    weights: dict[str, float] = {}
    for span in mistake.explanation.spans:
        weights[span.ngram] = weights.get(span.ngram, 0.0) + span.weights[mistake.column]
    most = sorted(weights.items(), key=lambda item: -sign * item[1])[:_SHOWN_SPANS]
    said = [f"{ngram} {weight:+.2f}" for ngram, weight in most if sign * weight > 0]
    return ", ".join(said) or "no n-gram: the intercept alone"
