"""Trees over many texts: leaves found by SIMD, and node by node, against scikit-learn's bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier, VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.pipeline import make_pipeline

import wasm_clf_widget as wcw

RANDOM = np.random.default_rng(5)
WORDS = np.array([f"w{i}" for i in range(9000)])


def texts(count: int, lengths: Sequence[int]) -> list[str]:
    """Some words are in many of them, most in few."""
    rare = RANDOM.random((count, max(lengths))) < 0.6
    which = np.where(rare, RANDOM.integers(0, len(WORDS), rare.shape), RANDOM.integers(0, 40, rare.shape))
    return [" ".join(WORDS[row[:n]]) for row, n in zip(which, RANDOM.choice(lengths, count), strict=True)]


def asked_for(forest: Any) -> int:
    """How many features any node asks for."""
    features = np.concatenate([tree.tree_.feature for tree in forest.estimators_])
    return len(np.unique(features[features >= 0]))


def check(pipeline: Any, clf: wcw.Classifier, batch: list[str]) -> None:
    expected = pipeline.predict_proba(batch)
    for variant in ("simd", "baseline"):
        found = clf.with_engine("wasm", variant).predict_proba(batch)
        apart = np.flatnonzero((found != expected).any(axis=1))
        assert not len(apart), (variant, len(apart), batch[apart[0]])


TRAINING = texts(900, range(1, 60))
LABELS = RANDOM.integers(0, 3, len(TRAINING))
LENGTHS = [0, 1, 2, *range(5, 20), 25, 60]
"""What finds leaves by SIMD takes texts of up to 14 features that are asked for."""


@pytest.mark.parametrize(
    "vectorizer",
    [TfidfVectorizer(), CountVectorizer(), HashingVectorizer(n_features=1 << 14)],
    ids=["tfidf", "counts", "signs"],
)
def test_forests_of_thousands_of_features(vectorizer: Any) -> None:
    pipeline = make_pipeline(vectorizer, ExtraTreesClassifier(30, random_state=0)).fit(TRAINING, LABELS)
    clf = wcw.Classifier.from_sklearn(pipeline, name="forest")
    assert asked_for(pipeline[-1]) > 4096, "more than can be told apart by twelve bits"
    # More texts than wait at a time; the same ones one by one and in one batch, with long ones between short ones.
    batch = texts(5000, LENGTHS)
    check(pipeline, clf, batch)
    some = batch[:60]
    together = clf.predict_proba(some)
    assert np.array_equal(together, np.concatenate([clf.predict_proba([text]) for text in some]))
    known = [result.known_features for result in clf.classify(some)]
    assert known == [row.nnz for row in pipeline[0].transform(some)]


def test_boosting_adds_to_each_class_in_order() -> None:
    head = GradientBoostingClassifier(n_estimators=12, max_depth=4, random_state=0)
    pipeline = make_pipeline(TfidfVectorizer(), head).fit(TRAINING, LABELS)
    clf = wcw.Classifier.from_sklearn(pipeline, name="boosting")
    batch = texts(5000, LENGTHS)
    expected = pipeline.decision_function(batch)
    for variant in ("simd", "baseline"):
        assert np.array_equal(clf.with_engine("wasm", variant).decision_function(batch), expected)


def test_a_forest_among_members_answers_text_by_text() -> None:
    members = [("trees", ExtraTreesClassifier(9, random_state=0)), ("more", ExtraTreesClassifier(9, random_state=1))]
    pipeline = make_pipeline(TfidfVectorizer(), VotingClassifier(members, voting="soft")).fit(TRAINING, LABELS)
    check(pipeline, wcw.Classifier.from_sklearn(pipeline, name="vote"), texts(300, LENGTHS))


def test_a_text_without_an_answer_is_named_and_those_before_it_are_not_lost() -> None:
    pattern = r"\w+(?=\s)|w\d+"
    head = ExtraTreesClassifier(9, random_state=0)
    pipeline = make_pipeline(CountVectorizer(token_pattern=pattern), head).fit(TRAINING[:20], LABELS[:20])
    clf = wcw.Classifier.from_sklearn(pipeline, name="steps")
    batch = [*TRAINING[:40], "a" * 20_000, "w1"]
    with pytest.raises(wcw.TooManyStepsError, match=r"^texts\[40\]: the token pattern"):
        clf.predict(batch)
    check(pipeline, clf, batch[:40])


@pytest.mark.long
def test_more_features_than_sixteen_bits() -> None:
    training = [" ".join(f"x{i}" for i in RANDOM.integers(0, 1 << 30, 100)) for _ in range(2000)]
    labels = RANDOM.integers(0, 2, len(training))
    pipeline = make_pipeline(HashingVectorizer(), ExtraTreesClassifier(70, max_features=20, random_state=0))
    clf = wcw.Classifier.from_sklearn(pipeline.fit(training, labels), name="wide forest")
    assert asked_for(pipeline[-1]) > 1 << 16
    check(pipeline, clf, [" ".join(text.split()[:n]) for text in training[:500] for n in (0, 3, 12, 100)])
