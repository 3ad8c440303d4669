"""Every stage and head beyond the plain ones, end to end: engine = twin = scikit-learn, and what a Classifier makes of
several labels and outputs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest

import wasm_clf_widget as wcw
from test_twin_stages import TEXTS, converted, right, source
from wasm_clf_widget.engines.wasmtime_engine import open_wasmtime_engine
from wasm_clf_widget.errors import InputError
from wasm_clf_widget.labels import labels_from
from wasm_clf_widget.model.explained import why_not_explained
from wasm_clf_widget.model.file import dump
from wasm_clf_widget.model.tree import vectorizers
from wasm_clf_widget.parity import Tally, answer_at, difference, own_answer
from wasm_clf_widget.twin import Twin
from wide_cases import ASKED, CASES, fitted

CERTIFIED = [
    "union-nested-3", "select-2", "svd-3", "layers-tanh-2", "calibrated-pipelines-3", "soft-3", "hard-2",
    "rest-bayes-3", "pairs-3", "centroid-2", "constant-3", "forest-2", "boosting-3", "many-rest", "many-layers",
    "outputs-svc", "outputs-forest",
]  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def _released() -> Iterator[None]:
    """No engine is left open for the end of the interpreter."""
    yield
    classifier.cache_clear()


@cache
def classifier(name: str) -> wcw.Classifier:
    return wcw.Classifier.from_sklearn(fitted(name), name=name, certificate_texts=ASKED[:5])


@pytest.mark.parametrize("variant", ["baseline", "simd"])
@pytest.mark.parametrize("name", CASES)
def test_the_engine_answers_as_scikit_learn_and_the_twin(name: str, variant: Any) -> None:
    model, answers = converted(name), source(name)
    engine = open_wasmtime_engine(dump(model), model, variant)
    twin = Twin(model)
    batch = engine.classify(TEXTS)
    for i, text in enumerate(TEXTS):
        own, got = twin.answer(text), answer_at(model, batch, i)
        for expected, slack in ((right(answers, i), own.source), (own_answer(own), own.engine)):
            largest, close, labels = difference(expected, got, slack)
            assert close, (text, largest, expected, got)
            assert labels, (text, expected, got)
        assert batch.known[i] == own.known, text
    for number in range(len(vectorizers(model))):
        for text in TEXTS[18:]:
            assert engine.normalize(text, number) == twin.normalize(text, number)
            assert engine.tokens(text, number) == twin.tokens(text, number)
            assert engine.ngrams(text, number) == twin.ngrams(text, number)
            features, own_features = sorted(engine.features(text, number)), twin.features(text, number)
            assert [i for i, _ in features] == [i for i, _ in own_features], text
            values = [v for _, v in own_features]
            assert [v for _, v in features] == pytest.approx(values, rel=1e-11, abs=1e-11), text
    if why_not_explained(model) is None:
        for text in TEXTS[18:]:
            a, b = engine.explain(text), twin.explain(text)
            assert [(s.ngram, s.start, s.end) for s in a.spans] == [(s.ngram, s.start, s.end) for s in b.spans]
            for x, y in zip(a.spans, b.spans, strict=True):
                assert x.weights == pytest.approx(y.weights, rel=1e-9, abs=1e-12)
            assert a.scores == pytest.approx(b.scores, rel=1e-9, abs=1e-12)
    engine.dispose()


@pytest.mark.parametrize("name", CERTIFIED)
def test_a_certified_classifier(name: str) -> None:
    clf, pipeline = classifier(name), fitted(name)
    report = clf.verify()
    assert report.ok, report
    assert report.kept > 100
    assert clf.with_engine("twin").verify().ok
    compared = clf.compare(pipeline, ASKED)
    assert compared.ok, compared
    assert compared.not_comparable == 1  # the lone surrogate
    again = wcw.Classifier.load(clf.model_bytes)
    assert again.model_info() == clf.model_info()


@pytest.mark.parametrize("name", CERTIFIED)
def test_predictions_have_scikit_learns_shapes(name: str) -> None:
    clf, pipeline = classifier(name), fitted(name)
    for texts in (TEXTS, TEXTS[:1]):
        expected = np.asarray(pipeline.predict(texts))
        assert clf.predict(texts).shape == expected.shape
        assert (clf.predict(texts) == expected).all()
    if hasattr(pipeline, "predict_proba"):
        expected = pipeline.predict_proba(TEXTS)
        found = clf.predict_proba(TEXTS)
        assert isinstance(found, list) == isinstance(expected, list)
        for own, theirs in zip(found, expected, strict=True) if isinstance(found, list) else [(found, expected)]:
            assert own.shape == theirs.shape
            assert own == pytest.approx(theirs, rel=0, abs=1e-6 if clf.model.weights == "float32" else 1e-12)
    else:
        with pytest.raises(InputError, match=r"no probabilities.*call (decision_function|predict)"):
            clf.predict_proba(TEXTS)
    if hasattr(pipeline, "decision_function"):
        expected = pipeline.decision_function(TEXTS)
        assert clf.decision_function(TEXTS).shape == expected.shape
        assert clf.decision_function(TEXTS) == pytest.approx(expected, rel=1e-6, abs=1e-6)
    elif not clf.model.decision:
        with pytest.raises(InputError, match=r"no decision scores.*call predict"):
            clf.decision_function(TEXTS)


def test_several_labels() -> None:
    clf, pipeline = classifier("many-rest"), fitted("many-rest")
    assert clf.model.targets == clf.model_info().targets == "multilabel"
    for text, row in zip(TEXTS, pipeline.predict(TEXTS), strict=True):
        result = clf.classify(text)
        on = tuple(np.flatnonzero(row).tolist())
        assert result.class_index == result.label == on  # the classes are the columns 0, 1, 2
        assert result.confidence is None
        assert not result.is_uncertain
        assert result.score_kind == "probability"
        assert [entry["label"] for entry in result.all_scores] == [0, 1, 2]
        assert json.loads(json.dumps(result.to_dict()))["label"] == list(on)
        assert labels_from(clf.model, list(on)) == row.tolist()
    assert {clf.classify(text).label for text in TEXTS} > {(), (0,)}
    for wrong in (1, [3], [0, 0], ["0"], [True], None):
        with pytest.raises(ValueError, match="class index"):
            labels_from(clf.model, wrong)


def test_several_outputs() -> None:
    clf, pipeline = classifier("outputs-forest"), fitted("outputs-forest")
    assert clf.model_info().classes == (("neg", "pos"), ("0", "10", "20"))
    assert [list(classes) for classes in clf.classes_] == [["neg", "pos"], ["0", "10", "20"]]
    for text, row in zip(TEXTS, pipeline.predict(TEXTS), strict=True):
        result = clf.classify(text)
        assert result.label == tuple(row)
        assert result.confidence is None
        assert [(entry["output"], entry["label"]) for entry in result.all_scores] == [
            (0, "neg"), (0, "pos"), (1, "0"), (1, "10"), (1, "20")
        ]  # fmt: skip
        assert labels_from(clf.model, result.class_index) == list(result.class_index)
    for wrong in (0, [0], [2, 0], [0, 3], [0, -1]):
        with pytest.raises(ValueError, match="class index"):
            labels_from(clf.model, wrong)


def test_decision_scores_of_several_outputs_are_a_list() -> None:
    clf, pipeline = classifier("outputs-svc"), fitted("outputs-svc")
    found = clf.decision_function(TEXTS)
    rows = pipeline[0].transform(TEXTS)
    for own, member in zip(found, pipeline[1].estimators_, strict=True):
        assert own.tolist() == member.decision_function(rows).tolist()
    scores = clf.classify(TEXTS[0]).all_scores
    assert scores[0]["score"] == -scores[1]["score"]
    assert len(scores) == 5


def test_votes_are_scores_of_a_decision() -> None:
    clf, pipeline = classifier("hard-2"), fitted("hard-2")
    result = clf.classify("good film")
    assert result.score_kind == "decision"
    assert result.confidence is None
    assert sum(entry["score"] for entry in result.all_scores) == len(pipeline[-1].estimators_)


@pytest.mark.parametrize("name", ["layers-tanh-2", "forest-2", "hard-2", "pairs-3", "centroid-2", "svd-3"])
def test_what_cannot_be_explained_says_why(name: str) -> None:
    clf = classifier(name)
    for asked in (clf, clf.with_engine("twin")):
        with pytest.raises(InputError, match=r"cannot be explained by n-grams: \w+"):
            asked.explain("good film")


def test_a_difference_names_the_vectorizer() -> None:
    model = converted("union-nested-2")
    twin = Twin(model)

    class Shouting:
        def normalize(self, text: str, vectorizer: int = 0) -> str:
            return twin.normalize(text, vectorizer).upper() if vectorizer == 2 else twin.normalize(text, vectorizer)

        def __getattr__(self, name: str) -> Any:
            return getattr(twin, name)

    tally = Tally(model, Shouting(), "the twin")  # type: ignore[arg-type]
    tally.part(0, "good film", "a", "b", twin)
    assert tally.first is not None
    assert (tally.first.stage, tally.first.got) == ("normalize", "vectorizer 2: GOOD FILM")


def test_a_classifier_says_what_is_within_it() -> None:
    info = classifier("calibrated-pipelines-3").model_info()
    assert info.pipeline[0] == "calibrated, mean of 3"
    assert info.pipeline[1].startswith("  word 1-1, vocabulary of ")
    assert info.n_features == sum(v.n_features for v in vectorizers(classifier("calibrated-pipelines-3").model))
    assert "dense rows" in classifier("svd-3").model_info().promise
