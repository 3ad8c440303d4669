"""How many numbers a pipeline gives for one text: K scores, P probabilities, L labels (docs/model-file.md)."""

from __future__ import annotations

from typing import NamedTuple

from .spec import (
    CalibratedHead,
    ConstantHead,
    DistancesHead,
    Head,
    LayersHead,
    LinearHead,
    Model,
    MultiOutputHead,
    OneVsOneHead,
    OneVsRestHead,
    Pipeline,
    Select,
    Svd,
    Transform,
    TreesHead,
    Union,
    Vectorizer,
    VoteHead,
)


class Shape(NamedTuple):
    """Columns of scores, probabilities (0: there are none) and labels."""

    scores: int
    probabilities: int
    labels: int


def shape_of(model: Model) -> Shape:
    """What one text of the model gives."""
    return head_shape(model.head)


def head_shape(head: Head) -> Shape:
    """What one row gives."""
    match head:
        case TreesHead(combine="mean"):
            return Shape(head.outputs, head.outputs, 1)
        case TreesHead(combine="mean", outputs=classes):
            return Shape(classes, classes, 1)
        case LinearHead() | TreesHead():
            return _linked(head.outputs, head.link, each=head.label == "each")
        case LayersHead():
            p = head.layers[-1].outputs if head.link != "logistic" else 2
            return Shape(p, p, p if head.link == "each" else 1)
        case DistancesHead():
            return _linked(head.outputs, head.link)
        case ConstantHead():
            return Shape(len(head.probabilities), len(head.probabilities), len(head.labels))
        case CalibratedHead():
            classes = class_count(head.members[0].pipeline)
            return Shape(classes, classes, 1)
        case VoteHead():
            classes = class_count(head.members[0])
            return Shape(classes, classes if head.voting == "soft" else 0, 1)
        case OneVsRestHead():
            return _one_vs_rest(head)
        case OneVsOneHead():
            return Shape(1 if head.classes == 2 else head.classes, 0, 1)
        case MultiOutputHead():
            shapes = [pipeline_shape(member) for member in head.members]
            p = sum(s.probabilities for s in shapes) if all(s.probabilities for s in shapes) else 0
            return Shape(sum(s.scores for s in shapes), p, sum(s.labels for s in shapes))


def pipeline_shape(pipeline: Pipeline) -> Shape:
    """The shape of a pipeline that has a head."""
    assert pipeline.head is not None
    return head_shape(pipeline.head)


def class_count(pipeline: Pipeline) -> int:
    """How many classes a pipeline with one label chooses from: K = 1 stands for two."""
    shape = pipeline_shape(pipeline)
    return shape.probabilities or max(2, shape.scores)


def _linked(outputs: int, link: str, *, each: bool = False) -> Shape:
    p = 0 if link == "none" else 2 if outputs == 1 and link != "each" else outputs
    return Shape(outputs, p, outputs if each else 1)


def _one_vs_rest(head: OneVsRestHead) -> Shape:
    """Probabilities where every member has them. With ``input`` "probability" scores are all that the source has."""
    count = len(head.members)
    has = all(pipeline_shape(member).probabilities for member in head.members)
    if head.label == "each":
        return Shape(count, count if has else 0, count)
    classes = 2 if count == 1 else count
    return Shape(classes if head.input == "probability" else count, classes if has else 0, 1)


def width_after(width: int, transform: Transform) -> int:
    """How many features a row has behind a transform."""
    if isinstance(transform, Select | Svd):
        return transform.n_features
    if isinstance(transform, Union):
        return sum(row_width(branch, width) for branch in transform.branches)
    return width


def row_width(pipeline: Pipeline, width: int = 0) -> int:
    """Features of the row at the end of a pipeline's transforms; ``width`` is that of the row it is given."""
    match pipeline.front:
        case Vectorizer(n_features=n):
            width = n
        case Union(branches):
            width = sum(row_width(branch) for branch in branches)
    for transform in pipeline.transforms:
        width = width_after(width, transform)
    return width
