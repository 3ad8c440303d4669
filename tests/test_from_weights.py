"""``Classifier.from_weights``: its arithmetic against scikit-learn, each option, each wrong argument by name."""

from __future__ import annotations

import math
import subprocess
import sys
from array import array
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

import wasm_clf_widget as wcw

VOCABULARY = ["good", "bad", "film", "是"]
COEF = [[1.5, -2.0, 0.25, 0.1], [-1.0, 1.0, 0.0, 0.3], [0.125, 0.5, -3.0, 0.7]]
INTERCEPT = [0.5, -0.25, 0.0]
CLASSES = ["pos", "neg", "other"]
TEXTS = ["good film", "bad bad film", "", "GOOD, bad!", "nothing known", "是是 是 是"]


def make(**options: Any) -> wcw.Classifier:
    arguments: dict[str, Any] = {"vocabulary": VOCABULARY, "coef": COEF, "intercept": INTERCEPT, "classes": CLASSES}
    arguments |= {"name": "t"} | options
    positional = [arguments.pop(key) for key in ("vocabulary", "coef", "intercept", "classes")]
    return wcw.Classifier.from_weights(*positional, **arguments)


def counts(texts: list[str]) -> Any:
    return CountVectorizer(vocabulary=VOCABULARY).transform(texts).toarray().astype(float)


def test_softmax_of_plain_counts() -> None:
    clf = make()
    scores = counts(TEXTS) @ np.array(COEF).T + INTERCEPT
    assert np.abs(clf.decision_function(TEXTS) - scores).max() < 1e-15
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    assert np.abs(clf.predict_proba(TEXTS) - e / e.sum(axis=1, keepdims=True)).max() < 1e-14
    assert clf.predict(TEXTS).tolist() == [CLASSES[i] for i in scores.argmax(axis=1)]
    report = clf.verify()
    assert report.ok
    assert report.against == "twin"
    assert clf.model_info().source.startswith("weights 1")


@pytest.mark.parametrize("head", ["sigmoid", "softmax"])
def test_one_row_for_two_classes_is_a_logistic(head: Any) -> None:
    clf = make(coef=[COEF[0]], intercept=0.5, classes=[False, True], head=head)
    scores = counts(TEXTS) @ np.array(COEF[0]) + 0.5
    assert clf.decision_function(TEXTS).tolist() == pytest.approx(scores.tolist())
    assert clf.predict_proba(TEXTS)[:, 1].tolist() == pytest.approx((1 / (1 + np.exp(-scores))).tolist())
    assert clf.predict(TEXTS).tolist() == (scores > 0).tolist()


def test_sigmoid_of_many_rows_is_divided_by_the_sum() -> None:
    clf = make(head="sigmoid")
    s = 1 / (1 + np.exp(-(counts(TEXTS) @ np.array(COEF).T + INTERCEPT)))
    assert np.abs(clf.predict_proba(TEXTS) - s / s.sum(axis=1, keepdims=True)).max() < 1e-14


def test_decision_has_no_probabilities() -> None:
    clf = make(head="decision")
    assert clf.classify("good").score_kind == "decision"
    with pytest.raises(wcw.InputError, match="decision_function"):
        clf.predict_proba(["good"])


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


def test_numbers_in_any_container() -> None:
    expected = make().decision_function(TEXTS).tolist()
    for coef, intercept, vocabulary, classes in [
        (np.array(COEF), np.array(INTERCEPT), np.array(VOCABULARY), np.array(CLASSES)),
        (tuple(map(tuple, COEF)), tuple(INTERCEPT), tuple(VOCABULARY), tuple(CLASSES)),
        ([array("d", row) for row in COEF], array("d", INTERCEPT), VOCABULARY, CLASSES),
        (np.asfortranarray(COEF), INTERCEPT, dict(zip(VOCABULARY, np.arange(4), strict=True)), iter(CLASSES)),
        (np.array(COEF, dtype=np.float32).astype(object), INTERCEPT, iter(VOCABULARY), CLASSES),
    ]:
        clf = make(coef=coef, intercept=intercept, vocabulary=vocabulary, classes=classes)
        assert np.abs(clf.decision_function(TEXTS) - expected).max() < 1e-6
        assert clf.model.classes == tuple(CLASSES)
        assert all(type(c) is str for c in clf.model.classes)


def test_the_not_sure_band_and_the_version() -> None:
    clf = make(uncertain_below=0.99, version="2.1")
    assert clf.classify("good").is_uncertain
    assert clf.model_info().version == "2.1"
    assert not make(uncertain_below=0).classify("good").is_uncertain


def test_auto_and_float32() -> None:
    assert make().model_info().weights == "float64"  # plain counts: nothing can be proved
    clf = make(norm="l2", coef=np.sin(np.arange(12.0)).reshape(3, 4))
    info = clf.model_info()
    assert info.weights == "float32"
    assert info.bound is not None
    assert 0 < info.bound < 1e-6
    assert make(weights="float32").model_info().bound is None


