"""Heads that look at whole rows: perceptrons of several layers, centroids, and the one that looks at nothing."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ...errors import UnsupportedPipelineError
from ...model.numbers import doubles
from ...model.spec import (
    Activation,
    Classes,
    ConstantHead,
    DistancesHead,
    Layer,
    LayersHead,
    Pipeline,
)
from ..arrays import check_finite, matrix, vector
from ..classes import convert_classes, count_classes
from ..job import Classified, Job, Row
from ..unfitted import refuse_unfitted

_ACTIVATIONS: Final[tuple[Activation, ...]] = ("identity", "logistic", "tanh", "relu")
_AGAIN: Final = "fit the whole pipeline again: its steps were fitted on different data"


def convert_layers(job: Job, step: str, estimator: Any, row: Row) -> Classified:
    """MLPClassifier: every layer, with float64 weights."""
    if not hasattr(estimator, "coefs_"):
        raise refuse_unfitted(step, estimator)
    activation = next((name for name in _ACTIVATIONS if estimator.activation == name), None)
    link = {"logistic": "logistic", "softmax": "softmax"}.get(estimator.out_activation_)
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
        check_finite(step, f"coefs_[{i}]", weights)
        check_finite(step, f"intercepts_[{i}]", offsets)
        layers.append(Layer(weights.shape[1], doubles(np.ascontiguousarray(weights)), doubles(offsets)))
    multilabel = str(estimator._label_binarizer.y_type_).startswith("multilabel")
    if multilabel:
        classes: Classes = count_classes(layers[-1].outputs)
        head = LayersHead(activation, "each", tuple(layers))
        return Classified(Pipeline(None, (), head), (classes,), targets="multilabel", decision=False)
    classes = convert_classes(step, estimator.classes_)
    head = LayersHead(activation, "logistic" if link == "logistic" else "softmax", tuple(layers))
    return Classified(Pipeline(None, (), head), (classes,), decision=False)


def convert_centroids(job: Job, step: str, estimator: Any, row: Row) -> Classified:
    """NearestCentroid. Its ``predict`` looks at plain distances where the priors are even, else at scaled ones."""
    if not hasattr(estimator, "centroids_"):
        raise refuse_unfitted(step, estimator)
    classes = convert_classes(step, estimator.classes_)
    n = len(classes.values)
    centroids = matrix(step, "centroids_", np.asarray(estimator.centroids_))
    if row.n_features is not None and centroids.shape != (n, row.n_features):
        raise UnsupportedPipelineError(
            step, "centroids_", f"its shape is {centroids.shape}, {(n, row.n_features)} are needed", _AGAIN
        )
    check_finite(step, "centroids_", centroids)
    even = bool(np.isclose(estimator.class_prior_, 1 / n).all())
    if estimator.metric not in ("euclidean", "manhattan"):
        raise UnsupportedPipelineError(
            step,
            "metric",
            f"{estimator.metric!r} is no metric of a sparse row",
            "'euclidean' or 'manhattan'",
            edit={"metric": "euclidean"},
        )
    euclidean = estimator.metric == "euclidean"
    if not euclidean and not even:
        raise UnsupportedPipelineError(
            step,
            "priors",
            "priors with the metric 'manhattan' square a sum of scaled distances",
            "priors='uniform', or metric='euclidean'",
            edit={"metric": "euclidean"},
        )
    deviations = constants = None
    if euclidean:
        with np.errstate(divide="ignore"):
            constants = 2.0 * np.log(estimator.class_prior_)
        deviations = vector(
            step, "within_class_std_dev_", np.asarray(estimator.within_class_std_dev_).ravel(), centroids.shape[1]
        )
        check_finite(step, "within_class_std_dev_", deviations)
        check_finite(step, "class_prior_", constants, "priors above 0, and fit again")
    head = DistancesHead(
        metric="euclidean" if euclidean else "manhattan",
        label="nearest" if even else "argmax",
        link="softmax" if euclidean else "none",
        outputs=1 if n == 2 and euclidean else n,
        centroids=doubles(np.ascontiguousarray(centroids.T)),
        deviations=None if deviations is None else doubles(deviations),
        constants=() if constants is None else doubles(constants),
    )
    return Classified(Pipeline(None, (), head), (classes,), decision=euclidean)


def convert_constant(job: Job, step: str, estimator: Any, row: Row) -> Classified:
    """DummyClassifier, as far as it says the same twice."""
    strategy = estimator.strategy
    if strategy not in ("most_frequent", "prior", "constant"):
        raise UnsupportedPipelineError(
            step,
            "strategy",
            f"strategy={strategy!r} draws labels at random: no two answers need be the same",
            "strategy='prior', 'most_frequent' or 'constant'",
            edit={"strategy": "prior"},
        )
    if not hasattr(estimator, "classes_"):
        raise refuse_unfitted(step, estimator)
    several = estimator.n_outputs_ > 1
    class_lists = estimator.classes_ if several else [estimator.classes_]
    priors = estimator.class_prior_ if several else [estimator.class_prior_]
    constants = np.ravel(estimator.constant).tolist() if strategy == "constant" else [None] * len(priors)
    class_sets, probabilities, labels = [], [], []
    for values, prior, constant in zip(class_lists, priors, constants, strict=True):
        classes = convert_classes(step, values, fewest=1)
        own = np.asarray(prior, dtype=np.float64)
        label = int(own.argmax()) if strategy != "constant" else np.asarray(values).tolist().index(constant)
        if strategy != "prior":
            own = np.eye(len(classes.values))[label]
        class_sets.append(classes)
        probabilities.extend(own.tolist())
        labels.append(label)
    head = ConstantHead(doubles(probabilities), labels)
    return Classified(
        Pipeline(None, (), head), tuple(class_sets), targets="multioutput" if several else "single", decision=False
    )
