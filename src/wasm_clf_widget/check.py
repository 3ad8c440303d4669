"""``check(pipeline)``: everything that stands in the way of a conversion, at once and without converting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .tables import Sheet

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One option that is in the way. ``suggestion`` is the edited pipeline where one exists, else what would work."""

    step: str
    option: str
    reason: str
    advice: str
    suggestion: Any


@dataclass(frozen=True, slots=True, repr=False)
class CheckReport:
    """What ``check`` found. ``ok``: ``Classifier.from_sklearn`` would go on to try the converted model.

    ``suggestion`` is the pipeline with every obstacle edited out, not fitted; None where there is none, or where some
    obstacle has no edit.
    """

    obstacles: tuple[Obstacle, ...]
    suggestion: Any = None

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.obstacles

    def _sheet(self) -> Sheet:
        if self.ok:
            return Sheet("This pipeline can be converted.", (), ())
        count = len(self.obstacles)
        return Sheet(
            f"{count} obstacle{'s' if count > 1 else ''} in the way of a conversion",
            ("step", "option", "reason", "try"),
            [(o.step, o.option, o.reason, o.advice) for o in self.obstacles],
        )

    def __rich__(self) -> Table:
        return self._sheet().rich()

    def __repr__(self) -> str:
        edited = "" if self.suggestion is None else f"\n\nWith all of it edited (to be fitted):\n{self.suggestion!r}"
        return self._sheet().text() + edited

    def _repr_html_(self) -> str:
        from html import escape

        edited = (
            ""
            if self.suggestion is None
            else f"<div>With all of it edited (to be fitted):<pre>{escape(repr(self.suggestion))}</pre></div>"
        )
        return self._sheet().html() + edited


def check(pipeline: Any) -> CheckReport:
    """List every obstacle of a pipeline: step, option, reason and a way out. Converts nothing.

    Args:
        pipeline: what ``Classifier.from_sklearn`` would be given; it need not be fitted yet, which is then one
            obstacle beside those of its options.

    Returns:
        A report that prints as a table, in a notebook as HTML.
    """
    from .convert.propose import propose
    from .convert.sklearn import obstacles
    from .convert.unfitted import UnfittedError

    errors = obstacles(pipeline)
    editable = [error for error in errors if not isinstance(error, UnfittedError)]
    return CheckReport(
        tuple(
            Obstacle(error.step, error.option, error.reason, error.advice, propose(pipeline, [error]) or error.advice)
            for error in errors
        ),
        propose(pipeline, editable),
    )
