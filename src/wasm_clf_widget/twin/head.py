"""The row of features → scores → probabilities → label."""

from __future__ import annotations

import math
from array import array

from ..errors import InputError
from ..model.spec import LabelRule, LinearHead, Link, Weights
from .row import Row


class Head:
    """A linear head: sums in ascending order of the features from 0.0, the intercept last."""

    def __init__(self, head: LinearHead, weights: Weights) -> None:
        self._spec = head
        self._single = weights == "float32"

    def coefficients(self, index: int) -> list[float]:
        """The feature's coefficient for each output, rounded to float32 where the model says so."""
        outputs = self._spec.outputs
        row = self._spec.coef[index * outputs : (index + 1) * outputs]
        return list(array("f" if self._single else "d", row))

    def scores(self, row: Row) -> tuple[list[float], list[float]]:
        """Decision scores, and Σ|wᵢxᵢ| of each, by which tolerances are measured."""
        sums = [0.0] * self._spec.outputs
        sizes = [0.0] * self._spec.outputs
        for index, value in row:
            for output, coefficient in enumerate(self.coefficients(index)):
                product = coefficient * value
                sums[output] += product
                sizes[output] += abs(product)
        scores = [total + float(last) for total, last in zip(sums, self._spec.intercept, strict=True)]
        for score in scores:
            if not math.isfinite(score):
                raise InputError(
                    f"a decision score of this text becomes {score}: the model's weights are too great for it"
                )
        return scores, sizes


def label_of(scores: list[float], rule: LabelRule) -> int:
    """The source's own ``predict``: class 1 where the one score is above 0, else the first of the greatest."""
    if rule == "sign":
        return 1 if scores[0] > 0.0 else 0
    return scores.index(max(scores))


def probabilities_of(scores: list[float], link: Link) -> list[float] | None:
    """Probabilities of the C classes; None where the source has only decision scores."""
    if link == "none":
        return None
    if link == "softmax":
        return _softmax(scores)
    if link == "softmax_pair":
        return _softmax([-scores[0], scores[0]])
    if link == "logistic":
        positive = _sigmoid(scores[0])
        return [1.0 - positive, positive]
    if link == "ovr":
        return _shares([_sigmoid(score) for score in scores])
    shares = [(min(max(score, -1.0), 1.0) + 1.0) / 2.0 for score in scores]
    return _shares(shares) if len(shares) > 1 else [1.0 - shares[0], shares[0]]


def _sigmoid(score: float) -> float:
    """1 / (1 + exp(−score)) as scipy has it: 0 from where exp overflows, which decides when all shares are zero."""
    try:
        return 1.0 / (1.0 + math.exp(-score))
    except OverflowError:
        return 0.0


def _softmax(scores: list[float]) -> list[float]:
    greatest = max(scores)
    return _shares([math.exp(score - greatest) for score in scores])


def _shares(parts: list[float]) -> list[float]:
    """Each part of the whole; equal parts where all are zero, as scikit-learn answers then."""
    whole = sum(parts)
    return [part / whole for part in parts] if whole != 0.0 else [1.0 / len(parts)] * len(parts)
