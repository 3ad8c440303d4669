"""How far a number may be from the one that the source, or the engine, has in its place, under what the file promises.

Every stage says so beside its result, so that a comparison knows for each text what is a difference. Two hosts are
looked at at once: the *source* (numpy's logarithms and exponentials round by their own rules, BLAS sums in an order of
its own) and the *engine* (which rounds logarithms as we do, and sums as we do but where coefficients are float32).

``EXACT``: the same bits. ``LOOSE``: within 1e-12 · (1 + size), where the size of a number is the sum of the absolute
values of all that was added up in it. ``OPEN``: a threshold lies within that, so that either side of it is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import NamedTuple

EXACT, LOOSE, OPEN = 0, 1, 2
EXACT_COUNTS = 7_284
"""Up to this term frequency numpy's logarithm is the correctly rounded one on every processor."""

_LOOSE = 1e-12
LINK = 1e-14
"""How far exp and a quotient may be apart on two hosts, in a probability."""


class Doubt(NamedTuple):
    """Of each host, how well it has to agree."""

    source: int = EXACT
    engine: int = EXACT

    def __or__(self, other: object) -> Doubt:
        """The greater doubt of each."""
        assert isinstance(other, Doubt)
        return Doubt(max(self.source, other.source), max(self.engine, other.engine))


NONE = Doubt()
BOTH = Doubt(LOOSE, LOOSE)


def slack(doubt: int, size: float) -> float:
    """How far a number of this size may be off."""
    return 0.0 if doubt == EXACT else _LOOSE * (1.0 + size) if doubt == LOOSE else inf


def crosses(doubt: int, value: float, size: float, threshold: float) -> bool:
    """Whether another host may have the value on the other side of the threshold."""
    return doubt == OPEN or (doubt == LOOSE and abs(value - threshold) <= slack(doubt, size + abs(threshold)))


class Slack(NamedTuple):
    """How far one host's answer may be: each score, any probability, and which labels may be others."""

    scores: Sequence[float]
    probabilities: float
    open: Sequence[bool]
