"""A parity report as a table: what was compared, how far apart, and where the first difference is."""

from __future__ import annotations

from dataclasses import replace

from .results import FirstDifference, ParityReport
from .tables import Sheet

_AROUND = 40


def sheet(report: ParityReport) -> Sheet:
    """Names and values; state in words."""
    rows = [
        ("against", report.against),
        ("texts compared", f"{report.checked:,}"),
        ("largest difference", f"{report.max_abs_diff:.3g}"),
        ("labels that differ", f"{report.label_mismatches:,}"),
    ]
    if report.not_comparable:
        rows.append(("not comparable", f"{report.not_comparable:,} (lone surrogates, or another Unicode version)"))
    if report.live_checked:
        rows.append(("checked live", f"{report.live_checked:,}"))
    if (first := report.first_difference) is not None:
        rows.extend(
            [
                ("first difference", f"text {first.text_index:,}, at the stage {first.stage!r}"),
                *([("in the text", _marked(first))] if first.start is not None else []),
                ("expected", first.expected),
                ("got", first.got),
            ]
        )
    return Sheet(_headline(report), (), rows)


def html(report: ParityReport) -> str:
    """The table with a sign beside the words."""
    shown = sheet(report)
    marked = replace(shown, headline=f"{'✓' if report.ok else '✕'} {shown.headline}")
    return f'<div class="wcw-parity">{marked.html()}</div>'


def _headline(report: ParityReport) -> str:
    if report.ok:
        return "The same answers"
    return "Nothing was compared" if report.first_difference is None else "The answers differ"


def _marked(first: FirstDifference) -> str:
    """The piece in which both part, between brackets, with a little of the text around it."""
    assert first.start is not None
    assert first.end is not None
    before = first.text[max(0, first.start - _AROUND) : first.start]
    piece = first.text[first.start : first.end]
    behind = first.text[first.end : first.end + _AROUND]
    shown = piece if len(piece) <= 2 * _AROUND else f"{piece[:_AROUND]}…{piece[-_AROUND:]}"
    marked = f"{before}⟦{shown}⟧{behind}".encode("utf-8", "replace").decode()
    return f"{marked!r}, characters {first.start:,} to {first.end:,}"
