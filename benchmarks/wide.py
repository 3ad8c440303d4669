"""Beyond one vectorizer with a linear head: unions, token patterns, a perceptron and a forest, on English texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from cases import SIZES
from measure import ratio
from record import Row
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline, make_union
from systems import Different, classifier
from texts import texts

import wasm_clf_widget as wcw

FEATURES = 2_000
"""Of the perceptron and of the forest."""


def _linear() -> Any:
    return SGDClassifier(loss="log_loss", random_state=0)


def _union() -> Any:
    words = TfidfVectorizer(ngram_range=(1, 2))
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4))
    return make_pipeline(make_union(words, characters), _linear())


def _pattern(pattern: str) -> Callable[[], Any]:
    return lambda: make_pipeline(TfidfVectorizer(token_pattern=pattern), _linear())


def _perceptron() -> Any:
    head = MLPClassifier((32, 16), max_iter=5, early_stopping=True, random_state=0)
    return make_pipeline(TfidfVectorizer(max_features=FEATURES), head)


def _forest() -> Any:
    return make_pipeline(TfidfVectorizer(max_features=FEATURES), RandomForestClassifier(100, random_state=0))


CASES: tuple[tuple[str, float, Callable[[], Any]], ...] = (
    ("union of word 1-2 and char_wb 2-4", 15.0, _union),
    (r"pattern \w+", 8.0, _pattern(r"\w+")),
    (r"pattern \b\w[\w'-]*\b", 3.0, _pattern(r"(?u)\b\w[\w'-]*\b")),
    (f"perceptron {FEATURES} → 32 → 16", 5.0, _perceptron),
    ("random forest of 100 trees", 10.0, _forest),
)
"""Name, least ratio to scikit-learn, and the pipeline."""


def rows(name: str) -> Iterator[Row]:
    """Both sizes of one case."""
    data = texts("English", SIZES)
    asked, make = next((asked, make) for each, asked, make in CASES if each == name)
    pipeline = make().fit(data.train, data.labels)
    ours = classifier(pipeline, "auto")
    for words, count in SIZES:
        batch = data.test[words]
        found = _check(pipeline, ours, batch)
        result = ratio(lambda b=batch: pipeline.predict_proba(b), lambda b=batch: ours.predict_proba(b))
        scale = 1000 * count
        yield Row(
            "batch, wide", f"English, {name}, {words} words", "×", asked, "at_least",
            result.median, result.low, result.high, result.pairs, result.peer_ns / scale, result.ours_ns / scale, found,
        )  # fmt: skip


def _check(pipeline: Any, ours: wcw.Classifier, batch: list[str]) -> str:
    if wrong := int(np.count_nonzero(pipeline.predict(batch) != ours.predict(batch))):
        raise Different(f"{wrong} of {len(batch)} labels differ")
    apart = float(np.abs(pipeline.predict_proba(batch) - ours.predict_proba(batch)).max())
    return f"same labels, |Δp| {apart:.0e}"
