"""Pipelines to and from the document: the order of stages, what stands within what, and the width of rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..errors import ModelFileError
from . import heads, limits
from .reading import JsonObject, Reader
from .shape import row_width, width_after
from .spec import Pipeline, Transform, Union, Vectorizer
from .stages import KINDS, Json, read_transform, read_vectorizer, write_transform, write_vectorizer
from .writing import Writer


def write_pipeline(
    out: Writer, pipeline: Pipeline, width: int, tables: Iterator[bytes | memoryview | None]
) -> list[Json]:
    """The stages of a pipeline. ``tables`` gives the next vectorizer's look-up table."""
    stages: list[Json] = []
    match pipeline.front:
        case Vectorizer() as vectorizer:
            stages.append(write_vectorizer(out, vectorizer, next(tables, None)))
            width = vectorizer.n_features
        case Union() as union:
            stages.append(_write_union(out, union, 0, tables))
            width = sum(map(row_width, union.branches))
    for position, transform in enumerate(pipeline.transforms):
        if isinstance(transform, Union):
            stages.append(_write_union(out, transform, width, tables))
        else:
            stages.append(write_transform(out, transform, position, width))
        width = width_after(width, transform)
    if pipeline.head is not None:
        stages.append(heads.write_head(out, pipeline.head, width, lambda p: write_pipeline(out, p, width, tables)))
    return stages


def _write_union(out: Writer, union: Union, width: int, tables: Iterator[bytes | memoryview | None]) -> Json:
    return {"stage": "union", "branches": [write_pipeline(out, branch, width, tables) for branch in union.branches]}


def read_pipeline(
    reader: Reader, stages: list[Any], where: str, *, width: int | None, headed: bool, depth: int = 1
) -> Pipeline:
    """A pipeline whose input is a row of ``width`` features, or the text: always where ``width`` is None.

    ``headed``: whether it ends with a head.
    """
    if depth > limits.MAX_NESTING:
        raise ModelFileError(f"{where}: pipelines nest deeper than {limits.MAX_NESTING}")
    if headed and not stages:
        raise ModelFileError(f"{where}: the pipeline has no stages, it must end with a head")
    objects = [JsonObject(stage, f"{where}[{i}]") for i, stage in enumerate(stages)]
    front: Vectorizer | Union | None = None
    if objects and _from_text(objects[0]):
        first = objects.pop(0)
        if first.value["stage"] == "vectorize":
            front = read_vectorizer(reader, first)
            width = front.n_features
        else:
            front = _read_union(reader, first, None, depth)
            width = sum(map(row_width, front.branches))
            _check_width(first, width)
    last = objects.pop() if headed and objects else None
    if headed and last is None:
        raise ModelFileError(f"{where}: the pipeline has no head behind its vectorizer")
    if len(objects) > limits.MAX_TRANSFORMS:
        raise ModelFileError(
            f"{where}: {len(objects)} stages between vectorizer and head, at most {limits.MAX_TRANSFORMS} are allowed"
        )
    transforms: list[Transform] = []
    for stage in objects:
        kind = stage.choice("stage", KINDS)
        if width is None:
            raise stage.fault(f"{kind!r} needs a row of features: the pipeline must begin with 'vectorize' or 'union'")
        if kind == "union":
            transforms.append(_read_union(reader, stage, width, depth))
        else:
            transforms.append(read_transform(reader, stage, kind, width))
        width = width_after(width, transforms[-1])
        _check_width(stage, width)
    if front is None and not transforms and last is None and width is None:
        raise ModelFileError(f"{where}: a branch from the text begins with 'vectorize' or 'union'")
    if last is None:
        return Pipeline(front, tuple(transforms))

    def member(inner: Any, place: str) -> Pipeline:
        if not isinstance(inner, list):
            raise ModelFileError(f"{place}: a member is a list of stages")
        return read_pipeline(reader, inner, place, width=width, headed=True, depth=depth + 1)

    return Pipeline(front, tuple(transforms), heads.read_head(reader, last, width, member))


def _from_text(stage: JsonObject) -> bool:
    """Whether a first stage reads the text: a vectorizer, or a union whose first branch begins with one."""
    while stage.value.get("stage") == "union":
        branches = stage.value.get("branches")
        if not (isinstance(branches, list) and branches and isinstance(branches[0], list) and branches[0]):
            return False
        stage = JsonObject(branches[0][0], f"{stage.where}.branches[0][0]")
    return stage.value.get("stage") == "vectorize"


def _read_union(reader: Reader, stage: JsonObject, width: int | None, depth: int) -> Union:
    branches = []
    for i, branch in enumerate(stage.list("branches", 1, limits.MAX_BRANCHES)):
        where = f"{stage.where}.branches[{i}]"
        if not isinstance(branch, list):
            raise stage.fault(f"branches[{i}] is no list of stages")
        branches.append(read_pipeline(reader, branch, where, width=width, headed=False, depth=depth + 1))
        if width is not None and branches[-1].front is not None:
            raise stage.fault(f"branches[{i}] begins with the text, the union stands among transforms of a row")
    return Union(tuple(branches))


def _check_width(stage: JsonObject, width: int) -> None:
    if width > limits.MAX_FEATURES:
        raise stage.fault(f"the row has {width:,} features, {limits.MAX_FEATURES:,} are allowed")
