"""Bad input to the converter: each has its documented answer or one typed error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MaxAbsScaler
from sklearn.tree import DecisionTreeClassifier

import wasm_clf_widget as wcw
from wasm_clf_widget.convert.sklearn import model_from_sklearn
from wasm_clf_widget.model.file import dump, parse

TEXTS = ["a good film", "a bad film", "good good product", "bad product", "nice day", "rainy day"] * 3
LABELS = ["pos", "neg", "pos", "neg", "pos", "neg"] * 3


def refused(pipeline: Any) -> wcw.UnsupportedPipelineError:
    with pytest.raises(wcw.UnsupportedPipelineError) as caught:
        wcw.Classifier.from_sklearn(pipeline, name="m")
    return caught.value


def test_an_unfitted_pipeline() -> None:
    error = refused(make_pipeline(TfidfVectorizer(), LogisticRegression()))
    assert "not fitted" in error.reason
    assert "fit" in error.advice


def test_a_pipeline_fitted_on_bytes_is_given_texts() -> None:
    """The vectorizer decoded them; nothing of that is left in what it learned."""
    texts = [text.encode("latin-1") for text in [*TEXTS, "café", "naïve café"]]
    pipeline = make_pipeline(CountVectorizer(encoding="latin-1"), MultinomialNB()).fit(texts, [*LABELS, "pos", "neg"])
    classifier = wcw.Classifier.from_sklearn(pipeline, name="m")
    assert classifier.compare(pipeline, ["café", "naïve", *TEXTS]).ok
    with pytest.raises(wcw.InputError):
        classifier.classify(b"caf\xe9")  # type: ignore[call-overload]


def test_a_pipeline_fitted_on_lists_of_tokens() -> None:
    pipeline = make_pipeline(CountVectorizer(analyzer=lambda tokens: tokens), MultinomialNB())
    error = refused(pipeline.fit([text.split() for text in TEXTS], LABELS))
    assert error.option == "analyzer"
    assert "Python code" in error.reason


@pytest.mark.parametrize("option", ["tokenizer", "preprocessor", "analyzer", "strip_accents"])
def test_a_callable_is_named(option: str) -> None:
    def my_own_function(text: str) -> Any:
        return text if option in ("preprocessor", "strip_accents") else text.split()

    error = refused(make_pipeline(CountVectorizer(**{option: my_own_function}), MultinomialNB()).fit(TEXTS, LABELS))
    assert (error.step, error.option) == ("countvectorizer", option)
    assert "my_own_function" in error.reason


def test_a_vocabulary_with_lone_surrogates() -> None:
    pipeline = make_pipeline(CountVectorizer(vocabulary=["good", "a\ud800"]), MultinomialNB()).fit(TEXTS, LABELS)
    assert "lone surrogate" in refused(pipeline).reason


def test_classes_of_mixed_types() -> None:
    pipeline = make_pipeline(CountVectorizer(), MultinomialNB()).fit(TEXTS, LABELS)
    pipeline[-1].classes_ = np.array(["neg", 1], dtype=object)
    error = refused(pipeline)
    assert error.option == "classes_"
    assert "int, str" in error.reason


@pytest.mark.parametrize(
    ("head", "option"),
    [
        (LogisticRegression(), "coef_"),
        (MultinomialNB(), "feature_log_prob_"),
        (DecisionTreeClassifier(), "n_features_in_"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value,
)
def test_a_head_for_another_vocabulary(head: Any, option: str) -> None:
    fitted = make_pipeline(CountVectorizer(), head).fit(TEXTS, LABELS)
    other = CountVectorizer().fit(["quite other words than before, and more of them than there were at first"])
    error = refused(Pipeline([("words", other), ("clf", fitted[-1])]))
    assert (error.step, error.option) == ("clf", option)


def test_a_transformer_for_another_vocabulary() -> None:
    fitted = make_pipeline(CountVectorizer(), MaxAbsScaler(), LogisticRegression()).fit(TEXTS, LABELS)
    other = CountVectorizer().fit(["two words"])
    assert refused(Pipeline([("words", other), ("scale", fitted[1]), ("clf", fitted[-1])])).step == "scale"


def test_one_class() -> None:
    error = refused(make_pipeline(CountVectorizer(), MultinomialNB()).fit(TEXTS, ["only"] * len(TEXTS)))
    assert error.option == "classes_"
    assert "1 class" in error.reason


def test_two_thousand_classes() -> None:
    texts = [f"word{i} word{i % 7}" for i in range(2_000)]
    pipeline = make_pipeline(CountVectorizer(max_features=6), MultinomialNB()).fit(texts, range(2_000))
    classifier = wcw.Classifier.from_sklearn(pipeline, name="m")
    assert len(classifier.classes_) == 2_000
    assert classifier.compare(pipeline, texts[:20]).ok


def test_more_classes_than_a_file_holds() -> None:
    pipeline = make_pipeline(HashingVectorizer(n_features=2, alternate_sign=False), MultinomialNB())
    error = refused(pipeline.fit([f"word{i}" for i in range(4_097)], range(4_097)))
    assert "4,097 classes" in error.reason


def test_five_million_features() -> None:
    """The promise of a limit: 16,777,216 features. Weights of 0 but for a few, so that it takes no minute."""
    n = 5_000_000
    vectorizer = HashingVectorizer(n_features=n, alternate_sign=False)
    head = SGDClassifier(loss="log_loss", max_iter=1, tol=None, random_state=0)
    pipeline = make_pipeline(vectorizer, head).fit(TEXTS, LABELS)
    model = parse(dump(model_from_sklearn(pipeline, name="m")))
    head_of_file: Any = model.head
    assert len(head_of_file.coef) == n
    assert np.array_equal(np.asarray(head_of_file.coef), head.coef_[0].astype(np.float32).astype(np.float64))


def test_too_many_features() -> None:
    pipeline = make_pipeline(HashingVectorizer(n_features=64), RidgeClassifier()).fit(TEXTS, LABELS)
    pipeline[0].n_features = 2**24 + 1
    assert refused(pipeline).option == "n_features"


def test_subnormal_weights_stay_float64_and_exact() -> None:
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, LABELS)
    pipeline[-1].coef_[0, 0] = 5e-324
    pipeline[-1].coef_[0, 1] = 1e-310
    classifier = wcw.Classifier.from_sklearn(pipeline, name="m")
    assert classifier.model_info().weights == "float64"
    assert classifier.compare(pipeline, TEXTS).max_abs_diff < 1e-14
    with pytest.raises(wcw.UnsupportedPipelineError, match="normal range"):
        wcw.Classifier.from_sklearn(pipeline, name="m", weights="float32")
