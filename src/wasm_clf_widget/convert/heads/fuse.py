"""One table of weights in place of a linear member for each class, where both give the same numbers."""

from __future__ import annotations

from typing import Final

import numpy as np

from ...model.limits import MAX_WEIGHTS
from ...model.numbers import doubles
from ...model.spec import LabelRule, LinearHead, Link, Pipeline

_TOGETHER: Final[dict[tuple[Link, bool], Link]] = {
    ("none", False): "none",
    ("none", True): "none",
    ("logistic", False): "ovr_zeros",
    ("logistic", True): "each",
}


def fused(members: tuple[Pipeline, ...], label: LabelRule) -> LinearHead | None:
    """The linear head of binary linear members on one row; None where one is anything else."""
    heads = [member.head for member in members]
    linear = [head for head in heads if isinstance(head, LinearHead) and head.outputs == 1]
    if len(linear) < len(heads) or any(member.front or member.transforms for member in members):
        return None
    if len(linear) == 1 and label == "sign":
        return linear[0]
    links = {head.link for head in linear}
    link = _TOGETHER.get((links.pop(), label == "each")) if len(links) == 1 else None
    if link is None or sum(len(head.coef) for head in linear) > MAX_WEIGHTS:
        return None
    coef = np.empty((len(linear[0].coef), len(linear)))
    for k, head in enumerate(linear):
        coef[:, k] = np.frombuffer(doubles(head.coef))
    bias = doubles([head.intercept[0] for head in linear])
    return LinearHead("linear", link, label, len(linear), doubles(coef), bias)
