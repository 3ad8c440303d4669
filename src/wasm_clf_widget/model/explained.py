"""Which models can be explained by n-grams: those whose score is a sum over features."""

from __future__ import annotations

from .spec import (
    ConstantHead,
    DistancesHead,
    Head,
    LayersHead,
    Model,
    OneVsOneHead,
    Svd,
    TreesHead,
    VoteHead,
)
from .tree import walk


def why_not_explained(model: Model) -> str | None:
    """Why the scores cannot be shared out among n-grams; None where they can."""
    if isinstance(model.head, ConstantHead):
        return "it gives every text the same answer, whatever n-grams it has"
    for stage in walk(model.pipeline):
        if isinstance(stage, Svd):
            return "behind TruncatedSVD every feature is a mixture of all n-grams"
        if (reason := _why(stage)) is not None:
            return reason
    return None


def _why(stage: Head | object) -> str | None:
    match stage:
        case LayersHead():
            return "the layers of a perceptron mix its features"
        case TreesHead():
            return "trees ask for features, they do not add them up"
        case DistancesHead():
            return "a distance to a centroid is no sum over the features of a text"
        case OneVsOneHead() | VoteHead(voting="hard"):
            return "votes are counted, not added up over features"
    return None
