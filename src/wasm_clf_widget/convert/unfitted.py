"""The one refusal that every step may end in: it was never fitted."""

from __future__ import annotations

from typing import Any

from ..errors import UnsupportedPipelineError


class UnfittedError(UnsupportedPipelineError):
    """A refusal that no edit of the pipeline takes away, only ``fit``."""


def refuse_unfitted(step: str, estimator: Any) -> UnfittedError:
    """The refusal of an estimator that has not been fitted."""
    kind = type(estimator).__name__
    return UnfittedError(
        step,
        kind,
        f"this {kind} is not fitted",
        "call pipeline.fit(texts, labels) first and convert the fitted pipeline",
    )
