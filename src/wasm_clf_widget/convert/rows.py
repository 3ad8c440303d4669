"""All before the classifier: vectorizers, unions and transformers, from the text to the row of features."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from sklearn.pipeline import FeatureUnion
from sklearn.pipeline import Pipeline as SklearnPipeline

from ..errors import UnsupportedPipelineError
from ..model.limits import MAX_TRANSFORMS
from ..model.numbers import doubles
from ..model.spec import Pipeline, Scale, Transform, Union, Vectorizer
from .job import Job, Row, below
from .steps import does_nothing, steps_of, unwrap
from .transformers import TRANSFORMERS, convert_transformer
from .unknown import refuse_transformer
from .vectorizers import VECTORIZERS, convert_vectorizer

MAX_BRANCHES: Final = 64


@dataclass(frozen=True, slots=True)
class Rows:
    """What has been read so far of a pipeline, and the row that it gives; None while that is still the text."""

    row: Row | None
    front: Vectorizer | Union | None = None
    transforms: tuple[Transform, ...] = ()

    def then(self, transforms: list[Transform], row: Row) -> Rows:
        """One step further."""
        return Rows(row, self.front, (*self.transforms, *transforms))


def convert_rows(job: Job, path: str, estimator: Any, rows: Rows) -> Rows:
    """One step further; what it refuses is noted, and the row behind it is one of unknown width."""
    try:
        path, estimator = unwrap(path, estimator)
        if type(estimator) is SklearnPipeline:
            for step, inner in steps_of(path, estimator):
                rows = convert_rows(job, step, inner, rows)
            return rows
        if type(estimator) is FeatureUnion:
            return _union(job, path, estimator, rows)
        if type(estimator) in VECTORIZERS and rows.row is None:
            front, transforms, n_features = convert_vectorizer(job.found, path, estimator)
            return Rows(Row(n_features), front, tuple(transforms))
        if type(estimator) in TRANSFORMERS and rows.row is not None:
            return rows.then(*convert_transformer(path, estimator, rows.row))
        raise refuse_transformer(path, estimator, first=rows.row is None)
    except UnsupportedPipelineError as error:
        job.found.add(error)
        return replace(rows, row=Row(None))


def check_length(path: str, transforms: tuple[Transform, ...]) -> None:
    """A file holds so many transforms in one list."""
    if len(transforms) > MAX_TRANSFORMS:
        raise UnsupportedPipelineError(
            path,
            "steps",
            f"{len(transforms)} transforms stand before the classifier; a model file holds {MAX_TRANSFORMS}",
            "fewer steps (TfidfTransformer is one transform each for sublinear_tf, idf and norm)",
        )


def _union(job: Job, path: str, union: Any, rows: Rows) -> Rows:
    branches: list[Pipeline] = []
    widths: list[Row] = []
    weights = union.transformer_weights or {}
    before = len(job.found.found)
    for name, transformer in union.transformer_list:
        if isinstance(transformer, str) and transformer == "drop":
            continue
        branch = Rows(rows.row)
        if not does_nothing(transformer):
            branch = convert_rows(job, below(path, name), transformer, branch)
        if branch.row is None:
            raise UnsupportedPipelineError(
                below(path, name),
                "passthrough",
                "the text itself is no feature",
                "a vectorizer, or 'drop'",
                edit={"": "drop"},
            )
        if (weight := weights.get(name)) is not None:
            _check_weight(below(path, name), weight)
            branch = branch.then([Scale(doubles([float(weight)]))], branch.row)
        assert branch.row is not None
        check_length(below(path, name), branch.transforms)
        branches.append(Pipeline(branch.front, branch.transforms))
        widths.append(branch.row)
    if not branches:
        raise UnsupportedPipelineError(path, "transformer_list", "it has no transformer left", "at least one of them")
    if len(branches) > MAX_BRANCHES:
        raise UnsupportedPipelineError(
            path, "transformer_list", f"it has {len(branches)} transformers; {MAX_BRANCHES} are held", "fewer of them"
        )
    found = [row.n_features for row in widths]
    known = [n for n in found if n is not None]
    row = Row(sum(known) if len(known) == len(found) else None, dense=any(one.dense for one in widths))
    if len(job.found.found) > before:
        return replace(rows, row=Row(None, row.dense))
    if len(branches) == 1:
        alone = branches[0]
        return Rows(row, rows.front if alone.front is None else alone.front, (*rows.transforms, *alone.transforms))
    together = Union(tuple(branches))
    return Rows(row, together) if rows.row is None else rows.then([together], row)


def _check_weight(path: str, weight: Any) -> None:
    if not abs(float(weight)) < float("inf"):
        raise UnsupportedPipelineError(path, "transformer_weights", f"the weight {weight!r} is not finite", "1.0")
