"""The linear edition of the engine: the same bits as the complete one, and a typed refusal of what it does not know.

These run on every host of the Python package: in CPython on wasmtime, and inside Pyodide (tests/pyodide).
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from wasm_clf_widget.assets import engine_file
from wasm_clf_widget.engines import open_engine
from wasm_clf_widget.engines.pyodide_engine import open_pyodide_engine
from wasm_clf_widget.engines.wasm_engine import WasmEngine
from wasm_clf_widget.engines.wasmtime_engine import VARIANTS, Variant, engine_path, open_wasmtime_engine
from wasm_clf_widget.errors import ModelFileError
from wasm_clf_widget.export import _tables
from wasm_clf_widget.model import safetensors
from wasm_clf_widget.model.edition import Edition, edition_of
from wasm_clf_widget.model.file import dump, parse
from wasm_clf_widget.model.spec import LinearHead, Model

DATA = Path(__file__).parent / "data"
FILES = sorted(DATA.rglob("*.safetensors"))
TEXTS = [
    "",
    "unknown zzz",
    "这个产品非常好用推荐购买",
    "Déjà vu, the good FILM\0was not bad",
    "a  b\tc 𝒳 👩‍👧 ΣΣ",
    "good " * 3000,
]


def _model(path: Path) -> tuple[bytes, Model]:
    """The golden model as an export writes it: with its look-up tables."""
    golden = parse(path.read_bytes())
    data = dump(replace(golden, tables=_tables(golden), certificate=None))
    return data, parse(data)


def _opened(data: bytes, model: Model, variant: Variant, edition: Edition) -> WasmEngine:
    if sys.platform == "emscripten":
        return open_pyodide_engine(data, model, variant, engine_file(variant, edition))
    return open_wasmtime_engine(data, model, variant, engine_path(variant, edition))


LINEAR = [path for path in FILES if edition_of(_model(path)[1]) == "linear"]
COMPLETE = [path for path in FILES if path not in LINEAR]


def test_both_kinds_are_among_the_golden_models() -> None:
    assert len(LINEAR) > 20
    assert len(COMPLETE) > 20


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("path", LINEAR, ids=lambda path: path.stem)
def test_linear_models_have_the_same_bits_in_both(path: Path, variant: Variant) -> None:
    data, model = _model(path)
    linear, complete = _opened(data, model, variant, "linear"), _opened(data, model, variant, "complete")
    a, b = linear.classify(TEXTS), complete.classify(TEXTS)
    assert bytes(memoryview(a.scores)) == bytes(memoryview(b.scores))
    assert (a.probabilities is None) == (b.probabilities is None)
    if a.probabilities is not None and b.probabilities is not None:
        assert bytes(memoryview(a.probabilities)) == bytes(memoryview(b.probabilities))
    assert list(a.labels) == list(b.labels)
    assert list(a.known) == list(b.known)
    for text in TEXTS[:5]:
        if isinstance(model.head, LinearHead):
            assert linear.explain(text) == complete.explain(text)
        assert linear.features(text) == complete.features(text)


@pytest.mark.parametrize("path", COMPLETE, ids=lambda path: path.stem)
def test_the_linear_edition_refuses_what_it_does_not_know(path: Path) -> None:
    data, model = _model(path)
    with pytest.raises(ModelFileError, match="the linear edition of the engine knows none"):
        _opened(data, model, "simd", "linear")


def test_a_file_that_claims_too_little_is_refused() -> None:
    data, _ = _model(COMPLETE[0])
    container = safetensors.read(data)
    text = container.metadata["wcw"].replace('"uncertain_below":', '"engine":"linear","uncertain_below":')
    tensors = container.tensors()
    entries = safetensors.lay_out(tensors)
    digest = safetensors.content_hash(text, entries, (tensors[e.name].data for e in entries))
    with pytest.raises(ModelFileError, match="the pipeline needs the complete engine"):
        parse(safetensors.write(tensors, entries, {"wcw": text, "sha256": digest}))


def test_a_file_without_tables_still_loads() -> None:
    golden = parse(LINEAR[0].read_bytes())
    model = parse(dump(replace(golden, tables=(), certificate=None)))
    if model.pipeline.front and getattr(model.pipeline.front, "vocabulary", None) is not None:
        assert edition_of(model) == "complete"
    assert open_engine("wasm", dump(model), model, "simd").classify(TEXTS).n == len(TEXTS)
