"""Heads made of pipelines with heads of their own: calibration, votes, one against the rest or one, several outputs."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import Protocol

from ..model.spec import (
    CalibratedHead,
    CalibratedMember,
    Isotonic,
    LabelRule,
    MemberInput,
    OneVsOneHead,
    OneVsRestHead,
    Sigmoid,
    VoteHead,
)
from .doubt import LINK, Slack
from .links import labels_of, open_labels, pair, shares, sigmoid
from .row import Row, Run
from .scored import Scored, from_probabilities

HOSTS = (0, 1)


class Member(Protocol):
    """A pipeline with a head."""

    def scored(self, run: Run, row: Row | None) -> Scored:
        """What it makes of the run's text, or of the row of the pipeline around it."""
        ...


def _values(scored: Scored, of: MemberInput) -> tuple[list[float], tuple[list[float], list[float]]]:
    """What a head asks of a member: its decision scores or probabilities, of two classes those of class 1."""
    if of == "probability":
        assert scored.probabilities is not None
        values = scored.probabilities
        apart = [[scored.side(host).probabilities] * len(values) for host in HOSTS]
    else:
        values = scored.scores
        apart = [list(scored.side(host).scores) for host in HOSTS]
    if len(values) == 2:
        values, apart = values[1:], [own[1:] for own in apart]
    return values, (apart[0], apart[1])


class Calibrated:
    """The mean of the members' calibrated probabilities."""

    def __init__(self, head: CalibratedHead, members: Sequence[Member]) -> None:
        self._members = list(zip(head.members, members, strict=True))

    def score(self, row: Row | None, run: Run) -> Scored:
        """Probabilities, which are the scores as well."""
        parts, off = [], [0.0, 0.0]
        for spec, member in self._members:
            part, apart = _calibrated(spec, member.scored(run, row))
            parts.append(part)
            off = [total + own for total, own in zip(off, apart, strict=True)]
        n = len(parts)
        means = [sum(column) / n for column in zip(*parts, strict=True)]
        return from_probabilities(means, (off[0] / n, off[1] / n))


def _calibrated(spec: CalibratedMember, scored: Scored) -> tuple[list[float], tuple[float, float]]:
    """One member's probabilities, and how far they may be off for each host."""
    values, apart = _values(scored, spec.input)
    found = [_calibrate(spec.calibration, k, value) for k, value in enumerate(values)]
    off = []
    for own in apart:
        ends = (
            (_calibrate(spec.calibration, k, value - o), _calibrate(spec.calibration, k, value + o))
            for k, (value, o) in enumerate(zip(values, own, strict=True))
        )
        off.append([LINK + max(abs(p - low), abs(p - high)) for p, (low, high) in zip(found, ends, strict=True)])
    if len(values) == 1:
        probabilities = pair(found[0])
        most = (off[0][0], off[1][0])
    else:
        probabilities = shares(found)
        whole = sum(found)
        most = (_quotients(whole, off[0]), _quotients(whole, off[1]))
    return [1.0 if 1.0 < p <= 1.0 + 1e-5 else p for p in probabilities], most


def _quotients(whole: float, off: Sequence[float]) -> float:
    """How far parts of the whole may be off: each by its own error and by that of what it is divided by."""
    if whole != 0.0:
        return LINK + 2.0 * sum(off) / whole
    return LINK if sum(off) <= LINK * len(off) else math.inf


def _calibrate(calibration: Sigmoid | Isotonic, k: int, value: float) -> float:
    if isinstance(calibration, Sigmoid):
        if math.isinf(value):
            return 0.5 if calibration.slope[k] == 0.0 else float(calibration.slope[k] * value < 0.0)
        return sigmoid(-(calibration.slope[k] * value + calibration.offset[k]))
    start, stop = calibration.knots[k], calibration.knots[k + 1]
    x, y = calibration.x[start:stop], calibration.y[start:stop]
    at = bisect_right(x, value) - 1
    if at < 0:
        return y[0]
    if at == len(x) - 1 or x[at] == value:
        return y[at]
    slope = (y[at + 1] - y[at]) / (x[at + 1] - x[at])
    return slope * (value - x[at]) + y[at]


class Vote:
    """Soft: the weighted mean of the members' probabilities. Hard: the weighted votes."""

    def __init__(self, head: VoteHead, members: Sequence[Member]) -> None:
        self._soft = head.voting == "soft"
        self._members = members
        self._weights = [1.0] * len(members) if head.weights is None else [float(w) for w in head.weights]

    def score(self, row: Row | None, run: Run) -> Scored:
        """The first of the greatest wins."""
        answers = [member.scored(run, row) for member in self._members]
        return self._mean(answers) if self._soft else self._count(answers)

    def _mean(self, answers: Sequence[Scored]) -> Scored:
        whole = sum(self._weights)
        parts = [answer.probabilities or [] for answer in answers]
        sums = [0.0] * len(parts[0])
        for part, weight in zip(parts, self._weights, strict=True):
            sums = [total + p * weight for total, p in zip(sums, part, strict=True)]
        off = []
        for host in HOSTS:
            own = sum(abs(w) * a.side(host).probabilities for a, w in zip(answers, self._weights, strict=True))
            off.append(LINK + own / abs(whole))
        return from_probabilities([total / whole for total in sums], (off[0], off[1]))

    def _count(self, answers: Sequence[Scored]) -> Scored:
        # A vote that may go otherwise may move its weight from any class to any other.
        classes = max(2, len(answers[0].probabilities or answers[0].scores))
        votes = [0.0] * classes
        for answer, weight in zip(answers, self._weights, strict=True):
            votes[answer.labels[0]] += weight
        sides = []
        for host in HOSTS:
            loose = sum(abs(w) for a, w in zip(answers, self._weights, strict=True) if a.side(host).open[0])
            own = [loose] * classes
            sides.append(Slack(own, 0.0, open_labels(votes, own, "argmax")))
        return Scored(votes, votes, None, labels_of(votes, "argmax"), *sides)


