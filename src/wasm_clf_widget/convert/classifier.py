"""From an estimator that answers, whatever it is, to its pipeline in the model file."""

from __future__ import annotations

from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline as SklearnPipeline
from sklearn.pipeline import make_pipeline

from ..errors import UnsupportedPipelineError
from ..model.spec import Pipeline
from .heads import HEADS, META
from .job import Classified, Job, Row, below
from .options import with_possible_options
from .rows import Rows, check_length, convert_steps, own_composition, reads_texts
from .steps import steps_of, unfitted_within, unwrap
from .unknown import refuse_classifier


def convert_classifier(job: Job, path: str, estimator: Any, row: Row | None) -> Classified | None:
    """The estimator's ``Classified``; None where something is in the way, which is noted in ``job.found``."""
    before = job.found.refusals
    result = job.found.attempt(_convert, job, path, estimator, row)
    return result if job.found.refusals == before else None


def _convert(job: Job, path: str, estimator: Any, row: Row | None) -> Classified | None:
    if (template := unfitted_within(estimator)) is not None:
        # So that a check sees all of it; what unwrap has to say comes last.
        job.member(below(path, "estimator"), template, row)
    path, estimator = unwrap(path, estimator)
    estimator = own_composition(job, path, estimator)
    if type(estimator) is SklearnPipeline:
        return _pipeline(job, path, estimator, row)
    if (meta := META.get(type(estimator))) is not None:
        return meta(job, path, with_possible_options(job.found, path, estimator), row)
    head = HEADS.get(type(estimator))
    if head is None:
        raise refuse_classifier(path, estimator, dense=row is not None and row.dense)
    if row is None:
        kind = type(estimator).__name__
        raise UnsupportedPipelineError(
            path,
            kind,
            f"a {kind} alone was given; it takes rows of features, not texts",
            f"make_pipeline(vectorizer, {kind}(…)), with the vectorizer that made its rows",
            edit={"": make_pipeline(TfidfVectorizer(), estimator)},
        )
    return head(job, path, with_possible_options(job.found, path, estimator), row)


def _pipeline(job: Job, path: str, pipeline: Any, row: Row | None) -> Classified | None:
    steps = steps_of(path, pipeline)
    if not steps:
        raise UnsupportedPipelineError(
            path,
            "steps",
            "it has no steps that do anything",
            "make_pipeline(TfidfVectorizer(), LogisticRegression())",
            edit={"": make_pipeline(TfidfVectorizer(), LogisticRegression())},
        )
    *before, (last, classifier) = steps
    rows = convert_steps(job, before, Rows(row), texts_after=reads_texts(classifier))
    found = job.member(last, classifier, rows.row)
    if found is None:
        return None
    inner = found.pipeline
    transforms = (*rows.transforms, *inner.transforms)
    check_length(before[-1][0] if before else last, transforms)
    front = rows.front if inner.front is None else inner.front
    return Classified(Pipeline(front, transforms, inner.head), found.class_sets, found.targets, found.decision)
