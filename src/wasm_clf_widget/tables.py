"""One small table in two dresses: rich for a terminal, HTML for a notebook. No numbers are made here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from .texts import replace_surrogates

if TYPE_CHECKING:
    from rich.table import Table

# Colours are left to the notebook's own style; only what a table needs to be read stands here.
_TABLE = 'style="text-align:left;border-collapse:collapse"'
_CELL = 'style="text-align:left;vertical-align:top;padding:2px 12px 2px 0;white-space:pre-wrap"'


def _shown(cell: str) -> str:
    """The cell as UTF-8 can carry it, to a terminal or to a notebook's file: a text may hold lone surrogates."""
    return replace_surrogates(cell)[0]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A headline, columns (none: the first of two cells of a row is its name) and rows of plain text."""

    headline: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def rich(self) -> Table:
        """For ``rich.print`` and for consoles."""
        from rich.table import Table
        from rich.text import Text

        table = Table(
            *self.columns or ("", ""),
            title=Text(self.headline),
            title_justify="left",
            title_style="bold",
            show_header=bool(self.columns),
            box=None,
            pad_edge=False,
        )
        for row in self.rows:
            table.add_row(*(Text(_shown(cell), overflow="fold") for cell in row))
        return table

    def html(self) -> str:
        """For ``_repr_html_``; every cell is escaped."""
        head = "".join(f"<th {_CELL}>{escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td {_CELL}>{escape(_shown(cell))}</td>" for cell in row) + "</tr>" for row in self.rows
        )
        top = f"<thead><tr>{head}</tr></thead>" if head else ""
        return f"<div><strong>{escape(self.headline)}</strong><table {_TABLE}>{top}<tbody>{body}</tbody></table></div>"

    def text(self) -> str:
        """For ``str``: as a terminal of 120 columns shows it, without colours."""
        from io import StringIO

        from rich.console import Console

        console = Console(file=StringIO(), width=120, color_system=None)
        console.print(self.rich())
        written = console.file
        assert isinstance(written, StringIO)
        return "\n".join(line.rstrip() for line in written.getvalue().splitlines())
