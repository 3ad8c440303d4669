"""Classifiers with a threshold of their own: exact where a model file has the rule, else refused with a way out."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

import wasm_clf_widget as wcw
from convert_cases import OTHERS, TEXTS, TWO
from wasm_clf_widget.model.spec import LinearHead

CLASSES = sorted(set(TWO))


def on_the_threshold(wrapper: Any) -> Any:
    """Fitted, and with an intercept of exactly 0: a text without known words then lies on the threshold."""
    pipeline = make_pipeline(CountVectorizer(), wrapper).fit(TEXTS, TWO)
    pipeline[-1].estimator_.intercept_[:] = 0.0
    return pipeline


@pytest.mark.parametrize("response", ["auto", "decision_function"])
@pytest.mark.parametrize("positive", [None, *CLASSES])
def test_a_decision_score_of_0_belongs_to_the_positive_class(response: str, positive: Any) -> None:
    wrapper = FixedThresholdClassifier(LinearSVC(), response_method=response, pos_label=positive)
    pipeline = on_the_threshold(wrapper)
    classifier = wcw.Classifier.from_sklearn(pipeline, name="m")
    texts = ["", "zzz", *TEXTS[:20], *OTHERS]
    assert classifier.predict(texts).tolist() == pipeline.predict(texts).tolist()
    assert classifier.predict([""]).tolist() == [CLASSES[1] if positive is None else positive]
    assert np.array_equal(classifier.decision_function(texts), pipeline.decision_function(texts))
    assert classifier.compare(pipeline, texts).ok
    head = classifier.model.head
    assert isinstance(head, LinearHead)
    assert head.label == ("sign" if positive == CLASSES[0] else "sign_or_zero")


def test_around_a_whole_pipeline_and_a_frozen_one() -> None:
    inner = make_pipeline(TfidfVectorizer(), LinearSVC()).fit(TEXTS, TWO)
    for estimator in (inner, FrozenEstimator(inner)):
        wrapper = FixedThresholdClassifier(estimator)  # not fitted itself, and answers all the same
        classifier = wcw.Classifier.from_sklearn(wrapper, name="m")
        assert classifier.compare(wrapper, [*TEXTS[:8], *OTHERS]).ok


@pytest.mark.parametrize(
    ("inner", "options", "asked"),
    [
        (LogisticRegression(), {}, r"classifier.predict_proba(texts)[:, 1] >= 0.5"),
        (
            LogisticRegression(),
            {"threshold": 0.25, "pos_label": CLASSES[0]},
            "classifier.predict_proba(texts)[:, 0] >= 0.25",
        ),
        (LinearSVC(), {"threshold": -0.5}, "classifier.decision_function(texts) >= -0.5"),
        (LinearSVC(), {"threshold": 0.5, "pos_label": CLASSES[0]}, "-classifier.decision_function(texts) >= 0.5"),
        (MultinomialNB(), {"threshold": 0.9}, "classifier.predict_proba(texts)[:, 1] >= 0.9"),
    ],
)
def test_other_thresholds_are_refused_with_the_comparison_that_gives_the_same_labels(
    inner: Any, options: dict[str, Any], asked: str
) -> None:
    pipeline = make_pipeline(CountVectorizer(), FixedThresholdClassifier(inner, **options)).fit(TEXTS, TWO)
    with pytest.raises(wcw.UnsupportedPipelineError) as refusal:
        wcw.Classifier.from_sklearn(pipeline, name="m")
    error = refusal.value
    assert (error.step, error.option) == ("fixedthresholdclassifier", "threshold")
    assert asked in error.advice
    assert f"answers {options.get('pos_label', CLASSES[1])!r} where" in error.reason
    suggestion = error.suggestion.fit(TEXTS, TWO)
    assert type(suggestion[-1]) is type(inner)
    classifier = wcw.Classifier.from_sklearn(suggestion, name="m")
    texts = [*TEXTS, *OTHERS]
    positive = options.get("pos_label", CLASSES[1])
    other = CLASSES[positive == CLASSES[0]]
    above = eval(asked, {"classifier": classifier, "texts": texts})
    assert np.where(above, positive, other).tolist() == pipeline.predict(texts).tolist()
    (row,) = wcw.check(pipeline).obstacles
    assert row.reason == error.reason


def test_a_tuned_threshold() -> None:
    tuned = TunedThresholdClassifierCV(LogisticRegression(), cv=3, thresholds=20)
    pipeline = make_pipeline(TfidfVectorizer(), tuned)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y = np.array(TWO) == CLASSES[1]
        pipeline.fit(TEXTS, y)
    with pytest.raises(wcw.UnsupportedPipelineError, match="best_threshold_") as refusal:
        wcw.Classifier.from_sklearn(pipeline, name="m")
    assert f">= {pipeline[-1].best_threshold_!r}".replace("np.float64(", "").replace(")", "") in refusal.value.advice


def test_one_that_was_never_fitted() -> None:
    for wrapper in (FixedThresholdClassifier(LinearSVC()), TunedThresholdClassifierCV(LinearSVC())):
        with pytest.raises(wcw.UnsupportedPipelineError, match="not fitted"):
            wcw.Classifier.from_sklearn(make_pipeline(TfidfVectorizer().fit(TEXTS), wrapper), name="m")
