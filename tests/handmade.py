"""A fitted scikit-learn pipeline read into a Model by hand, without the converter: a second reading to test against.

It trusts its caller: options outside of the model file's words are not looked for.
"""

from __future__ import annotations

import platform
import unicodedata
from array import array
from typing import Any

import numpy as np
import sklearn
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.preprocessing import Normalizer

from wasm_clf_widget.model import spec
from wasm_clf_widget.model.spec import (
    Classes,
    Idf,
    LabelRule,
    LinearHead,
    Link,
    Model,
    Normalize,
    Source,
    SublinearTf,
    Transform,
    Vectorizer,
    Weights,
)


def numbers(values: Any) -> array[float]:
    return array("d", [float(value) for value in values.ravel()])


def tfidf_transforms(step: Any) -> list[Transform]:
    transforms: list[Transform] = []
    if step.sublinear_tf:
        transforms.append(SublinearTf())
    if step.use_idf:
        transforms.append(Idf(numbers(step.idf_)))
    if step.norm is not None:
        transforms.append(Normalize(step.norm))
    return transforms


def read_vectorizer(step: Any) -> tuple[Vectorizer, list[Transform]]:
    hashing = isinstance(step, HashingVectorizer)
    vocabulary = None if hashing else tuple(sorted(step.vocabulary_, key=step.vocabulary_.__getitem__))
    spec = Vectorizer(
        analyzer=step.analyzer,
        ngram_range=step.ngram_range,
        lowercase=step.lowercase,
        strip_accents=step.strip_accents,
        token_pattern=step.token_pattern if step.analyzer == "word" else None,
        stop_words=tuple(sorted(step.get_stop_words() or ())) if step.analyzer == "word" else (),
        binary=step.binary,
        n_features=step.n_features if vocabulary is None else len(vocabulary),
        vocabulary=vocabulary,
        alternate_sign=hashing and step.alternate_sign,
    )
    if isinstance(step, TfidfVectorizer):
        return spec, tfidf_transforms(step)
    return spec, [Normalize(step.norm)] if hashing and step.norm is not None else []


def read_head(step: Any) -> LinearHead:
    if isinstance(step, MultinomialNB):
        coef, intercept = step.feature_log_prob_, step.class_log_prior_
        return LinearHead("naive_bayes", "softmax", "argmax", len(intercept), numbers(coef.T), numbers(intercept))
    coef = np.atleast_2d(step.coef_)  # a binary RidgeClassifier has a vector here
    outputs = len(coef)
    link: Link = "none"
    if isinstance(step, LogisticRegression):
        link = "logistic" if outputs == 1 else "softmax"
    elif isinstance(step, SGDClassifier) and step.loss == "log_loss":
        link = "logistic" if outputs == 1 else "ovr"
    elif isinstance(step, SGDClassifier) and step.loss == "modified_huber":
        link = "modified_huber"
    intercept = numbers(np.broadcast_to(step.intercept_, outputs))  # a plain 0.0 with fit_intercept=False
    rule: LabelRule = "sign" if outputs == 1 else "argmax"
    return LinearHead("linear", link, rule, outputs, numbers(coef.T), intercept)


def read(pipeline: Any, name: str = "by hand", weights: Weights = "float64") -> Model:
    steps = [step for _, step in pipeline.steps]
    vectorizer, transforms = read_vectorizer(steps[0])
    for step in steps[1:-1]:
        if isinstance(step, TfidfTransformer):
            transforms += tfidf_transforms(step)
        elif isinstance(step, Normalizer):
            transforms.append(Normalize(step.norm))
        else:
            raise TypeError(f"this helper cannot read {step!r}")
    assert isinstance(steps[0], CountVectorizer | HashingVectorizer)
    classes = pipeline.classes_.tolist()
    return Model(
        name=name,
        version="1",
        source=Source("scikit-learn", sklearn.__version__, platform.python_version()),
        unicode=unicodedata.unidata_version,
        class_sets=(Classes(type(classes[0]).__name__, tuple(classes)),),  # type: ignore[arg-type]
        weights=weights,
        bound=0.0 if weights == "float64" else None,
        uncertain_below=None,
        pipeline=spec.Pipeline(vectorizer, tuple(transforms), read_head(steps[-1])),
    )
