"""Options that scikit-learn itself would not take: they end in an error in ``fit``, and are refused before."""

from __future__ import annotations

import copy
import inspect
from typing import Any

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from ..errors import UnsupportedPipelineError
from .findings import Findings, ImpossibleOptionError
from .job import below
from .steps import SEARCHES


def with_possible_options(found: Findings, step: str, estimator: Any) -> Any:
    """The estimator; with another value in place of each that ``fit`` would not take, which is noted.

    So its other options can be read. One that was fitted had options that scikit-learn took: it is left as it is.
    """
    # scikit-learn's own rule; what learns nothing, such as a HashingVectorizer, is never fitted.
    if any(name.endswith("_") and not name.startswith("__") for name in vars(estimator)):
        return estimator
    possible = estimator
    for name, value in estimator.get_params(deep=False).items():
        if not (reason := _complaint(estimator, name, value)):
            continue
        if name == "estimator" and (at_fault := _answering(below(step, name), value)) is not None:
            # The classifier within is replaced, not what stands around it: the vectorizer may be there. All else of it
            # is read as it stands.
            path, inner = at_fault
            found.add(_without_methods(path, inner, reason))
            continue
        instead, advice = _instead(estimator, name, value)
        if instead is inspect.Parameter.empty:
            raise UnsupportedPipelineError(step, name, reason, f"{name}= as scikit-learn documents it")
        found.add(ImpossibleOptionError(step, name, reason, advice, edit={name: instead}))
        if possible is estimator:
            possible = copy.copy(estimator)
        setattr(possible, name, instead)
    return possible


def _answering(path: str, estimator: Any) -> tuple[str, Any] | None:
    """The step that answers for an estimator, by its path; None where nothing in it does."""
    while True:
        if type(estimator) in SEARCHES:
            path, estimator = below(path, "estimator"), estimator.estimator
        elif isinstance(estimator, Pipeline) and estimator.steps:
            name, estimator = estimator.steps[-1]
            path = below(path, name)
        else:
            return (path, estimator) if hasattr(estimator, "predict") else None


def _without_methods(path: str, estimator: Any, reason: str) -> UnsupportedPipelineError:
    kind = type(estimator).__name__
    instead = LogisticRegression()
    # Not the whole of it: "… Got Pipeline(steps=[…]) instead."
    asked, _, _ = reason.partition(" Got ")
    return UnsupportedPipelineError(path, kind, asked, f"{instead!r} in place of the {kind}", edit={"": instead})


def _instead(estimator: Any, name: str, value: Any) -> tuple[Any, str]:
    """The same items as a list or tuple (people write sets of stop words), else the default."""
    if isinstance(value, list | tuple | set | frozenset):
        items = value if isinstance(value, list | tuple) else sorted(value, key=str)
        for kind in (list, tuple):
            if not _complaint(estimator, name, kind(items)):
                return kind(items), f"{name}={kind.__name__}(…) of the same"
    default = inspect.signature(type(estimator)).parameters[name].default
    return default, f"{name}={default!r}, the default"


def _complaint(estimator: Any, name: str, value: Any) -> str:
    """What scikit-learn says to a value of an option; empty where it takes it.

    Its private names, as nothing public tells the options without fitting: where a version has them no longer, fitting
    tells.
    """
    try:
        from sklearn.utils._param_validation import validate_parameter_constraints

        constraints = estimator._parameter_constraints
    except (ImportError, AttributeError):
        return ""
    try:
        validate_parameter_constraints(constraints, {name: value}, type(estimator).__name__)
    except ValueError as error:
        said = str(error)
        return said if len(said) <= 300 else f"{said[:300]}…"
    return ""
