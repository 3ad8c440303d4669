"""A model with other parts, for tests on any host (no numpy, no scikit-learn)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from wasm_clf_widget.model.spec import Classes, Model


def changed(model: Model, **changes: Any) -> Model:
    """The model with other parts of its pipeline (``front``, ``transforms``, ``head``) or other ``classes``."""
    if "classes" in changes:
        values = tuple(changes.pop("classes"))
        kind: Any = changes.pop("class_type", type(values[0]).__name__)
        changes["class_sets"] = (Classes(kind, values),)
    of_pipeline = {key: changes.pop(key) for key in ("front", "transforms", "head") if key in changes}
    return replace(model, pipeline=replace(model.pipeline, **of_pipeline), **changes)
