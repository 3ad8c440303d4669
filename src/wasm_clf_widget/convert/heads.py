"""A fitted linear or naive-Bayes classifier as a head of the model file, or a refusal that names the option."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import sklearn
from scipy import sparse
from sklearn.linear_model import LogisticRegression, Perceptron, RidgeClassifier, SGDClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.svm import LinearSVC

from ..errors import UnsupportedPipelineError
from ..model.limits import MAX_CLASSES, MAX_WEIGHTS
from ..model.numbers import doubles
from ..model.spec import ClassType, Label, LinearHead, Link
from .vectorizers import refuse_unfitted

HEADS: Final = (LogisticRegression, SGDClassifier, LinearSVC, RidgeClassifier, Perceptron, MultinomialNB)

Matrix = np.ndarray[Any, np.dtype[np.float64]]


def convert_head(step: str, estimator: Any, n_features: int) -> tuple[LinearHead, ClassType, tuple[Label, ...]]:
    """The head with its classes, in the order of ``classes_``."""
    bayes = type(estimator) is MultinomialNB
    weights_name, bias_name = ("feature_log_prob_", "class_log_prior_") if bayes else ("coef_", "intercept_")
    if not hasattr(estimator, weights_name) or not hasattr(estimator, "classes_"):
        raise refuse_unfitted(step, estimator)
    _refuse_multilabel(step, estimator)
    class_type, classes = _classes(step, estimator.classes_)
    coef = _matrix(step, weights_name, getattr(estimator, weights_name))
    outputs = 1 if len(classes) == 2 and not bayes else len(classes)
    if coef.shape != (outputs, n_features):
        raise UnsupportedPipelineError(
            step,
            weights_name,
            f"its shape is {coef.shape}; {len(classes)} classes, {n_features:,} features need {(outputs, n_features)}",
            "fit the whole pipeline again: its steps were fitted on different data",
        )
    if coef.size > MAX_WEIGHTS:
        raise UnsupportedPipelineError(
            step,
            weights_name,
            f"{n_features:,} features × {outputs:,} scores are {coef.size:,} weights; at most {MAX_WEIGHTS:,} are held",
            "fewer features (max_features=, n_features=), and fit again",
        )
    bias = _intercept(step, bias_name, getattr(estimator, bias_name), outputs)
    for name, values in ((weights_name, coef), (bias_name, bias)):
        if not np.isfinite(values).all():
            raise UnsupportedPipelineError(
                step,
                name,
                f"{np.count_nonzero(~np.isfinite(values)):,} of {values.size:,} numbers are infinite or NaN",
                "alpha > 0 and a class_prior without zeros, and fit again" if bayes else "a fit that converges",
            )
    head = LinearHead(
        kind="naive_bayes" if bayes else "linear",
        link=_link(estimator, len(classes)),
        label="sign" if outputs == 1 else "argmax",
        outputs=outputs,
        coef=doubles(np.ascontiguousarray(coef.T)),
        intercept=doubles(bias),
    )
    return head, class_type, classes


def _link(estimator: Any, n_classes: int) -> Link:
    """From scores to probabilities, as the ``predict_proba`` of the *installed* scikit-learn does it."""
    kind = type(estimator)
    if kind is MultinomialNB:
        return "softmax"
    if kind is SGDClassifier:
        if estimator.loss == "log_loss":
            return "logistic" if n_classes == 2 else "ovr"
        return "modified_huber" if estimator.loss == "modified_huber" else "none"
    if kind is not LogisticRegression:
        return "none"
    if tuple(int(part) for part in sklearn.__version__.split(".")[:2]) >= (1, 8):
        return "logistic" if n_classes == 2 else "softmax"
    # Until 1.7 multi_class (by then deprecated) decided, and liblinear had more than two classes one against the rest.
    multi_class = estimator.multi_class
    if multi_class in ("ovr", "warn") or (
        multi_class in ("auto", "deprecated") and (n_classes == 2 or estimator.solver == "liblinear")
    ):
        return "logistic" if n_classes == 2 else "ovr"
    return "softmax_pair" if n_classes == 2 else "softmax"


def _refuse_multilabel(step: str, estimator: Any) -> None:
    binarizer = getattr(estimator, "_label_binarizer", None)
    if isinstance(estimator.classes_, list) or str(getattr(binarizer, "y_type_", "")).startswith("multilabel"):
        raise UnsupportedPipelineError(
            step,
            type(estimator).__name__,
            "it was fitted on several labels for each text",
            "one pipeline for each label",
        )


def _classes(step: str, classes: Any) -> tuple[ClassType, tuple[Label, ...]]:
    """Classes as Python's own str, int or bool."""
    values = np.asarray(classes).tolist()
    if not 2 <= len(values) <= MAX_CLASSES:
        raise UnsupportedPipelineError(
            step,
            "classes_",
            f"there are {len(values):,} classes; a model file holds 2 to {MAX_CLASSES:,}",
            "fit on at least two classes",
        )
    if all(isinstance(value, str) for value in values):
        labels = tuple(str(value) for value in values)
        for label in labels:
            if any("\ud800" <= character <= "\udfff" for character in label):
                raise UnsupportedPipelineError(
                    step, "classes_", f"the class {label!r} holds a lone surrogate", "class names that are text"
                )
        return "str", labels
    if all(isinstance(value, (bool, np.bool_)) for value in values):
        return "bool", tuple(bool(value) for value in values)
    if all(isinstance(value, (int, np.integer)) and not isinstance(value, bool) for value in values):
        return "int", tuple(int(value) for value in values)
    kinds = ", ".join(sorted({type(value).__name__ for value in values}))
    raise UnsupportedPipelineError(
        step,
        "classes_",
        f"the classes are of type {kinds}",
        "labels that are all str, all int or all bool, and fit again",
    )


def _matrix(step: str, name: str, values: Any) -> Matrix:
    # L1 models may have been sparsify()d: skipping zeros changes no bit of a sum that starts at 0.0.
    dense = values.toarray() if sparse.issparse(values) else np.asarray(values)
    _check_type(step, name, dense)
    return np.atleast_2d(dense).astype(np.float64, copy=False)


def _intercept(step: str, name: str, values: Any, outputs: int) -> Matrix:
    """fit_intercept=False leaves a plain 0.0 in some estimators."""
    array = np.asarray(values)
    _check_type(step, name, array)
    if array.size not in (1, outputs):
        raise UnsupportedPipelineError(
            step, name, f"it has {array.size:,} numbers for {outputs:,} scores", "fit the pipeline again"
        )
    return np.broadcast_to(array.astype(np.float64).ravel(), (outputs,))


def _check_type(step: str, name: str, values: Any) -> None:
    # float32 weights on float64 features are widened by numpy before they are multiplied: exact. Wider ones are not.
    if values.dtype not in (np.float64, np.float32):
        raise UnsupportedPipelineError(step, name, f"its numbers are of type {values.dtype}", "float64, and fit again")
