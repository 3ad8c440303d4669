"""``Classifier.from_weights`` with plain Python numbers: heads, options, each wrong argument by name.

On any host, Pyodide too; against scikit-learn it is tested in test_from_weights_sklearn.py.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import Any

import pytest

import wasm_clf_widget as wcw

VOCABULARY = ["good", "bad", "film", "是"]
COEF = [[1.5, -2.0, 0.25, 0.1], [-1.0, 1.0, 0.0, 0.3], [0.125, 0.5, -3.0, 0.7]]
INTERCEPT = [0.5, -0.25, 0.0]
CLASSES = ["pos", "neg", "other"]
TEXTS = ["good film", "bad bad film", "", "GOOD, bad!", "nothing known", "是是 是 是"]
COUNTS = [[1, 0, 1, 0], [0, 2, 1, 0], [0, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
"""Of one-character words none: the default token pattern wants two."""


def make(**options: Any) -> wcw.Classifier:
    arguments: dict[str, Any] = {"vocabulary": VOCABULARY, "coef": COEF, "intercept": INTERCEPT, "classes": CLASSES}
    arguments |= {"name": "t"} | options
    positional = [arguments.pop(key) for key in ("vocabulary", "coef", "intercept", "classes")]
    return wcw.Classifier.from_weights(*positional, **arguments)


def rows(values: Any) -> list[list[float]]:
    """Rows of numbers, from an array where there is numpy and from lists where there is not."""
    return [list(row) for row in (values.tolist() if hasattr(values, "tolist") else values)]


def scores() -> list[list[float]]:
    """By the definition: counts times weights, and the intercept last."""
    return [
        [sum(map(float.__mul__, map(float, n), w)) + b for w, b in zip(COEF, INTERCEPT, strict=True)] for n in COUNTS
    ]


def shares(values: Sequence[float]) -> list[float]:
    return [value / sum(values) for value in values]


def test_softmax_of_plain_counts() -> None:
    clf = make()
    for got, right in zip(rows(clf.decision_function(TEXTS)), scores(), strict=True):
        assert got == pytest.approx(right, abs=1e-15)
    for got, right in zip(rows(clf.predict_proba(TEXTS)), scores(), strict=True):
        assert got == pytest.approx(shares([math.exp(score) for score in right]), abs=1e-14)
    assert list(clf.predict(TEXTS)) == [CLASSES[row.index(max(row))] for row in scores()]
    report = clf.verify()
    assert report.ok
    assert report.against == "twin"
    assert clf.model_info().source.startswith("weights 1")


def test_sigmoid_of_many_rows_is_divided_by_the_sum() -> None:
    for got, right in zip(rows(make(head="sigmoid").predict_proba(TEXTS)), scores(), strict=True):
        assert got == pytest.approx(shares([1 / (1 + math.exp(-score)) for score in right]), abs=1e-14)


def test_decision_has_no_probabilities() -> None:
    clf = make(head="decision")
    assert clf.classify("good").score_kind == "decision"
    with pytest.raises(wcw.InputError, match="decision_function"):
        clf.predict_proba(["good"])


def test_the_not_sure_band_and_the_version() -> None:
    clf = make(uncertain_below=0.99, version="2.1")
    assert clf.classify("good").is_uncertain
    assert clf.model_info().version == "2.1"
    assert not make(uncertain_below=0).classify("good").is_uncertain


def test_without_probabilities_nothing_can_be_uncertain() -> None:
    with pytest.raises(wcw.InputError, match=r"uncertain_below=0.6 is given, but this model gives decision scores"):
        make(head="decision", uncertain_below=0.6)


def test_texts_of_the_caller_are_kept_first() -> None:
    certificate = make(certificate_texts=["mine, first", "\ud800", "mine too"]).model.certificate
    assert certificate is not None
    assert certificate.texts[:2] == ("mine, first", "mine too")
    assert certificate.by == "twin"


def test_weights_of_auto() -> None:
    assert make().model_info().weights == "float64"  # plain counts: nothing can be proved
    info = make(norm="l2").model_info()
    assert info.weights == "float32"
    assert info.bound is not None
    assert 0 < info.bound < 1e-6
    assert make(weights="float32").model_info().bound is None


def test_numbers_in_any_plain_container() -> None:
    expected = rows(make().decision_function(TEXTS))
    for coef, intercept, vocabulary, classes in [
        (tuple(map(tuple, COEF)), tuple(INTERCEPT), tuple(VOCABULARY), tuple(CLASSES)),
        ([array("d", row) for row in COEF], array("d", INTERCEPT), VOCABULARY, CLASSES),
        (COEF, INTERCEPT, {word: n for n, word in enumerate(VOCABULARY)}, iter(CLASSES)),
        (COEF, INTERCEPT, iter(VOCABULARY), CLASSES),
    ]:
        clf = make(coef=coef, intercept=intercept, vocabulary=vocabulary, classes=classes)
        assert rows(clf.decision_function(TEXTS)) == expected
        assert clf.model.classes == tuple(CLASSES)


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
    ({"coef": [[1e300] * 4] * 3, "weights": "float32"}, "float32"),
    ({"coef": [[[1.0], [1.0], [1.0], [1.0]]] * 3}, r"coef\[0\]: found what is no number"),
    ({"coef": [COEF[0]], "classes": [0, 1], "head": "naive_bayes"}, "coef: found 1 rows"),
    ({"classes": {"a", "b", "c"}}, "classes: found a set, whose order"),
    ({"vocabulary": frozenset("abcd")}, "vocabulary: found a frozenset, whose order"),
    ({"coef": [COEF[0], COEF[1], {1.0, 2.0, 3.0, 4.0}]}, r"coef\[2\]: found a set, whose order"),
    ({"intercept": [0.0, 1.0]}, "intercept: found 2 numbers, it must be 3"),
    ({"intercept": [0.0, 1.0, math.nan]}, r"intercept\[2\]: found nan"),
    ({"intercept": None}, "intercept"),
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
