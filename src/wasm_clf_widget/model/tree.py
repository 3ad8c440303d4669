"""Walking a pipeline's tree in the order in which its stages stand in the document, depth first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from .spec import (
    CalibratedHead,
    Head,
    LinearHead,
    Model,
    MultiOutputHead,
    OneVsOneHead,
    OneVsRestHead,
    Pipeline,
    Transform,
    Union,
    Vectorizer,
    VoteHead,
)

_T = TypeVar("_T")


def members(head: Head | None) -> tuple[Pipeline, ...]:
    """The pipelines within a head."""
    if isinstance(head, CalibratedHead):
        return tuple(member.pipeline for member in head.members)
    if isinstance(head, VoteHead | OneVsRestHead | OneVsOneHead | MultiOutputHead):
        return head.members
    return ()


def walk(pipeline: Pipeline) -> Iterator[Vectorizer | Transform | Head]:
    """Every stage, each before what it holds."""
    stages = (pipeline.front, *pipeline.transforms)
    for stage in stages:
        if stage is None:
            continue
        yield stage
        if isinstance(stage, Union):
            for branch in stage.branches:
                yield from walk(branch)
    if pipeline.head is not None:
        yield pipeline.head
        for member in members(pipeline.head):
            yield from walk(member)


def pipelines(pipeline: Pipeline) -> Iterator[Pipeline]:
    """The pipeline and all within it: branches of unions, members of heads."""
    yield pipeline
    for stage in (pipeline.front, *pipeline.transforms):
        if isinstance(stage, Union):
            for branch in stage.branches:
                yield from pipelines(branch)
    for member in members(pipeline.head):
        yield from pipelines(member)


def stages_of(pipeline: Pipeline, kind: type[_T]) -> tuple[_T, ...]:
    """The stages of one kind."""
    return tuple(stage for stage in walk(pipeline) if isinstance(stage, kind))


def vectorizers(model: Model) -> tuple[Vectorizer, ...]:
    """The vectorizers, as the file and the engine count them."""
    return stages_of(model.pipeline, Vectorizer)


def plain(model: Model) -> tuple[Vectorizer, tuple[Transform, ...], LinearHead] | None:
    """Vectorizer, transforms and head of a model that has one of each and nothing within them; else None.

    Only of such a model are float32's rounding and scikit-learn's own bits proved.
    """
    p = model.pipeline
    if (
        isinstance(p.front, Vectorizer)
        and isinstance(p.head, LinearHead)
        and not any(isinstance(transform, Union) for transform in p.transforms)
    ):
        return p.front, p.transforms, p.head
    return None
