"""``check(pipeline)``: everything that stands in the way of a conversion, at once and without converting."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from .errors import UnsupportedPipelineError
from .tables import Sheet

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One option that is in the way. ``suggestion`` has this one edited where that can be, else says what would do."""

    step: str
    option: str
    reason: str
    advice: str
    suggestion: Any


@dataclass(frozen=True, slots=True, repr=False)
class CheckReport:
    """What ``check`` found. ``ok``: ``Classifier.from_sklearn`` would go on to try the converted model.

    ``suggestion`` is the pipeline with every obstacle edited out, not fitted, in which ``check`` finds nothing else;
    None where there is no obstacle, or where some obstacle has no edit.
    """

    obstacles: tuple[Obstacle, ...]
    suggestion: Any = None
    unsettled: str = ""
    """Why there are obstacles and no suggestion; empty otherwise."""

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

    @property
    def closing(self) -> str:
        """The edited pipeline, or why there is none; empty where there is nothing to edit."""
        if self.suggestion is None:
            return self.unsettled
        return f"With all of it edited (to be fitted):\n{self.suggestion!r}"

    def __repr__(self) -> str:
        return f"{self._sheet().text()}\n\n{self.closing}".rstrip()

    def _repr_html_(self) -> str:
        return self._sheet().html() + (f"<pre>{escape(self.closing)}</pre>" if self.closing else "")


def check(pipeline: Any) -> CheckReport:
    """List every obstacle of a pipeline: step, option, reason and a way out. Converts nothing.

    Args:
        pipeline: what ``Classifier.from_sklearn`` would be given; it need not be fitted yet, which is then one
            obstacle beside those of its options.

    Returns:
        A report that prints as a table, in a notebook as HTML.
    """
    from .convert.propose import propose, propose_all
    from .convert.sklearn import obstacles
    from .convert.unfitted import UnfittedError

    errors = obstacles(pipeline)
    editable = [error for error in errors if not isinstance(error, UnfittedError)]
    suggestion = propose_all(pipeline, errors, obstacles)
    return CheckReport(
        tuple(
            Obstacle(error.step, error.option, error.reason, error.advice, propose(pipeline, [error]) or error.advice)
            for error in errors
        ),
        suggestion,
        _unsettled(editable) if suggestion is None and editable else "",
    )


def _unsettled(errors: list[UnsupportedPipelineError]) -> str:
    by_hand = [f"{error.option} of {error.step}" for error in errors if not error.edit]
    why = f"{', '.join(by_hand)}: to be changed by hand" if by_hand else "this pipeline cannot be edited from outside"
    return f"No edited pipeline can be suggested ({why})."