def test_texts_of_the_caller_are_kept_first() -> None:
    certificate = make(certificate_texts=["mine, first", "\ud800", "mine too"]).model.certificate
    assert certificate is not None
    assert certificate.texts[:2] == ("mine, first", "mine too")
    assert certificate.by == "twin"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "name: found ''"),
    ({"name": 5}, "name: found 5"),
    ({"version": None}, "version: found None"),
    ({"head": "tanh"}, "head: found 'tanh', allowed are 'softmax'"),
    ({"head": ["softmax"]}, "head: found"),
    ({"weights": "float16"}, "weights: found 'float16'"),
    ({"analyzer": "words"}, "analyzer: found 'words'"),
    ({"norm": "l3"}, "norm: found 'l3'"),
    ({"strip_accents": "all"}, "strip_accents"),
    ({"lowercase": 1}, "lowercase: found 1"),
    ({"binary": None}, "binary: found None"),
    ({"sublinear_tf": "yes"}, "sublinear_tf"),
    ({"alternate_sign": 0}, "alternate_sign"),
    ({"token_pattern": r"(\w"}, "token_pattern"),
    ({"analyzer": "char", "token_pattern": r"(?u)\b\w+\b"}, "token_pattern"),
    ({"analyzer": "char", "stop_words": ["a"]}, "stop_words"),
    ({"stop_words": "english"}, "stop_words: found str"),
    ({"stop_words": ["a", 5]}, r"stop_words\[1\]"),
    ({"ngram_range": (2, 1)}, "ngram_range"),
    ({"ngram_range": (0, 1)}, "ngram_range"),
    ({"ngram_range": (1, 65)}, "ngram_range"),
    ({"ngram_range": (1, 2, 3)}, "ngram_range"),
    ({"ngram_range": 2}, "ngram_range"),
    ({"ngram_range": (1, 2.0)}, "ngram_range"),
    ({"uncertain_below": 1.5}, "uncertain_below"),
    ({"uncertain_below": math.nan}, "uncertain_below"),
    ({"uncertain_below": True}, "uncertain_below"),
    ({"classes": ["a", "b"]}, "coef: found 3 rows for 2 classes"),
    ({"classes": ["a", "b", "c", "d"]}, "coef: found 3 rows for 4 classes"),
    ({"classes": ["a"]}, "classes: found 1"),
    ({"classes": ["a", "b", "a"]}, "'a' stands twice"),
    ({"classes": ["a", 1, "c"]}, "classes: found labels of type int, str"),
    ({"classes": [1, True, 2]}, "classes: found labels of type bool, int"),
    ({"classes": [1.0, 2.0, 3.0]}, "float"),
    ({"classes": "abc"}, "classes: found str"),
    ({"classes": ["a", "b", "\ud800"]}, "lone surrogate"),
    ({"vocabulary": ["a", "b", "c", "a"]}, "vocabulary: 'a' stands twice"),
    ({"vocabulary": ["a", "b", "c", 1]}, r"vocabulary\[3\]: found int 1"),
    ({"vocabulary": ["a", "b", "c", "\udfff"]}, r"vocabulary\[3\]: .* lone surrogate"),
    ({"vocabulary": ["a", "b", "c", "d" * 70_000]}, "70,000 bytes, 65,535"),
    ({"vocabulary": "abcd"}, "vocabulary: found str"),
    ({"vocabulary": 4}, "vocabulary: found int"),
    ({"vocabulary": []}, "vocabulary: 0 n-grams"),
    ({"vocabulary": {"a": 0, "b": 1, "c": 1, "d": 3}}, "each once"),
    ({"vocabulary": {"a": 0, "b": 1, "c": 2, "d": 4}}, "0 to 3"),
    ({"vocabulary": {"a": 0, "b": 1, "c": 2, "d": "3"}}, "must be an int"),
    ({"vocabulary": ["a", "b", "c"]}, r"coef\[0\]: found 4 numbers, it must be 3"),
    ({"vocabulary": None}, "n_features: found None"),
    ({"vocabulary": None, "n_features": 0}, "n_features: found 0"),
    ({"n_features": 5}, "n_features: found 5, the vocabulary has 4"),
    ({"coef": COEF[0]}, r"write \[coef\]"),
    ({"coef": "x"}, "coef: found str"),
    ({"coef": 5}, "coef: found int"),
    ({"coef": [COEF[0], COEF[1], ["a", "b", "c", "d"]]}, r"coef\[2\]: found what is no number"),
    ({"coef": [COEF[0], COEF[1], [1.0, 2.0, math.nan, 3.0]]}, r"coef\[2\]\[2\]: found nan"),
    ({"coef": [COEF[0], COEF[1], [1.0, math.inf, 1.0, 3.0]]}, r"coef\[2\]\[1\]: found inf"),
    ({"coef": [COEF[0], COEF[1], COEF[2][:3]]}, r"coef\[2\]: found 3 numbers"),
    ({"coef": np.zeros((3, 4, 1))}, "coef: found an array of shape"),
    ({"coef": [[[1.0], [1.0], [1.0], [1.0]]] * 3}, r"coef\[0\]: found what is no number"),
    ({"coef": [COEF[0]], "classes": [0, 1], "head": "naive_bayes"}, "coef: found 1 rows"),
    ({"coef": np.full((3, 4), 1e300), "weights": "float32"}, "float32"),
    ({"intercept": [0.0, 1.0]}, "intercept: found 2 numbers, it must be 3"),
    ({"intercept": [0.0, 1.0, math.nan]}, r"intercept\[2\]: found nan"),
    ({"intercept": None}, "intercept"),
    ({"intercept": np.zeros((1, 3))}, "intercept: found an array of shape"),
    ({"idf": [1.0, 2.0]}, "idf: found 2 numbers, it must be 4"),
    ({"idf": [1.0, 2.0, math.inf, 1.0]}, r"idf\[2\]: found inf"),
    ({"certificate_texts": "abc"}, "bare string"),
    ({"certificate_texts": [None]}, r"texts\[0\]"),
]


@pytest.mark.parametrize(("options", "message"), WRONG, ids=[str(i) for i in range(len(WRONG))])
def test_a_wrong_argument_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(wcw.InputError, match=message):
        make(**options)


def test_an_unknown_keyword() -> None:
    with pytest.raises(TypeError, match="lower_case"):
        make(lower_case=True)


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
