"""Heads that look at the row of features themselves."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence
from typing import Protocol

from ..model.spec import Activation, ConstantHead, DistancesHead, Layer, LayersHead, LinearHead
from .doubt import BOTH, LOOSE, Doubt, Slack, slack
from .links import first_greatest, link_slack, open_labels, pair, sigmoid, softmax
from .row import Row, Run
from .scored import Scored, from_probabilities, from_scores, slacks


class Scorer(Protocol):
    """A head, ready to answer."""

    def score(self, row: Row | None, run: Run) -> Scored:
        """The answer to a row; heads with members may read the run's text."""
        ...


class Linear:
    """Sums in ascending order of the features from 0.0, the intercept last."""

    def __init__(self, head: LinearHead, *, single: bool) -> None:
        self.spec = head
        self._single = single

    def coefficients(self, index: int) -> list[float]:
        """The feature's coefficient for each output, rounded to float32 where the model says so."""
        outputs = self.spec.outputs
        row = self.spec.coef[index * outputs : (index + 1) * outputs]
        return list(array("f" if self._single else "d", row))

    def score(self, row: Row | None, run: Run) -> Scored:
        """Scores; where rows are dense, or coefficients float32, other hosts may sum in another order."""
        assert row is not None
        head = self.spec
        sums, sizes = [0.0] * head.outputs, [0.0] * head.outputs
        for index, value, size in zip(row.indices, row.values, row.sizes, strict=True):
            for output, coefficient in enumerate(self.coefficients(index)):
                sums[output] += coefficient * value
                sizes[output] += abs(coefficient) * size
        scores = [total + float(last) for total, last in zip(sums, head.intercept, strict=True)]
        doubt = row.doubt | Doubt(source=LOOSE) if row.dense else row.doubt
        apart = slacks(doubt, sizes)
        if self._single:
            for own in apart:
                for k, (score, size) in enumerate(zip(scores, sizes, strict=True)):
                    own[k] += 2.0**-23 * size + 2.0**-52 * abs(score)
        scored = from_scores(scores, sizes, apart, head.link, head.label)
        if head.kind != "naive_bayes":
            return scored
        # Two ulp of the log-likelihood: logsumexp and a subtraction instead of our softmax.
        more = 2.0 * math.ulp(max(map(abs, scores)))
        sides = [Slack(s.scores, s.probabilities + more, s.open) for s in (scored.source, scored.engine)]
        return Scored(scores, sizes, scored.probabilities, scored.labels, *sides)


_ACTIVATIONS: dict[Activation, Callable[[float], float]] = {
    "identity": lambda value: value,
    "logistic": sigmoid,
    "tanh": math.tanh,
    "relu": lambda value: max(value, 0.0),
}


class Layers:
    """A perceptron, layer by layer. The source multiplies by BLAS, and exp and tanh round by each host's rules."""

    def __init__(self, head: LayersHead) -> None:
        self._spec = head

    def score(self, row: Row | None, run: Run) -> Scored:
        """Probabilities, which are the scores as well."""
        assert row is not None
        inputs = list(zip(row.indices, row.values, row.sizes, strict=True))
        *hidden, last = self._spec.layers
        for layer in hidden:
            sums, sizes = _through(layer, inputs)
            # No activation is steeper than 1; what it rounds itself is measured by 1.
            inputs = [
                (i, _activate(self._spec.activation, v), size + 1.0)
                for i, (v, size) in enumerate(zip(sums, sizes, strict=True))
            ]
        raw, sizes = _through(last, inputs)
        doubt = row.doubt | BOTH
        apart = (slack(doubt.source, max(sizes)), slack(doubt.engine, max(sizes)))
        match self._spec.link:
            case "logistic":
                return from_probabilities(pair(sigmoid(raw[0])), apart)
            case "softmax":
                return from_probabilities(softmax(raw), apart)
            case "each":
                return from_probabilities([sigmoid(score) for score in raw], apart, "each", 0.5)


def _activate(activation: Activation, value: float) -> float:
    return _ACTIVATIONS[activation](value)


