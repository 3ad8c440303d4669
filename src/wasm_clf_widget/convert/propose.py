"""The edited pipeline of a refusal: a clone that is ready to be fitted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from sklearn.base import clone

from ..errors import UnsupportedPipelineError
from .job import below
from .steps import SEARCHES
from .unfitted import UnfittedError

Errors = Sequence[UnsupportedPipelineError]

# An edit may bring to light what it replaced (an analyzer that is no callable looks at stop_words); never for long.
_ROUNDS: Final = 10


def propose_all(pipeline: Any, errors: Errors, look: Callable[[Any], Errors]) -> Any | None:
    """A clone of ``pipeline`` in which ``look`` finds only that it is to be fitted; None where none can be made."""
    edited = pipeline
    for _ in range(_ROUNDS):
        editable = [error for error in errors if not isinstance(error, UnfittedError)]
        if not editable:
            return None if edited is pipeline else edited
        edited = propose(edited, editable)
        if edited is None:
            return None
        errors = look(edited)
    return None


def propose(pipeline: Any, errors: Errors) -> Any | None:
    """A clone of ``pipeline``, not fitted, in which what is in the way has been replaced; None where none can be made.

    Every one of the errors needs an edit.
    """
    if not errors or not all(error.edit for error in errors):
        return None
    try:
        edited = clone(pipeline)
        # What is within comes first: a step's replacement may be a part of that step.
        for error in sorted(errors, key=lambda error: (-len(_parts(error.path)), "" in error.edit)):
            _forget_candidates(edited, error)
            edited = _edit(pipeline, edited, error)
    except (TypeError, ValueError, AttributeError, KeyError, RuntimeError):
        # Parameters that cannot be cloned (RuntimeError: a constructor that alters them, or hides them behind *args), a
        # step that is frozen, or one that an earlier edit took out.
        return None
    return edited


def _edit(pipeline: Any, edited: Any, error: UnsupportedPipelineError) -> Any:
    if "" not in error.edit:
        parameters = {below(error.path, name): value for name, value in error.edit.items()}
        return edited.set_params(**parameters)
    replacement = error.edit[""]
    if not isinstance(replacement, str):
        # A part of the caller's pipeline, which is left as it is: the same part of the edited one.
        part = next((name for name, value in _parameters(pipeline).items() if value is replacement), None)
        replacement = clone(replacement) if part is None else _parameters(edited)[part]
    return edited.set_params(**{error.path: replacement}) if error.path else replacement


def _forget_candidates(edited: Any, error: UnsupportedPipelineError) -> None:
    """A search would set again what has been edited, or the options of a step that is no longer there."""
    parts = _parts(error.path)
    for depth, part in enumerate(parts):
        outer = _at(edited, parts[:depth])
        if type(outer) not in SEARCHES or part != "estimator":
            continue
        inside = "__".join(parts[depth + 1 :])
        edited_names = [below(inside, name) if name else inside for name in error.edit]
        replacement = error.edit.get("")
        # What takes the place of its own subclass has the options that both have.
        alike = replacement is not None and isinstance(_at(edited, parts), type(replacement))
        kept = [below(inside, name) for name in _parameters(replacement)] if alike else []
        for option in ("param_grid", "param_distributions"):
            if (candidates := getattr(outer, option, None)) is not None:
                setattr(outer, option, _without(candidates, edited_names, kept, replaced="" in error.edit))


def _without(candidates: Any, edited: Sequence[str], kept: Sequence[str], *, replaced: bool) -> Any:
    if not isinstance(candidates, dict):
        return [_without(one, edited, kept, replaced=replaced) for one in candidates]
    return {
        key: values
        for key, values in candidates.items()
        if key in kept or not any(_is_within(name, key) or (replaced and _is_within(key, name)) for name in edited)
    }


def _is_within(path: str, outer: str) -> bool:
    return not outer or path == outer or path.startswith(f"{outer}__")


def _at(estimator: Any, parts: Sequence[str]) -> Any:
    return _parameters(estimator)["__".join(parts)] if parts else estimator


def _parameters(estimator: Any) -> dict[str, Any]:
    parameters: dict[str, Any] = estimator.get_params() if hasattr(estimator, "get_params") else {}
    return parameters


def _parts(path: str) -> list[str]:
    return path.split("__") if path else []
