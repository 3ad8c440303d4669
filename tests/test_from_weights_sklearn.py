"""``Classifier.from_weights`` against scikit-learn, and with numpy's arrays (plain numbers: test_from_weights.py)."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

import wasm_clf_widget as wcw
from test_from_weights import CLASSES, COEF, COUNTS, INTERCEPT, TEXTS, VOCABULARY, make


def counts(texts: list[str]) -> Any:
    return CountVectorizer(vocabulary=VOCABULARY).transform(texts).toarray().astype(float)


@pytest.mark.parametrize("head", ["sigmoid", "softmax"])
def test_one_row_for_two_classes_is_a_logistic(head: Any) -> None:
    clf = make(coef=[COEF[0]], intercept=0.5, classes=[False, True], head=head)
    scores = counts(TEXTS) @ np.array(COEF[0]) + 0.5
    assert clf.decision_function(TEXTS).tolist() == pytest.approx(scores.tolist())
    assert clf.predict_proba(TEXTS)[:, 1].tolist() == pytest.approx((1 / (1 + np.exp(-scores))).tolist())
    assert clf.predict(TEXTS).tolist() == (scores > 0).tolist()


def test_naive_bayes_of_scikit_learns_numbers() -> None:
    texts = ["good good film", "bad film", "film 是是", "good bad"]
    pipeline = make_pipeline(CountVectorizer(), MultinomialNB()).fit(texts, [3, 1, 2, 3])
    bayes = pipeline[-1]
    clf = make(
        vocabulary=pipeline[0].vocabulary_,
        coef=bayes.feature_log_prob_,
        intercept=bayes.class_log_prior_,
        classes=bayes.classes_,
        head="naive_bayes",
    )
    assert clf.decision_function(TEXTS).tolist() == bayes.predict_joint_log_proba(pipeline[0].transform(TEXTS)).tolist()
    assert clf.predict(TEXTS).tolist() == pipeline.predict(TEXTS).tolist()
    assert clf.compare(pipeline, TEXTS).ok


def test_every_option_as_scikit_learn_has_it() -> None:
    texts = ["The good film is a film", "a bad, BAD Film; café", "naïve filming", "good good good bad"]
    options: dict[str, Any] = {
        "ngram_range": (1, 2),
        "lowercase": False,
        "strip_accents": "unicode",
        "stop_words": ["is", "The"],
        "token_pattern": r"(?u)\b\w+\b",
        "binary": True,
        "norm": "l1",
        "sublinear_tf": True,
    }
    pipeline = make_pipeline(TfidfVectorizer(**options), LogisticRegression()).fit(texts, [0, 1, 1, 0])
    vectorizer, head = pipeline[0], pipeline[1]
    clf = make(
        vocabulary=vectorizer.get_feature_names_out(),
        coef=head.coef_,
        intercept=head.intercept_,
        classes=[0, 1],
        idf=vectorizer.idf_,
        weights="float64",
        **options,
    )
    assert clf.decision_function(texts).tobytes() == pipeline.decision_function(texts).tobytes()
    assert clf.predict(texts).dtype == pipeline.predict(texts).dtype


@pytest.mark.parametrize("analyzer", ["word", "char", "char_wb"])
@pytest.mark.parametrize("alternate_sign", [True, False])
def test_hashing(analyzer: Any, alternate_sign: bool) -> None:
    vectorizer = HashingVectorizer(
        analyzer=analyzer, n_features=50, alternate_sign=alternate_sign, norm="l2", ngram_range=(1, 2)
    )
    coef = np.sin(np.arange(150.0)).reshape(3, 50)
    clf = make(
        vocabulary=None,
        n_features=50,
        coef=coef,
        analyzer=analyzer,
        alternate_sign=alternate_sign,
        norm="l2",
        ngram_range=(1, 2),
        weights="float64",
    )
    expected = vectorizer.transform(TEXTS) @ coef.T + np.array(INTERCEPT)
    assert clf.decision_function(TEXTS).tobytes() == np.ascontiguousarray(expected).tobytes()


def test_numbers_in_arrays() -> None:
    expected = make().decision_function(TEXTS).tolist()
    for coef, intercept, vocabulary, classes in [
        (np.array(COEF), np.array(INTERCEPT), np.array(VOCABULARY), np.array(CLASSES)),
        (np.asfortranarray(COEF), INTERCEPT, dict(zip(VOCABULARY, np.arange(4), strict=True)), iter(CLASSES)),
        (np.array(COEF, dtype=np.float32).astype(object), INTERCEPT, iter(VOCABULARY), CLASSES),
    ]:
        clf = make(coef=coef, intercept=intercept, vocabulary=vocabulary, classes=classes)
        assert np.abs(clf.decision_function(TEXTS) - expected).max() < 1e-6
        assert clf.model.classes == tuple(CLASSES)
        assert all(type(c) is str for c in clf.model.classes)


def test_the_counts_of_the_plain_tests_are_scikit_learns() -> None:
    assert counts(TEXTS).tolist() == COUNTS


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"coef": np.zeros((3, 4, 1))}, "coef: found an array of shape"),
        ({"intercept": np.zeros((1, 3))}, "intercept: found an array of shape"),
    ],
)
def test_a_wrong_array_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(wcw.InputError, match=message):
        make(**options)


def test_without_numpy() -> None:
    program = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("numpy", "scipy", "sklearn"):
            raise ImportError("blocked: " + name)
sys.meta_path.insert(0, Block())
import wasm_clf_widget as wcw
clf = wcw.Classifier.from_weights(["good", "bad"], [[1.0, -1.0]], [0.25], [1, 2], name="t", norm="l2")
assert clf.predict(["good", "bad", ""]) == [2, 1, 2]
assert clf.decision_function(["good", ""]) == [1.25, 0.25]
assert [len(row) for row in clf.predict_proba(["good", "x", ""])] == [2, 2, 2]
assert clf.classes_ == [1, 2]
assert clf.classify("good").ran_on == "kernel-wasm"
assert clf.verify().ok
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    "kind", [pd.DataFrame, lambda c: pd.DataFrame(c, columns=list("abcd")), np.matrix, pl.DataFrame]
)
def test_coefficients_as_a_frame_or_a_matrix_are_read_row_by_row(kind: Any) -> None:
    table = kind(COEF) if kind is not pl.DataFrame else pl.DataFrame(COEF, orient="row")
    assert make(coef=table).sha256 == make().sha256


def test_labels_beyond_int64_and_with_a_nul_at_their_end_are_kept() -> None:
    for classes in ([2, 2**63 + 1, 3], ["a", "a\0", "b"]):
        made = make(classes=classes)
        assert made.classes_.tolist() == classes
        assert made.predict(["a"])[0] == made.classify("a").label