def _through(layer: Layer, inputs: Sequence[tuple[int, float, float]]) -> tuple[list[float], list[float]]:
    n = layer.outputs
    sums, sizes = [0.0] * n, [0.0] * n
    for index, value, size in inputs:
        for o, weight in enumerate(layer.coef[index * n : (index + 1) * n]):
            sums[o] += value * weight
            sizes[o] += size * abs(weight)
    return (
        [total + bias for total, bias in zip(sums, layer.intercept, strict=True)],
        [size + abs(bias) for size, bias in zip(sizes, layer.intercept, strict=True)],
    )


class Distances:
    """Distances to the centroids: those of the scores perhaps in units of each feature's deviation."""

    def __init__(self, head: DistancesHead) -> None:
        self._spec = head
        classes = 2 if head.outputs == 1 else head.outputs
        self._plain = [list(map(float, head.centroids[k::classes])) for k in range(classes)]
        self._units: list[float] | None = None
        self._scaled = self._plain
        if head.deviations is not None:
            self._units = [float(d) if d != 0.0 else 1.0 for d in head.deviations]
            self._scaled = [[c / d for c, d in zip(centroid, self._units, strict=True)] for centroid in self._plain]

    def score(self, row: Row | None, run: Run) -> Scored:
        """Scores by the distances in those units, the label perhaps by plain distances."""
        assert row is not None
        head = self._spec
        euclidean = head.metric == "euclidean"
        values = dict(zip(row.indices, row.values, strict=True))
        units = self._units
        scaled = values if units is None else {i: value / units[i] for i, value in values.items()}
        constants = head.constants or [0.0] * len(self._plain)
        scores, sizes = [], []
        for centroid, constant in zip(self._scaled, constants, strict=True):
            distance, size = _distance(scaled, centroid, euclidean=euclidean)
            scores.append(-(distance * distance if euclidean else distance) + constant)
            sizes.append(size + abs(constant))
        doubt = row.doubt | BOTH
        probabilities = None if head.link == "none" else softmax(scores)
        if head.label == "nearest":
            deciding = [_distance(values, centroid, euclidean=euclidean) for centroid in self._plain]
            by = [-(d * d if euclidean else d) for d, _ in deciding]
            nearest = [d for d, _ in deciding]
            labels = [nearest.index(min(nearest))]
            by_sizes = [size for _, size in deciding]
        else:
            labels, by, by_sizes = [first_greatest(scores)], scores, sizes
        sides = []
        for host in doubt:
            own = [slack(host, size) for size in sizes]
            decided = open_labels(by, [slack(host, size) for size in by_sizes], "argmax")
            most = link_slack(scores, own, head.link)
            sides.append(Slack([own[1] + own[0]] if head.outputs == 1 else own, most, decided))
        if head.outputs == 1:
            scores, sizes = [scores[1] - scores[0]], [sizes[0] + sizes[1]]
        return Scored(scores, sizes, probabilities, labels, *sides)


def _distance(row: dict[int, float], centroid: Sequence[float], *, euclidean: bool) -> tuple[float, float]:
    """The distance, and the size of what its square (or itself, where it is a sum) was added up of."""
    if not euclidean:
        total = 0.0
        for i, c in enumerate(centroid):
            total += abs(row.get(i, 0.0) - c)
        return total, total + sum(map(abs, centroid))
    product = own = other = 0.0
    for i in sorted(row):
        product += row[i] * centroid[i]
        own += row[i] * row[i]
    for c in centroid:
        other += c * c
    square = (-2.0 * product + own) + other
    return math.sqrt(max(0.0, square)), 2.0 * abs(product) + own + other


class Constant:
    """The same answer to every text."""

    def __init__(self, head: ConstantHead) -> None:
        probabilities = [float(p) for p in head.probabilities]
        nothing = Slack([0.0] * len(probabilities), 0.0, [False] * len(head.labels))
        self._answer = Scored(
            probabilities, [abs(p) for p in probabilities], probabilities, list(head.labels), nothing, nothing
        )

    def score(self, row: Row | None, run: Run) -> Scored:
        """Neither row nor text matter."""
        return self._answer
