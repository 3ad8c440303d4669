"""The steps of a pipeline that do something, whatever they are called and however they are nested."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sklearn.pipeline import Pipeline

from ..errors import UnsupportedPipelineError


def steps_of(pipeline: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The steps that do something, those of pipelines within the pipeline among them."""
    if type(pipeline) is not Pipeline:
        kind = type(pipeline).__name__
        raise UnsupportedPipelineError(
            prefix.rstrip(".") or "pipeline",
            kind,
            f"a {kind} was given; only a sklearn.pipeline.Pipeline from texts to labels can be converted",
            "make_pipeline(vectorizer, classifier)",
        )
    for step, estimator in pipeline.steps:
        if estimator is None or (isinstance(estimator, str) and estimator == "passthrough"):
            continue
        if isinstance(estimator, Pipeline):
            yield from steps_of(estimator, f"{prefix}{step}.")
        else:
            yield f"{prefix}{step}", estimator
