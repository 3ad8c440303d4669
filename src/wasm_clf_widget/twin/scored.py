"""What a head makes of a row, and what every kind of head has in common."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import InputError
from ..model.spec import LabelRule, Link
from .doubt import LINK, Doubt, Slack, slack
from .links import labels_of, link_slack, open_labels, probabilities_of

Sides = tuple[list[float], list[float]]
"""A number for each score: once for the source, once for the engine."""


@dataclass(frozen=True, slots=True)
class Scored:
    """K scores, P probabilities (None: there are none), L labels; ``sizes`` of the scores and how far others may be."""

    scores: list[float]
    sizes: list[float]
    probabilities: list[float] | None
    labels: list[int]
    source: Slack
    engine: Slack

    def side(self, number: int) -> Slack:
        """0: the source's, 1: the engine's."""
        return self.engine if number else self.source


def slacks(doubt: Doubt, sizes: Sequence[float]) -> Sides:
    """How far each score may be off, from the doubt of all that is in it."""
    return [slack(doubt.source, size) for size in sizes], [slack(doubt.engine, size) for size in sizes]


def from_scores(scores: list[float], sizes: list[float], apart: Sides, link: Link, rule: LabelRule) -> Scored:
    """Scores that a link and a rule make probabilities and labels of."""
    for score in scores:
        if not math.isfinite(score):
            raise InputError(f"a decision score of this text becomes {score}: the model's weights are too great for it")
    sides = [Slack(own, link_slack(scores, own, link), open_labels(scores, own, rule)) for own in apart]
    return Scored(scores, sizes, probabilities_of(scores, link), labels_of(scores, rule), *sides)


def from_probabilities(
    probabilities: list[float], apart: tuple[float, float], rule: LabelRule = "argmax", threshold: float = 0.0
) -> Scored:
    """Probabilities that are the scores as well; ``apart``: how far any of them may be off."""
    sides = []
    for own in apart:
        each = [own] * len(probabilities)
        sides.append(Slack(each, own + LINK, open_labels(probabilities, each, rule, threshold)))
    labels = labels_of(probabilities, rule, threshold)
    return Scored(probabilities, [abs(p) for p in probabilities], probabilities, labels, *sides)
