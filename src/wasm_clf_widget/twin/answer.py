"""What the twin says of one text."""

from __future__ import annotations

from dataclasses import dataclass

from .doubt import Slack


@dataclass(frozen=True, slots=True)
class Answer:
    """K scores, P probabilities (None where there are none), L labels, stored features, the size of each score (Σ|wᵢxᵢ|
    where it is a sum), how many lone surrogates were read as U+FFFD; and how far the source's and the engine's answers
    may be from this one."""

    scores: list[float]
    probabilities: list[float] | None
    labels: list[int]
    known: int
    sizes: list[float]
    replaced: int
    source: Slack
    engine: Slack
