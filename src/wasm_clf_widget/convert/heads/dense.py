"""Heads that look at whole rows: perceptrons of several layers, centroids, and the one that looks at nothing."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ...errors import UnsupportedPipelineError
from ...model.numbers import doubles
from ...model.spec import (
    Activation,
    ConstantHead,
    DistancesHead,
    Layer,
    LayersHead,
    MultiOutputHead,
    Pipeline,
)
from ..arrays import check_finite, matrix, vector
from ..classes import convert_classes, count_classes
from ..job import Classified, Job, Row
from ..unfitted import refuse_unfitted

_ACTIVATIONS: Final[tuple[Activation, ...]] = ("identity", "logistic", "tanh", "relu")
_AGAIN: Final = "fit the whole pipeline again: its steps were fitted on different data"


def convert_layers(job: Job, step: str, estimator: Any, row: Row) -> Classified | None:
    """MLPClassifier: every layer, with float64 weights."""
    if not hasattr(estimator, "coefs_"):
        raise refuse_unfitted(step, estimator)
    activation = next((name for name in _ACTIVATIONS if estimator.activation == name), None)
    link = {"logistic": "logistic", "softmax": "softmax"}.get(estimator.out_activation_)
    multilabel = str(estimator._label_binarizer.y_type_).startswith("multilabel")
    classes = None if multilabel else job.found.attempt(convert_classes, step, estimator.classes_)
    if activation is None or link is None:
        raise UnsupportedPipelineError(
            step,
            "activation",
            f"{estimator.activation!r} with {estimator.out_activation_!r} at the end is not known",
            f"one of {', '.join(_ACTIVATIONS)}",
            edit={"activation": "relu"},
        )
    layers = []
    for i, (coef, bias) in enumerate(zip(estimator.coefs_, estimator.intercepts_, strict=True)):
        weights = matrix(step, f"coefs_[{i}]", coef)
        if i == 0 and row.n_features is not None and weights.shape[0] != row.n_features:
            raise UnsupportedPipelineError(
                step, "coefs_", f"it takes {weights.shape[0]:,} of {row.n_features:,} features", _AGAIN
            )
        offsets = vector(step, f"intercepts_[{i}]", bias, weights.shape[1])
        job.found.attempt(check_finite, step, f"coefs_[{i}]", weights)
        job.found.attempt(check_finite, step, f"intercepts_[{i}]", offsets)
        layers.append(Layer(weights.shape[1], doubles(np.ascontiguousarray(weights)), doubles(offsets)))
    if multilabel:
        each = LayersHead(activation, "each", tuple(layers))
        return Classified(
            Pipeline(None, (), each), (count_classes(layers[-1].outputs),), targets="multilabel", decision=False
        )
    if classes is None:
        return None
    head = LayersHead(activation, "logistic" if link == "logistic" else "softmax", tuple(layers))
    return Classified(Pipeline(None, (), head), (classes,), decision=False)


def convert_centroids(job: Job, step: str, estimator: Any, row: Row) -> Classified | None:
    """NearestCentroid. Its ``predict`` looks at plain distances where the priors are even, else at scaled ones."""
    if not hasattr(estimator, "centroids_"):
        if not isinstance(estimator.priors, str):  # those that are given are known before
            _check_priors(job, step, estimator, np.asarray(estimator.priors))
        raise refuse_unfitted(step, estimator)
    even = _check_priors(job, step, estimator, estimator.class_prior_)
    classes = job.found.attempt(convert_classes, step, estimator.classes_)
    n = len(estimator.classes_)
    centroids = matrix(step, "centroids_", np.asarray(estimator.centroids_))
    if row.n_features is not None and centroids.shape != (n, row.n_features):
        raise UnsupportedPipelineError(
            step, "centroids_", f"its shape is {centroids.shape}, {(n, row.n_features)} are needed", _AGAIN
        )
    job.found.attempt(check_finite, step, "centroids_", centroids)
    euclidean = estimator.metric == "euclidean"
    with np.errstate(divide="ignore"):
        constants = 2.0 * np.log(estimator.class_prior_)
    deviations = None
    if euclidean:
        deviations = vector(
            step, "within_class_std_dev_", np.asarray(estimator.within_class_std_dev_).ravel(), centroids.shape[1]
        )
        check_finite(step, "within_class_std_dev_", deviations)
    if classes is None:
        return None
    head = DistancesHead(
        metric="euclidean" if euclidean else "manhattan",
        label="nearest" if even else "argmax",
        link="softmax" if euclidean else "none",
        outputs=1 if n == 2 and euclidean else n,
        centroids=doubles(np.ascontiguousarray(centroids.T)),
        deviations=None if deviations is None else doubles(deviations),
        constants=doubles(constants) if euclidean else (),
    )
    return Classified(Pipeline(None, (), head), (classes,), decision=euclidean)


def _check_priors(job: Job, step: str, estimator: Any, priors: Any) -> bool:
    """Whether they are even. Of others, zeros are in the way with either metric: the edit of one leads to the other."""
    even = bool(np.isclose(priors, 1 / len(priors)).all())
    job.found.attempt(_check_metric, step, estimator, even)
    with np.errstate(divide="ignore"):
        logarithms = np.log(priors)
    advice = "priors above 0, and fit again"
    job.found.attempt(check_finite, step, "class_prior_", logarithms, advice, edit={"priors": "uniform"})
    return even


def _check_metric(step: str, estimator: Any, even: bool) -> None:
    if estimator.metric not in ("euclidean", "manhattan"):
        raise UnsupportedPipelineError(
            step,
            "metric",
            f"{estimator.metric!r} is no metric of a sparse row",
            "'euclidean' or 'manhattan'",
            edit={"metric": "euclidean"},
        )
    if estimator.metric == "manhattan" and not even:
        raise UnsupportedPipelineError(
            step,
            "priors",
            "priors with the metric 'manhattan' square a sum of scaled distances",
            "priors='uniform', or metric='euclidean'",
            edit={"metric": "euclidean"},
        )


def convert_constant(job: Job, step: str, estimator: Any, row: Row) -> Classified | None:
    """DummyClassifier, as far as it says the same twice."""
    job.found.attempt(_check_strategy, step, estimator)
    if not hasattr(estimator, "classes_"):
        raise refuse_unfitted(step, estimator)
    several = estimator.n_outputs_ > 1
    class_lists = estimator.classes_ if several else [estimator.classes_]
    class_sets = [job.found.attempt(convert_classes, step, values, fewest=1) for values in class_lists]
    known = tuple(classes for classes in class_sets if classes is not None)
    if len(known) < len(class_sets):
        return None
    priors = estimator.class_prior_ if several else [estimator.class_prior_]
    fixed = estimator.strategy == "constant"
    constants = np.ravel(estimator.constant).tolist() if fixed else [None] * len(priors)
    members = []
    for values, prior, constant in zip(class_lists, priors, constants, strict=True):
        own = np.asarray(prior, dtype=np.float64)
        label = np.asarray(values).tolist().index(constant) if fixed else int(own.argmax())
        if estimator.strategy != "prior":
            own = np.eye(len(own))[label]
        members.append(Pipeline(None, (), ConstantHead(doubles(own), [label])))
    if not several:
        return Classified(members[0], known, decision=False)
    head = MultiOutputHead(tuple(members))
    return Classified(Pipeline(None, (), head), known, targets="multioutput", decision=False)


def _check_strategy(step: str, estimator: Any) -> None:
    if estimator.strategy not in ("most_frequent", "prior", "constant"):
        raise UnsupportedPipelineError(
            step,
            "strategy",
            f"strategy={estimator.strategy!r} draws labels at random: no two answers need be the same",
            "strategy='prior', 'most_frequent' or 'constant'",
            edit={"strategy": "prior"},
        )
