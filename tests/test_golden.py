"""The golden cases of tests/data on the twin and on both variants of this host's wasm engine (tests/data/README.md).

They run on every host of the Python package: in CPython on wasmtime, and inside Pyodide (tests/pyodide).
"""

from __future__ import annotations

import math
from typing import Any

import pytest

from golden import DATA, KINDS, WIDE, bits, given, golden, names, opened
from wasm_clf_widget.model.shape import shape_of
from wasm_clf_widget.parity import answer_at

NAMES = names(DATA)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@pytest.mark.parametrize("name", NAMES)
def test_stages(name: str, kind: Any) -> None:
    case, data, model = golden(name)
    engine = opened(kind, data, model)
    for expected in case["texts"]:
        text = given(expected)
        assert engine.normalize(text) == expected["normalize"]
        assert engine.tokens(text) == expected["tokens"], text
        assert engine.ngrams(text) == expected["ngrams"], text
        features = engine.features(text)
        if model.weights == "float64":
            assert [list(feature) for feature in features] == expected["features"], text
        else:
            assert sorted(index for index, _ in features) == [index for index, _ in expected["features"]], text
            assert dict(features) == pytest.approx(dict(expected["features"]), rel=1e-14), text


@pytest.mark.parametrize("name", NAMES)
def test_answers(name: str, kind: Any) -> None:
    case, data, model = golden(name)
    outputs, classes = model.head.outputs, len(model.classes)
    assert list(model.classes) == case["classes"]
    batch = opened(kind, data, model).classify([given(expected) for expected in case["texts"]])
    assert batch.n == len(case["texts"])
    for n, expected in enumerate(case["texts"]):
        scores = list(batch.scores[n * outputs : (n + 1) * outputs])
        if "tolerance" in expected:
            for score, right, tolerance in zip(scores, expected["scores"], expected["tolerance"], strict=True):
                assert abs(score - right) <= tolerance, expected
            assert scores == pytest.approx(expected["rounded_scores"], rel=1e-14, abs=1e-14), expected
        else:
            assert bits(scores) == expected["score_bits"], expected
        assert batch.labels[n] == expected["label"], expected
        assert batch.known[n] == expected["known"], expected
        assert batch.replaced[n] == expected["replaced"], expected
        if expected["probabilities"] is None:
            assert batch.probabilities is None
        else:
            assert batch.probabilities is not None
            slack = 1e-14 + outputs * max(expected.get("tolerance", [0.0]))
            if model.head.kind == "naive_bayes":
                slack += 2 * max(math.ulp(score) for score in scores)
            given_probabilities = list(batch.probabilities[n * classes : (n + 1) * classes])
            assert given_probabilities == pytest.approx(expected["probabilities"], rel=0, abs=slack), expected


@pytest.mark.parametrize("name", NAMES)
def test_explanations(name: str, kind: Any) -> None:
    case, data, model = golden(name)
    engine = opened(kind, data, model)
    for expected in case["texts"]:
        text = given(expected)
        explanation = engine.explain(text)
        found = [
            [s.ngram, s.start, s.end, utf16_length(text[: s.start]), utf16_length(text[: s.end])]
            for s in explanation.spans
        ]
        assert found == [span[:5] for span in expected["spans"]], text
        for span, right in zip(explanation.spans, expected["spans"], strict=True):
            assert list(span.weights) == pytest.approx(right[5:], rel=1e-8, abs=1e-8), (text, span)
        assert list(explanation.remainder) == pytest.approx(expected["remainder"], rel=1e-8, abs=1e-8), text
        for column, score in enumerate(explanation.scores):
            total = sum(span.weights[column] for span in explanation.spans) + explanation.remainder[column]
            assert total == pytest.approx(score, rel=1e-12, abs=1e-12), text


@pytest.mark.parametrize("name", names(WIDE))
def test_wide_answers(name: str, kind: Any) -> None:
    case, data, model = golden(name, WIDE)
    shape = shape_of(model)
    assert shape._asdict() == case["shape"]
    assert [list(classes.values) for classes in model.class_sets] == case["classes"]
    batch = opened(kind, data, model).classify([expected["text"] for expected in case["texts"]])
    for n, expected in enumerate(case["texts"]):
        got = answer_at(model, batch, n)
        for score, right, exact, tolerance in zip(
            got.scores, expected["scores"], expected["score_bits"], expected["tolerance"], strict=True
        ):
            if tolerance == 0.0:
                assert bits([score]) == [exact], expected
            assert abs(score - right) <= tolerance, expected
        assert list(got.labels) == expected["labels"], expected
        assert batch.known[n] == expected["known"], expected
        assert (got.probabilities is None) == (expected["probabilities"] is None)
        if got.probabilities is not None:
            slack = expected["probability_tolerance"]
            assert list(got.probabilities) == pytest.approx(expected["probabilities"], rel=0, abs=slack), expected
