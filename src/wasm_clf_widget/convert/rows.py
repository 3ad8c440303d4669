"""All before the classifier: vectorizers, unions and transformers, from the text to the row of features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion
from sklearn.pipeline import Pipeline as SklearnPipeline

from ..errors import UnsupportedPipelineError
from ..model.limits import MAX_TRANSFORMS
from ..model.numbers import doubles
from ..model.spec import Pipeline, Scale, Transform, Union, Vectorizer
from .job import Job, Row, below
from .options import with_possible_options
from .steps import does_nothing, plain_composition, steps_of, unwrap
from .transformers import TRANSFORMERS, convert_transformer
from .unknown import refuse_cleaner, refuse_composition, refuse_transformer
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


def convert_steps(job: Job, steps: Sequence[tuple[str, Any]], rows: Rows, *, texts_after: bool) -> Rows:
    """All of these steps further. ``texts_after``: what comes behind them is still given texts."""
    for i, (step, estimator) in enumerate(steps):
        texts = texts_after or any(reads_texts(later) for _, later in steps[i + 1 :])
        rows = convert_rows(job, step, estimator, rows, texts_after=texts)
    return rows


def convert_rows(job: Job, path: str, estimator: Any, rows: Rows, *, texts_after: bool = False) -> Rows:
    """One step further; what it refuses is noted, and the row behind it is one of unknown width."""
    try:
        path, estimator = unwrap(path, estimator)
        estimator = own_composition(job, path, estimator)
        if type(estimator) is SklearnPipeline:
            return convert_steps(job, steps_of(path, estimator), rows, texts_after=texts_after)
        if type(estimator) is FeatureUnion:
            return _union(job, path, estimator, rows)
        if rows.row is None and texts_after and not reads_texts(estimator):
            job.found.add(refuse_cleaner(path, estimator))
            return rows
        if type(estimator) in VECTORIZERS and rows.row is None:
            front, transforms, n_features = convert_vectorizer(job.found, path, estimator)
            return Rows(Row(n_features), front, tuple(transforms))
        if type(estimator) in TRANSFORMERS and rows.row is not None:
            possible = with_possible_options(job.found, path, estimator)
            return rows.then(*convert_transformer(job.found, path, possible, rows.row))
        raise refuse_transformer(path, estimator, first=rows.row is None)
    except UnsupportedPipelineError as error:
        job.found.add(error)
        # Behind a TruncatedSVD, or what one is proposed for, every entry counts, also where it could not be read.
        svd = any(isinstance(one, TruncatedSVD) for one in (estimator, error.edit.get("")))
        return replace(rows, row=Row(None, dense=svd or (rows.row is not None and rows.row.dense)))


def own_composition(job: Job, path: str, estimator: Any) -> Any:
    """The estimator; for a subclass of Pipeline or FeatureUnion, which is refused, scikit-learn's own of its steps."""
    if not isinstance(estimator, SklearnPipeline | FeatureUnion) or type(estimator) in (SklearnPipeline, FeatureUnion):
        return estimator
    plain = plain_composition(estimator)
    job.found.add(refuse_composition(path, estimator, plain))
    return plain


def reads_texts(estimator: Any) -> bool:
    """Whether what takes the raw input stands in it, however deep: then the steps before it leave texts to it."""
    if isinstance(estimator, (*VECTORIZERS, DictVectorizer, FeatureHasher)):
        return True
    try:
        values = estimator.get_params(deep=False).values()
    except Exception:  # a stranger's code, or nothing with parameters
        return False
    # Lists of steps are tuples of a name, an estimator and perhaps columns.
    parts = [
        part for value in values if isinstance(value, list) for one in value if isinstance(one, tuple) for part in one
    ]
    return any(reads_texts(part) for part in (*values, *parts))


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
    before = job.found.refusals
    weights = union.transformer_weights or {}
    kept = [(name, one) for name, one in union.transformer_list if not (isinstance(one, str) and one == "drop")]
    job.found.attempt(_check_count, path, len(kept), rows.row)
    job.found.attempt(_check_weights, path, weights, [name for name, _ in kept])
    branches = [_branch(job, below(path, name), one, weights.get(name), rows.row) for name, one in kept]
    widths = [branch.row for branch in branches if branch.row is not None]
    known = [row.n_features for row in widths if row.n_features is not None]
    row = Row(sum(known) if len(known) == len(kept) else None, dense=any(one.dense for one in widths))
    if job.found.refusals > before:
        return replace(rows, row=Row(None, row.dense))
    if len(branches) == 1:
        alone = branches[0]
        return Rows(row, rows.front if alone.front is None else alone.front, (*rows.transforms, *alone.transforms))
    together = Union(tuple(Pipeline(branch.front, branch.transforms) for branch in branches))
    return Rows(row, together) if rows.row is None else rows.then([together], row)


def _branch(job: Job, path: str, transformer: Any, weight: Any, row: Row | None) -> Rows:
    branch = Rows(row)
    if not does_nothing(transformer):
        branch = convert_rows(job, path, transformer, branch)
    if branch.row is None:
        job.found.add(
            UnsupportedPipelineError(
                path,
                "passthrough",
                "the text itself is no feature",
                "a vectorizer, or 'drop'",
                edit={"": "drop"},
            )
        )
    elif weight is not None:
        branch = branch.then([Scale(doubles([float(weight)]))], branch.row)
    job.found.attempt(check_length, path, branch.transforms)
    return branch


def _check_count(path: str, count: int, row: Row | None) -> None:
    if not count:
        raise UnsupportedPipelineError(
            path,
            "transformer_list",
            "it has no transformer left",
            "at least one of them",
            edit={"": TfidfVectorizer() if row is None else "passthrough"},
        )
    if count > MAX_BRANCHES:
        raise UnsupportedPipelineError(
            path, "transformer_list", f"it has {count} transformers; {MAX_BRANCHES} are held", "fewer of them"
        )


def _check_weights(path: str, weights: Mapping[str, Any], kept: Sequence[str]) -> None:
    given = {name: weights[name] for name in kept if weights.get(name) is not None}
    bad = {name: weight for name, weight in given.items() if not abs(float(weight)) < float("inf")}
    if bad:
        raise UnsupportedPipelineError(
            path,
            "transformer_weights",
            "; ".join(f"the weight {weight!r} of {name!r} is not finite" for name, weight in bad.items()),
            "1.0",
            edit={"transformer_weights": {**weights, **dict.fromkeys(bad, 1.0)}},
        )
