"""A fitted scikit-learn pipeline → a model with the same answers, or a refusal with a way out."""

from __future__ import annotations

import platform
import unicodedata
from typing import Any, Literal

import sklearn

from ..errors import UnsupportedPipelineError
from ..model.spec import Model, Source
from .classifier import convert_classifier
from .job import Job
from .precision import choose_weights
from .propose import propose_all
from .source import SourceAnswers, source_answers
from .versions import check_version

__all__ = ["SourceAnswers", "model_from_sklearn", "source_answers"]


def model_from_sklearn(
    pipeline: Any,
    *,
    name: str,
    weights: Literal["auto", "float64", "float32"] = "auto",
    version: str = "1",
) -> Model:
    """The model that answers as ``pipeline`` does.

    Args:
        pipeline: a fitted ``Pipeline`` from text to label, or a classifier around such pipelines; docs/supported.md
            lists what may stand in it.
        name: the model's name, kept in its file.
        weights: "float64" for the same bits as scikit-learn's, "float32" for half the size and more speed, "auto" for
            float32 where its error is proved to be at most 1e-6 in every probability (see ``precision``).
        version: the model's version, kept in its file.

    Returns:
        The model, without certificate and look-up tables.

    Raises:
        UnsupportedPipelineError: what is in the way, why, and what would work.
    """
    check_version()
    job = Job(convert_classifier)
    converted = convert_classifier(job, "", pipeline, None)
    if job.found.found or converted is None:
        error = job.found.found[0]
        error.suggestion = propose_all(pipeline, job.found.found, obstacles) or error.advice
        raise error
    found = converted.pipeline
    chosen, bound = choose_weights(found, weights)
    return Model(
        name=name,
        version=version,
        source=Source("scikit-learn", sklearn.__version__, platform.python_version()),
        unicode=unicodedata.unidata_version,
        class_sets=converted.class_sets,
        weights=chosen,
        bound=bound,
        uncertain_below=None,
        pipeline=found,
        targets=converted.targets,
        decision=converted.decision,
    )


def obstacles(pipeline: Any) -> list[UnsupportedPipelineError]:
    """Everything in the pipeline that ``model_from_sklearn`` would refuse."""
    job = Job(convert_classifier)
    job.found.attempt(check_version)
    convert_classifier(job, "", pipeline, None)
    return job.found.found
