"""Linear classifiers and naive Bayes: one table of weights, one sum over the features."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from sklearn import linear_model
from sklearn.linear_model import (
    LogisticRegression,
    LogisticRegressionCV,
    Perceptron,
    RidgeClassifier,
    RidgeClassifierCV,
    SGDClassifier,
)
from sklearn.naive_bayes import BernoulliNB, ComplementNB, MultinomialNB
from sklearn.svm import LinearSVC

from ...errors import UnsupportedPipelineError
from ...model.numbers import doubles
from ...model.spec import LabelRule, LinearHead, Link, Pipeline, Transform
from .. import versions
from ..arrays import Matrix, check_finite, check_shape, matrix, vector
from ..classes import convert_classes, count_classes
from ..job import Classified, Job, Row
from ..transformers import binarize
from ..unfitted import refuse_unfitted

LOGISTIC: Final = (LogisticRegression, LogisticRegressionCV)
LINEAR: Final = (
    *LOGISTIC,
    SGDClassifier,
    LinearSVC,
    RidgeClassifier,
    RidgeClassifierCV,
    Perceptron,
    # Deprecated since 1.8, and gone one day.
    *([kind] if (kind := getattr(linear_model, "PassiveAggressiveClassifier", None)) else []),
)
_SMOOTHED: Final = "alpha > 0 and a class_prior without zeros, and fit again"
_SMOOTHING: Final = {"alpha": 1.0, "class_prior": None}
BAYES: Final = (MultinomialNB, ComplementNB, BernoulliNB)


def convert_linear(job: Job, step: str, estimator: Any, row: Row) -> Classified | None:
    """The estimator's ``coef_`` and ``intercept_``."""
    if not hasattr(estimator, "coef_") or not hasattr(estimator, "classes_"):
        raise refuse_unfitted(step, estimator)
    coef = job.found.attempt(matrix, step, "coef_", estimator.coef_)
    binarizer = getattr(estimator, "_label_binarizer", None)
    if str(getattr(binarizer, "y_type_", "")).startswith("multilabel"):
        if coef is None:
            return None
        classes = count_classes(coef.shape[0])
        head = _head(job, step, estimator, coef, row, len(classes.values), "none", each=True)
        return Classified(Pipeline(None, (), head), (classes,), targets="multilabel")
    known = job.found.attempt(convert_classes, step, estimator.classes_)
    n = len(estimator.classes_)
    if coef is None:
        return None
    head = _head(job, step, estimator, coef, row, n, _link(estimator, n))
    return None if known is None else Classified(Pipeline(None, (), head), (known,))


def _head(
    job: Job, step: str, estimator: Any, coef: Matrix, row: Row, n_classes: int, link: Link, *, each: bool = False
) -> LinearHead | None:
    outputs = 1 if n_classes == 2 and not each else n_classes
    job.found.attempt(check_shape, step, "coef_", coef.shape, (outputs, row.n_features), n_classes)
    job.found.attempt(check_finite, step, "coef_", coef)
    bias = job.found.attempt(vector, step, "intercept_", estimator.intercept_, outputs)
    if bias is None:
        return None
    job.found.attempt(check_finite, step, "intercept_", bias)
    label: LabelRule = "each" if each else "sign" if outputs == 1 else "argmax"
    return LinearHead("linear", link, label, outputs, _feature_major(coef), doubles(bias))


def convert_bayes(job: Job, step: str, estimator: Any, row: Row) -> Classified | None:
    """Log-probabilities as weights; the score is the joint log-likelihood."""
    binarizer: tuple[Transform, ...] = ()
    if type(estimator) is BernoulliNB and estimator.binarize is not None:
        made = job.found.attempt(binarize, step, "binarize", estimator.binarize)
        binarizer = () if made is None else (made,)
    if not hasattr(estimator, "feature_log_prob_") or not hasattr(estimator, "classes_"):
        job.found.attempt(_check_smoothing, step, estimator)
        raise refuse_unfitted(step, estimator)
    classes = job.found.attempt(convert_classes, step, estimator.classes_)
    n = len(estimator.classes_)
    coef = matrix(step, "feature_log_prob_", estimator.feature_log_prob_)
    check_shape(step, "feature_log_prob_", coef.shape, (n, row.n_features), n)
    bias: Matrix = np.zeros(n)
    if type(estimator) is MultinomialNB:
        bias = vector(step, "class_log_prior_", estimator.class_log_prior_, n)
    elif type(estimator) is BernoulliNB:
        # As scikit-learn's own lines: what is absent counts too, so its part is taken out of each weight.
        with np.errstate(all="ignore"):
            absent = np.log(1 - np.exp(estimator.feature_log_prob_))
            bias = estimator.class_log_prior_ + absent.sum(axis=1)
            coef = estimator.feature_log_prob_ - absent
    advice, edit = _SMOOTHED, _SMOOTHING
    if type(estimator) is ComplementNB and estimator.norm and np.min(estimator.alpha) > 0.0:
        # Of a single feature every weight is log 1, and its share of their sum 0/0.
        advice, edit = "norm=False or more than one feature, and fit again", {"norm": False}
    for name, values in (("feature_log_prob_", coef), ("class_log_prior_", bias)):
        job.found.attempt(check_finite, step, name, values, advice, edit=edit)
    if classes is None:
        return None
    head = LinearHead("naive_bayes", "softmax", "argmax", n, _feature_major(coef), doubles(bias))
    return Classified(Pipeline(None, binarizer, head), (classes,))


def _check_smoothing(step: str, estimator: Any) -> None:
    """Before fitting: what all but surely ends in infinite weights."""
    if np.min(estimator.alpha) <= 0.0 and estimator.force_alpha:
        raise UnsupportedPipelineError(
            step, "alpha", "a word that a class has not would weigh −∞", _SMOOTHED, edit=_SMOOTHING
        )
    if estimator.class_prior is not None and np.min(estimator.class_prior) <= 0.0:
        raise UnsupportedPipelineError(
            step, "class_prior", "a class of probability 0 would weigh −∞", _SMOOTHED, edit=_SMOOTHING
        )


def _feature_major(coef: Matrix) -> Any:
    return doubles(np.ascontiguousarray(coef.T))


def _link(estimator: Any, n_classes: int) -> Link:
    """From scores to probabilities, as the ``predict_proba`` of the *installed* scikit-learn does it."""
    kind = type(estimator)
    if kind is SGDClassifier:
        if estimator.loss == "log_loss":
            return "logistic" if n_classes == 2 else "ovr"
        return "modified_huber" if estimator.loss == "modified_huber" else "none"
    if kind not in LOGISTIC:
        return "none"
    if versions.installed() >= (1, 8):
        return "logistic" if n_classes == 2 else "softmax"
    # Until 1.7 multi_class (by then deprecated) decided, and liblinear had more than two classes one against the rest.
    multi_class = estimator.multi_class
    if multi_class in ("ovr", "warn") or (
        multi_class in ("auto", "deprecated") and (n_classes == 2 or estimator.solver == "liblinear")
    ):
        return "logistic" if n_classes == 2 else "ovr"
    return "softmax_pair" if n_classes == 2 else "softmax"
