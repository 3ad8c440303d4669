"""Pipelines, ready to run: from the text (or the row around) through the transforms to the head."""

from __future__ import annotations

from collections.abc import Sequence

from ..model.spec import (
    CalibratedHead,
    ConstantHead,
    DistancesHead,
    Head,
    LayersHead,
    LinearHead,
    MultiOutputHead,
    OneVsOneHead,
    OneVsRestHead,
    Pipeline,
    Transform,
    TreesHead,
    Union,
    Vectorizer,
    VoteHead,
)
from ..model.tree import members
from .combined import Calibrated, MultiOutput, OneVsOne, OneVsRest, Vote
from .doubt import NONE
from .heads import Constant, Distances, Layers, Linear, Scorer
from .row import Features, Row, Run
from .scored import Scored
from .transforms import transformed
from .trees import Trees


class Stages:
    """A pipeline. ``found`` collects the vectorizers in the order of the document."""

    def __init__(self, pipeline: Pipeline, found: list[tuple[Features, Stages]], *, single: bool) -> None:
        self.front: Features | list[Stages] | None = None
        match pipeline.front:
            case Vectorizer() as vectorizer:
                self.front = Features(vectorizer, len(found))
                found.append((self.front, self))
            case Union(branches):
                self.front = [Stages(branch, found, single=single) for branch in branches]
        self._transforms: list[Transform | list[Stages]] = [
            [Stages(branch, found, single=single) for branch in t.branches] if isinstance(t, Union) else t
            for t in pipeline.transforms
        ]
        self.spec = pipeline.head
        self.members = [Stages(member, found, single=single) for member in members(pipeline.head)]
        self.head = None if pipeline.head is None else _head(pipeline.head, self.members, single=single)

    def row(self, run: Run, around: Row | None) -> Row | None:
        """The row behind the transforms; None where there is none (a head whose members read the text)."""
        counts = isinstance(self.front, Features)
        if isinstance(self.front, Features):
            row: Row | None = self.front.row(run)
        elif self.front is not None:
            row = _side_by_side(self.front, run, None)
        else:
            row = around
        for transform in self._transforms:
            assert row is not None
            row = (
                _side_by_side(transform, run, row)
                if isinstance(transform, list)
                else transformed(row, transform, counts=counts)
            )
            counts = False
        return row

    def scored(self, run: Run, around: Row | None) -> Scored:
        """What the head makes of it."""
        assert self.head is not None
        return self.head.score(self.row(run, around), run)


def _side_by_side(branches: Sequence[Stages], run: Run, around: Row | None) -> Row:
    rows = []
    for branch in branches:
        row = branch.row(run, around)
        assert row is not None
        rows.append(row)
    indices: list[int] = []
    width, doubt = 0, NONE
    for row in rows:
        indices.extend(width + index for index in row.indices)
        width += row.width
        doubt |= row.doubt
    traced = [row.origins for row in rows if row.origins is not None]
    return Row(
        width,
        indices,
        [value for row in rows for value in row.values],
        [size for row in rows for size in row.sizes],
        [origin for origins in traced for origin in origins] if len(traced) == len(rows) else None,
        dense=all(row.dense for row in rows),
        doubt=doubt,
    )


def _head(head: Head, stages: Sequence[Stages], *, single: bool) -> Scorer:
    match head:
        case LinearHead():
            return Linear(head, single=single)
        case LayersHead():
            return Layers(head)
        case DistancesHead():
            return Distances(head)
        case ConstantHead():
            return Constant(head)
        case TreesHead():
            return Trees(head)
        case CalibratedHead():
            return Calibrated(head, stages)
        case VoteHead():
            return Vote(head, stages)
        case OneVsRestHead():
            return OneVsRest(head, stages)
        case OneVsOneHead():
            return OneVsOne(head, stages)
        case MultiOutputHead():
            return MultiOutput(stages)
