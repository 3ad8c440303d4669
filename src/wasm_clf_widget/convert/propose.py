"""The edited pipeline of a refusal: a clone that is ready to be fitted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn.base import clone

from ..errors import UnsupportedPipelineError
from .job import below


def propose(pipeline: Any, errors: Sequence[UnsupportedPipelineError]) -> Any | None:
    """A clone of ``pipeline``, not fitted, in which what is in the way has been replaced; None where none can be made.

    Every one of the errors needs an edit: a pipeline that would be refused again is no proposal.
    """
    if not errors or not all(error.edit for error in errors):
        return None
    try:
        edited = clone(pipeline)
        for error in errors:
            if "" in error.edit and not error.path:
                edited = error.edit[""]
                continue
            edited.set_params(
                **{below(error.path, name) if name else error.path: value for name, value in error.edit.items()}
            )
    except (TypeError, ValueError, AttributeError):
        # Parameters that cannot be cloned, a step that is frozen, or one that an earlier edit took out.
        return None
    return edited
