"""What the twin says of one text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """K scores, C probabilities (None without a link), the label's index, stored features, Σ|wᵢxᵢ| for each score,
    and how many lone surrogates were read as U+FFFD."""

    scores: list[float]
    probabilities: list[float] | None
    label: int
    known: int
    abs_sum: list[float]
    replaced: int
