"""From scores to probabilities and labels, as the source's own ``predict_proba`` and ``predict`` do it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..model.spec import LabelRule, Link
from .doubt import LINK


def sigmoid(score: float) -> float:
    """1 / (1 + exp(−score)) as scipy has it: 0 from where exp overflows, which decides when all shares are zero."""
    try:
        return 1.0 / (1.0 + math.exp(-score))
    except OverflowError:
        return 0.0


def softmax(scores: Sequence[float]) -> list[float]:
    """exp of each, the greatest subtracted, divided by their sum."""
    greatest = max(scores)
    return shares([math.exp(score - greatest) for score in scores])


def shares(parts: Sequence[float], *, even: bool = True) -> list[float]:
    """Each part of the whole. Where all are zero: ``even`` parts, as scikit-learn mostly answers then, or zeros."""
    whole = sum(parts)
    if whole != 0.0:
        return [part / whole for part in parts]
    return [1.0 / len(parts)] * len(parts) if even else list(parts)


def pair(p: float) -> list[float]:
    """The two classes of one probability."""
    return [1.0 - p, p]


def probabilities_of(scores: Sequence[float], link: Link) -> list[float] | None:
    """Probabilities; None where the source has only decision scores."""
    match link:
        case "none":
            return None
        case "softmax":
            return softmax(scores)
        case "softmax_pair":
            return softmax([-scores[0], scores[0]])
        case "logistic":
            return pair(sigmoid(scores[0]))
        case "ovr" | "ovr_zeros":
            return shares([sigmoid(score) for score in scores], even=link == "ovr")
        case "each":
            return [sigmoid(score) for score in scores]
        case "modified_huber":
            parts = [(min(max(score, -1.0), 1.0) + 1.0) / 2.0 for score in scores]
            return shares(parts) if len(parts) > 1 else pair(parts[0])


def link_slack(scores: Sequence[float], slacks: Sequence[float], link: Link) -> float:
    """How far a probability may be off where the scores may be that far off (proofs: ``convert.precision``)."""
    apart = sorted(slacks, reverse=True)
    # A sum of many shares is rounded once for each, on either side.
    base = LINK + max(0, len(scores) - 64) * 2.0**-52
    if link == "none" or apart[0] == 0.0:
        return base
    if link == "modified_huber" and len(scores) > 1:
        return math.inf  # near a row of zeros any small change decides
    if link in ("ovr", "ovr_zeros") and max(scores) < -700.0:
        return math.inf  # every σ is near the end of float64's range, where its relative error has no bound
    steepest = 0.5 if link in ("softmax_pair", "modified_huber") else 0.25
    return base + steepest * sum(apart[:2])


def labels_of(scores: Sequence[float], rule: LabelRule, threshold: float = 0.0) -> list[int]:
    """Index of the class, or for each class whether it is on."""
    match rule:
        case "sign":
            return [int(scores[0] > threshold)]
        case "sign_or_zero":
            return [int(scores[0] >= threshold)]
        case "each":
            return [int(score > threshold) for score in scores]
        case "argmax":
            return [first_greatest(scores)]
        case "argmax_last":
            return [len(scores) - 1 - first_greatest(scores[::-1])]


def first_greatest(scores: Sequence[float]) -> int:
    """Where the greatest stands, the first of equals."""
    return scores.index(max(scores))


def open_labels(
    scores: Sequence[float], slacks: Sequence[float], rule: LabelRule, threshold: float = 0.0
) -> list[bool]:
    """For each label whether a host whose scores are off by their slack may have another."""
    if rule in ("sign", "sign_or_zero", "each"):
        return [0.0 < slack >= abs(score - threshold) for score, slack in zip(scores, slacks, strict=True)]
    best = labels_of(scores, rule)[0]
    return [
        any(
            0.0 < slacks[best] + slack >= scores[best] - score
            for k, (score, slack) in enumerate(zip(scores, slacks, strict=True))
            if k != best
        )
    ]
