"""Why random pipelines, made only of what the issues name, may be refused all the same."""

from __future__ import annotations

ALLOWED = (
    "there is 1 class",  # a corpus without a second label
    "fitted on different",
    "it keeps no feature",
    "the first label was the same in all training texts",
    "knows the classes",  # a fold without one of the classes
    "infinite or NaN",  # the source's own weights: they overflowed in the fit, or are 0/0 (ComplementNB's norm of one)
    "the reciprocal of a scale",
    "are of type float",
)
"""Parts of the reasons: what the training data do to an estimator, or what the issues refuse."""


def may_be_refused(reason: str) -> bool:
    """Whether the reason is one of these."""
    return any(allowed in reason for allowed in ALLOWED)
