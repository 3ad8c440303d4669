"""The golden cases of tests/data on the twin and on both variants of the wasm engine (see tests/data/README.md)."""

from __future__ import annotations

import json
import math
import platform
import struct
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sklearn

import make_golden_wide
from golden_cases import CASES, Case
from make_golden import generate
from wasm_clf_widget.engines.base import Engine
from wasm_clf_widget.engines.twin_engine import TwinEngine
from wasm_clf_widget.engines.wasmtime_engine import open_wasmtime_engine
from wasm_clf_widget.model.file import parse
from wasm_clf_widget.model.shape import shape_of
from wasm_clf_widget.model.spec import Model
from wasm_clf_widget.parity import answer_at

DATA = Path(__file__).parent / "data"
NAMES = sorted(path.stem for path in DATA.glob("*.json"))


@cache
def golden(name: str) -> tuple[dict[str, Any], bytes, Model]:
    data = (DATA / f"{name}.safetensors").read_bytes()
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8")), data, parse(data)


@pytest.fixture(params=["twin", "baseline", "simd"])
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


def opened(kind: Any, data: bytes, model: Model) -> Engine:
    return TwinEngine(model) if kind == "twin" else open_wasmtime_engine(data, model, kind)


def given(expected: dict[str, Any]) -> str:
    if "text" in expected:
        return str(expected["text"])
    units = expected["text_utf16"]
    return struct.pack(f"<{len(units)}H", *units).decode("utf-16-le", "surrogatepass")


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
            assert [struct.pack(">d", score).hex() for score in scores] == expected["score_bits"], expected
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


def test_every_case_has_its_two_files_and_no_file_is_left_over() -> None:
    assert sorted(case.name for case in CASES) == NAMES
    assert sorted(path.stem for path in DATA.glob("*.safetensors")) == NAMES
    assert sum(path.stat().st_size for path in DATA.iterdir() if path.is_file()) < 400_000


def test_every_wide_case_has_its_two_files_and_no_file_is_left_over() -> None:
    names = sorted(make_golden_wide.NAMES)
    assert sorted(path.stem for path in make_golden_wide.DATA.glob("*.json")) == names
    assert sorted(path.stem for path in make_golden_wide.DATA.glob("*.safetensors")) == names
    assert sum(path.stat().st_size for path in make_golden_wide.DATA.iterdir()) < 500_000


@pytest.mark.parametrize("name", make_golden_wide.NAMES)
def test_wide_answers(name: str, kind: Any) -> None:
    case, data = make_golden_wide.golden(name)
    model = parse(data)
    shape = shape_of(model)
    assert shape._asdict() == case["shape"]
    assert [list(classes.values) for classes in model.class_sets] == case["classes"]
    batch = opened(kind, data, model).classify([expected["text"] for expected in case["texts"]])
    for n, expected in enumerate(case["texts"]):
        got = answer_at(model, batch, n)
        for score, right, bits, tolerance in zip(
            got.scores, expected["scores"], expected["score_bits"], expected["tolerance"], strict=True
        ):
            if tolerance == 0.0:
                assert struct.pack(">d", score).hex() == bits, expected
            assert abs(score - right) <= tolerance, expected
        assert list(got.labels) == expected["labels"], expected
        assert batch.known[n] == expected["known"], expected
        assert (got.probabilities is None) == (expected["probabilities"] is None)
        if got.probabilities is not None:
            slack = expected["probability_tolerance"]
            assert list(got.probabilities) == pytest.approx(expected["probabilities"], rel=0, abs=slack), expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.filterwarnings("ignore:Your stop_words may be inconsistent")
def test_the_files_are_what_the_generator_writes(case: Case) -> None:
    """Byte for byte, but for the probabilities: numpy's exp differs by processor in the last bit."""
    recorded, data, model = golden(case.name)
    here = (sklearn.__version__, ".".join(platform.python_version_tuple()[:2]), platform.machine())
    if here != (model.source.version, model.source.python, "x86_64"):
        pytest.skip(f"the files were written with {model.source} on x86_64, here is {here}")
    text, again = generate(case)
    assert again == data
    regenerated = json.loads(text)
    for new, old in zip(regenerated["texts"], recorded["texts"], strict=True):
        if new["probabilities"] is not None:
            assert new["probabilities"] == pytest.approx(old["probabilities"], rel=0, abs=1e-14)
            new["probabilities"] = old["probabilities"]
    assert regenerated == recorded
