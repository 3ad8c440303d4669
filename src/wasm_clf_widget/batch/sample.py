"""``parity="sample"``: a random share of a batch is scored by the twin as well, and held against its answers."""

from __future__ import annotations

import random
import warnings
from typing import TYPE_CHECKING, Literal, get_args

from ..errors import InputError
from ..parity import Answer, Tally, answer_at, own_answer, skip_live
from ..results import ParityReport
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
        self.report: ParityReport | None = None
        self._classifier = classifier
        self._columns = columns
        self._on = parity == "sample"
        self._random = random.Random()
        self._rows: list[tuple[int, str, Answer]] = []

    def see(self, answered: Answered) -> None:
        """Pick some rows of a piece."""
        if not self._on:
            return
        batch = answered.batch
        count = min(-(-batch.n // SHARE), batch.n, _MOST - len(self._rows))
        for i in self._random.sample(range(batch.n), max(0, count)):
            if (text := _own_text(answered, i)) is not None:
                self._rows.append((_row_of(answered, i), text, answer_at(self._classifier.model, batch, i)))

    def finish(self) -> ParityReport | None:
        """Score the picked texts by the twin; a difference is a ParityWarning. The report stays with the classifier."""
        if not self._on:
            return None
        model = self._classifier.model
        twin = Twin(model)
        tally = Tally(model, self._classifier.engine, f"the Python twin, on {len(self._rows):,} rows drawn at random")
        for row, text, got in self._rows:
            if skip_live(text, model):
                tally.not_comparable += 1
                continue
            answer = twin.answer(text)
            tally.checked += 1
            tally.hold(row, text, own_answer(answer), got, answer.engine, twin)
        self.report = self._classifier._batch_parity = tally.report(kept=0)
        if self.report.first_difference is not None:
            warnings.warn(f"the twin answers otherwise: {self.report.first_difference}", ParityWarning, stacklevel=4)
        return self.report


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
