"""Everything that the converter accepts: scikit-learn = twin = engine, on its own texts and on the ugly ones.

``from_sklearn`` itself compares source, twin and engine on some 160 texts and raises where two of them part.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

import wasm_clf_widget as wcw
from convert_cases import OTHERS, TEXTS, THREE, TWO, cases, fitted
from wasm_clf_widget.convert.sklearn import model_from_sklearn, source_answers
from wasm_clf_widget.model.shape import shape_of
from wasm_clf_widget.model.spec import LinearHead, OneVsRestHead

CASES = {name: (estimator, y) for name, estimator, y in cases()}
VERSION = tuple(map(int, sklearn.__version__.split(".")[:2]))


@pytest.mark.parametrize("name", CASES)
def test_the_same_answers(name: str) -> None:
    estimator, y = CASES[name]
    estimator = fitted(estimator, y)
    classifier = wcw.Classifier.from_sklearn(estimator, name="m")
    texts = [*TEXTS[:8], *OTHERS]
    report = classifier.compare(estimator, texts)
    assert report.ok, report
    assert report.checked == len(texts)
    assert classifier.verify().ok
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected: Any = estimator.predict(texts)
    expected = expected.toarray() if hasattr(expected, "toarray") else np.asarray(expected)
    assert np.asarray(classifier.predict(texts)).tolist() == expected.tolist()
    answers = source_answers(estimator, texts)
    shape = shape_of(classifier.model)
    assert answers.scores.shape[1] == shape.scores
    assert (0 if answers.probabilities is None else answers.probabilities.shape[1]) == shape.probabilities
    assert answers.labels.shape[1] == shape.labels


def test_linear_members_of_one_vs_rest_become_one_table() -> None:
    for head in (LogisticRegression(), LinearSVC()):
        model = model_from_sklearn(fitted(make_pipeline(TfidfVectorizer(), OneVsRestClassifier(head)), THREE), name="m")
        assert isinstance(model.head, LinearHead)
        assert model.head.outputs == 3
    assert model_from_sklearn(
        fitted(make_pipeline(TfidfVectorizer(), OneVsRestClassifier(LogisticRegression())), THREE), name="m"
    ).bound, "float32 is proved for it as for a linear classifier"


def test_the_tie_rule_of_one_vs_rest_is_the_installed_versions() -> None:
    """Until 1.7 the last of equals, from 1.8 the first: seen on a text without known words and with even intercepts."""
    pipeline = fitted(make_pipeline(TfidfVectorizer(), OneVsRestClassifier(LinearSVC())), THREE)
    for member in pipeline[-1].estimators_:
        member.intercept_[:] = 0.25
    model = model_from_sklearn(pipeline, name="m")
    assert isinstance(model.head, LinearHead)
    assert model.head.label == ("argmax" if VERSION >= (1, 8) else "argmax_last")
    classifier = wcw.Classifier.from_sklearn(pipeline, name="m")
    assert classifier.predict([""]).tolist() == pipeline.predict([""]).tolist() == [0 if VERSION >= (1, 8) else 2]


def test_a_first_label_that_never_changes_is_refused_where_scikit_learn_then_asks_for_a_half() -> None:
    y = np.array([[1, i % 2, i % 3 == 0] for i in range(len(TEXTS))], dtype=int)
    pipeline = fitted(make_pipeline(TfidfVectorizer(), OneVsRestClassifier(LinearSVC())), y)
    with pytest.raises(wcw.UnsupportedPipelineError, match="first label"):
        model_from_sklearn(pipeline, name="m")
    model = model_from_sklearn(
        fitted(make_pipeline(TfidfVectorizer(), OneVsRestClassifier(LogisticRegression())), TWO), name="m"
    )
    assert not isinstance(model.head, OneVsRestHead)


def test_members_that_all_say_0() -> None:
    """Of which scikit-learn 1.6 makes shares of nothing; its trees have no other scores than these."""
    texts, labels = ["red apple", "green pear", "blue plum"] * 4, ["a", "b", "c"] * 4
    stumps = OneVsRestClassifier(DecisionTreeClassifier(max_depth=1, random_state=0))
    pipeline = make_pipeline(TfidfVectorizer(), stumps).fit(texts, labels)
    classifier = wcw.Classifier.from_sklearn(pipeline, name="m")
    assert classifier.predict_proba(["nothing known"]).tolist() == [[0.0, 0.0, 0.0]]
    assert classifier.compare(pipeline, ["nothing known", *texts]).ok
