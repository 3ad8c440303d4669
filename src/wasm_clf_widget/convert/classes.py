"""``classes_`` as Python's own str, int or bool."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import UnsupportedPipelineError
from ..model.limits import MAX_CLASSES
from ..model.spec import Classes


def convert_classes(step: str, classes: Any, *, fewest: int = 2) -> Classes:
    """The classes of one output, in the order of ``classes_``."""
    values = np.asarray(classes).tolist()
    if not fewest <= len(values) <= MAX_CLASSES:
        raise UnsupportedPipelineError(
            step,
            "classes_",
            f"there {'is' if len(values) == 1 else 'are'} {len(values):,} class{'es' * (len(values) != 1)}; a model "
            f"file holds {fewest} to {MAX_CLASSES:,}",
            "fit on at least two classes" if len(values) < fewest else "fewer classes, and fit again",
        )
    if all(isinstance(value, str) for value in values):
        labels = tuple(str(value) for value in values)
        for label in labels:
            if any("\ud800" <= character <= "\udfff" for character in label):
                raise UnsupportedPipelineError(
                    step, "classes_", f"the class {label!r} holds a lone surrogate", "class names that are text"
                )
        return Classes("str", labels)
    if all(isinstance(value, (bool, np.bool_)) for value in values):
        return Classes("bool", tuple(bool(value) for value in values))
    if all(isinstance(value, (int, np.integer)) and not isinstance(value, bool) for value in values):
        return Classes("int", tuple(int(value) for value in values))
    kinds = ", ".join(sorted({type(value).__name__ for value in values}))
    raise UnsupportedPipelineError(
        step,
        "classes_",
        f"the classes are of type {kinds}",
        "labels that are all str, all int or all bool, and fit again",
    )


def count_classes(n: int) -> Classes:
    """The classes of a multilabel classifier: the columns of the indicator matrix that it was fitted on."""
    return Classes("int", tuple(range(n)))
