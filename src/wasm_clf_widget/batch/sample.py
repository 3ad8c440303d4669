"""``parity="sample"``: a random share of a batch is scored by the twin as well, and held against its answers."""

from __future__ import annotations

import random
import warnings
from typing import TYPE_CHECKING, Any, Literal, get_args

from ..errors import InputError
from ..parity import Answer, Tally, answer_at, own_answer, skip_live
from ..results import FirstDifference, ParityReport
from ..twin import Twin
from .columns import Columns
from .work import Answered, text_at

if TYPE_CHECKING:
    from ..classifier import Classifier

Parity = Literal["off", "sample"]

SHARE = 1000
"""One row in so many is checked, and at least one in each piece: the twin takes about a millisecond for a text."""
_MOST = 2000
_LONGEST = 100_000


class ParityWarning(UserWarning):
    """The twin answers otherwise than the engine did."""


class Sample:
    """Collects the checks of one run; without parity it does nothing."""

    def __init__(self, classifier: Classifier, columns: Columns, parity: str) -> None:
        if parity not in get_args(Parity):
            raise InputError(f"parity={parity!r} is given, allowed are 'off' (the default) and 'sample'")
        self._classifier = classifier
        self._columns = columns
        self._on = parity == "sample"
        self._random = random.Random()
        self._rows: list[tuple[int, str, Answer]] = []
        self._tally: Tally | None = None
        self._twin: Twin | None = None

    def see(self, answered: Answered, before: int = 0) -> None:
        """Pick some rows of a piece. ``before`` rows of the whole came before those that this run counts."""
        if not self._on:
            return
        batch = answered.batch
        seen = len(self._rows) + self._checked()
        count = min(-(-batch.n // SHARE), batch.n, _MOST - seen)
        for i in self._random.sample(range(batch.n), max(0, count)):
            if (text := _own_text(answered, i)) is not None:
                self._rows.append((before + _row_of(answered, i), text, answer_at(self._classifier.model, batch, i)))

    def check(self) -> ParityReport | None:
        """Score the texts picked since the last time by the twin: what has been found so far."""
        if not self._on and self._tally is None:
            return None
        model = self._classifier.model
        tally = self._tally = self._tally or Tally(model, self._classifier.engine, "")
        twin = self._twin = self._twin or Twin(model)
        for row, text, got in self._rows:
            if skip_live(text, model):
                tally.not_comparable += 1
                continue
            answer = twin.answer(text)
            tally.checked += 1
            tally.hold(row, text, own_answer(answer), got, answer.engine, twin)
        self._rows.clear()
        tally.against = f"the Python twin, on {self._checked():,} rows drawn at random"
        return tally.report(kept=0)

    def go_on(self, found: ParityReport) -> None:
        """Go on from what an earlier run found."""
        self._tally = Tally(
            self._classifier.model,
            self._classifier.engine,
            found.against,
            found.checked,
            found.max_abs_diff,
            found.label_mismatches,
            found.not_comparable,
            found.first_difference,
        )

    def finish(self) -> ParityReport | None:
        """The report of all, which stays with the classifier; a difference is a ParityWarning."""
        report = self.check()
        if report is None:
            return None
        self._classifier._batch_parity = report
        if report.first_difference is not None:
            warnings.warn(f"the twin answers otherwise: {report.first_difference}", ParityWarning, stacklevel=4)
        return report

    def _checked(self) -> int:
        return self._tally.checked + self._tally.not_comparable if self._tally else 0


def report_of(note: dict[str, Any] | None) -> ParityReport | None:
    """A report as ``asdict`` wrote it."""
    if note is None:
        return None
    first = note["first_difference"]
    return ParityReport(**note | {"first_difference": FirstDifference(**first) if first else None})


def _own_text(answered: Answered, i: int) -> str | None:
    """The text of answer ``i``; None for one that is too long for the twin to be quick."""
    if answered.failed:
        return None  # answers of such a piece stand beside other texts
    text = text_at(answered.piece.texts, i)
    return text if len(text) <= _LONGEST else None


def _row_of(answered: Answered, i: int) -> int:
    """The first row of the whole with answer ``i``."""
    import pyarrow.compute as pc

    places = answered.places
    return answered.piece.row + (i if places is None else int(pc.index(places, i).as_py()))