class OneVsRest:
    """A member for each class."""

    def __init__(self, head: OneVsRestHead, members: Sequence[Member]) -> None:
        self._spec = head
        self._members = members

    def score(self, row: Row | None, run: Run) -> Scored:
        """Scores are the members' own, or the probabilities where ``predict`` compares those."""
        head = self._spec
        answers = [member.scored(run, row) for member in self._members]
        asked = [_values(answer, head.input) for answer in answers]
        values = [own[0] for own, _ in asked]
        threshold = 0.5 if head.input == "probability" else 0.0
        labels = labels_of(values, head.label, threshold)
        probabilities, off = self._probabilities(answers)
        sizes = [a.sizes[-1] for a in answers] if head.input == "decision" else [1.0] * len(probabilities or ())
        sides = []
        for host in HOSTS:
            apart = [own[host][0] for _, own in asked]
            decided = open_labels(values, apart, head.label, threshold)
            scores = apart if head.input == "decision" else [off[host]] * len(probabilities or ())
            sides.append(Slack(scores, off[host], decided))
        if head.input == "probability":
            assert probabilities is not None
            return Scored(probabilities, sizes, probabilities, labels, *sides)
        return Scored(values, sizes, probabilities, labels, *sides)

    def _probabilities(self, answers: Sequence[Scored]) -> tuple[list[float] | None, tuple[float, float]]:
        if any(answer.probabilities is None for answer in answers):
            return None, (0.0, 0.0)
        found = [_values(answer, "probability") for answer in answers]
        parts = [own[0] for own, _ in found]
        off = [[own[host][0] for _, own in found] for host in HOSTS]
        if self._spec.label == "sign":
            return pair(parts[0]), (off[0][0], off[1][0])
        if not self._spec.divide:
            return parts, (max(off[0]), max(off[1]))
        whole = sum(parts)
        most = [_quotients(whole, own) for own in off]
        return shares(parts, even=False), (most[0], most[1])


class OneVsOne:
    """A member for each pair of classes."""

    def __init__(self, head: OneVsOneHead, members: Sequence[Member]) -> None:
        self._spec = head
        self._members = members

    def score(self, row: Row | None, run: Run) -> Scored:
        """Votes, and between equal ones the bounded sum of confidences."""
        n = self._spec.classes
        votes, sums = [0.0] * n, [0.0] * n
        off = [[0.0] * n, [0.0] * n]
        pairs = ((i, j) for i in range(n) for j in range(i + 1, n))
        for (i, j), member in zip(pairs, self._members, strict=True):
            answer = member.scored(run, row)
            (value,), apart = _values(answer, self._spec.input)
            sums[i] -= value
            sums[j] += value
            votes[j if answer.labels[0] else i] += 1.0
            for host in HOSTS:
                error = apart[host][0] / 3.0 + (1.0 if answer.side(host).open[0] else 0.0)
                off[host][i] += error
                off[host][j] += error
        scores = [vote + total / (3.0 * (abs(total) + 1.0)) for vote, total in zip(votes, sums, strict=True)]
        if n == 2:
            scores, off = scores[1:], [own[1:] for own in off]
        threshold = 0.5 if n == 2 and self._spec.input == "probability" else 0.0
        rule: LabelRule = "sign" if n == 2 else "argmax"
        sides = [Slack(own, 0.0, open_labels(scores, own, rule, threshold)) for own in off]
        return Scored(scores, [abs(s) for s in scores], None, labels_of(scores, rule, threshold), *sides)


class MultiOutput:
    """A member for each output: their answers one after the other."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = members

    def score(self, row: Row | None, run: Run) -> Scored:
        """Probabilities only where every output has them."""
        answers = [member.scored(run, row) for member in self._members]
        probabilities: list[float] | None = []
        for answer in answers:
            if answer.probabilities is None or probabilities is None:
                probabilities = None
            else:
                probabilities = probabilities + answer.probabilities
        sides = [
            Slack(
                [s for answer in answers for s in answer.side(host).scores],
                max(answer.side(host).probabilities for answer in answers),
                [o for answer in answers for o in answer.side(host).open],
            )
            for host in HOSTS
        ]
        return Scored(
            [s for answer in answers for s in answer.scores],
            [s for answer in answers for s in answer.sizes],
            probabilities,
            [label for answer in answers for label in answer.labels],
            *sides,
        )
