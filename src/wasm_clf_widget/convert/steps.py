"""What a pipeline is made of, whatever its steps are called and whatever is wrapped around them."""

from __future__ import annotations

from typing import Any, Final

from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.model_selection._search_successive_halving import HalvingGridSearchCV, HalvingRandomSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer

from ..errors import UnsupportedPipelineError
from .job import below
from .unfitted import refuse_unfitted

SEARCHES: Final = (GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV, HalvingRandomSearchCV)


def unwrap(path: str, estimator: Any) -> tuple[str, Any]:
    """The estimator that answers: the best one of a search, the one that is frozen."""
    while True:
        if type(estimator) in SEARCHES:
            if not hasattr(estimator, "best_estimator_"):
                if hasattr(estimator, "cv_results_"):
                    raise UnsupportedPipelineError(
                        path,
                        "refit",
                        "with refit=False the search keeps no fitted pipeline",
                        "refit=True, and fit again",
                        edit={"refit": True},
                    )
                raise refuse_unfitted(path, estimator)
            path, estimator = below(path, "estimator"), estimator.best_estimator_
        elif type(estimator) is FrozenEstimator:
            path, estimator = below(path, "estimator"), estimator.estimator
        else:
            return path, estimator


def unfitted_within(estimator: Any) -> Any | None:
    """What a search has not fitted, or has fitted and thrown away."""
    unfitted = type(estimator) in SEARCHES and not hasattr(estimator, "best_estimator_")
    return estimator.estimator if unfitted else None


def does_nothing(estimator: Any) -> bool:
    """Steps that hand on what they are given."""
    if estimator is None or (isinstance(estimator, str) and estimator == "passthrough"):
        return True
    return type(estimator) is FunctionTransformer and estimator.func is None and not estimator.validate


def steps_of(path: str, pipeline: Any) -> list[tuple[str, Any]]:
    """The steps that do something, by their paths."""
    return [(below(path, name), step) for name, step in pipeline.steps if not does_nothing(step)]


def plain_composition(estimator: Any) -> Any:
    """scikit-learn's own Pipeline or FeatureUnion of what a subclass of them holds, the very same steps."""
    if isinstance(estimator, FeatureUnion):
        return FeatureUnion(estimator.transformer_list, transformer_weights=estimator.transformer_weights)
    # imbalanced-learn's samplers work in fit only.
    return Pipeline([(name, step) for name, step in estimator.steps if not hasattr(step, "fit_resample")])


def flat_steps(estimator: Any) -> list[Any]:
    """The steps from text to label, one behind the other: pipelines within pipelines are laid open."""
    _, estimator = unwrap("", estimator)
    if type(estimator) is not Pipeline:
        return [estimator]
    return [inner for _, step in steps_of("", estimator) for inner in flat_steps(step)]
