"""The badge can turn red, and names the right stage: a test build of the engine that breaks one stage at a time.

The build (cargo feature ``broken``) exports ``wcw_break(stage)``; engine/src/broken.rs says what each break does. One
build serves all stages, with fast settings: it never ships.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from wasm_clf_widget import Classifier
from wasm_clf_widget.engines import wasmtime_engine
from wasm_clf_widget.engines.wasm_engine import WasmEngine

ROOT = Path(__file__).resolve().parent.parent
STAGES = ["normalize", "tokens", "ngrams", "features", "scores"]
# The hooks see words, n-grams of two and the letter e in every one of them.
TEXTS = ["a very good film, the best", "never not good", "the worst film ever made", "not bad, not the best either"]

pytestmark = pytest.mark.xdist_group("broken-engine")


@pytest.fixture(scope="module")
def broken_wasm() -> Path:
    """The engine file of the test build."""
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import wasm_toolchain  # type: ignore[import-not-found,unused-ignore]
    finally:
        sys.path.remove(str(ROOT / "tools"))
    toolchain = wasm_toolchain.find()
    target = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "engine/target") / "wasm-broken"
    fast = {"LTO": "off", "OPT_LEVEL": "1", "CODEGEN_UNITS": "16"}
    environment = {
        **os.environ,
        **toolchain.environment,
        **{f"CARGO_PROFILE_RELEASE_{key}": value for key, value in fast.items()},
    }
    command = ["cargo", "build", "--release", "--locked", "--lib", "--features", "broken", "--quiet"]
    command += ["--target", wasm_toolchain.TARGET, "--target-dir", str(target), *toolchain.arguments]
    subprocess.run(command, cwd=ROOT / "engine", env=environment, check=True)
    return target / str(wasm_toolchain.TARGET) / "release/wcw_engine.wasm"


@pytest.fixture(scope="module")
def pipeline() -> Any:
    texts = [*TEXTS, "best of all", "bad in every way"]
    return make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression()).fit(texts, [1, 1, 0, 0, 1, 0])


@pytest.fixture(scope="module")
def healthy(pipeline: Any) -> Classifier:
    return Classifier.from_sklearn(pipeline, name="red", weights="float64", certificate_texts=TEXTS)


def broken(healthy: Classifier, wasm: Path, stage: int) -> Classifier:
    """The same model file on an engine with one stage broken (−1: none)."""
    engine, module = wasmtime_engine._module(wasm)

    def start() -> wasmtime_engine.WasmtimeRuntime:
        runtime = wasmtime_engine.WasmtimeRuntime(engine, module)
        runtime.call("wcw_break", stage)
        return runtime

    clf = Classifier.load(healthy.model_bytes)
    clf._opened = WasmEngine(clf.model_bytes, clf.model, start, ran_on="kernel-wasm", variant="baseline")
    return clf


def test_the_test_build_with_nothing_broken_is_the_engine(
    healthy: Classifier, broken_wasm: Path, pipeline: Any
) -> None:
    clf = broken(healthy, broken_wasm, -1)
    assert clf.verify().ok
    assert clf.compare(pipeline, TEXTS).ok
    assert list(clf.decision_function(TEXTS)) == list(healthy.decision_function(TEXTS))


@pytest.mark.parametrize("stage", range(len(STAGES)), ids=STAGES)
def test_verify_names_the_broken_stage(healthy: Classifier, broken_wasm: Path, stage: int) -> None:
    report = broken(healthy, broken_wasm, stage).verify()
    assert not report.ok
    assert report.first_difference is not None
    assert report.first_difference.stage == STAGES[stage]


@pytest.mark.parametrize("stage", range(len(STAGES)), ids=STAGES)
def test_compare_names_the_broken_stage(healthy: Classifier, broken_wasm: Path, pipeline: Any, stage: int) -> None:
    report = broken(healthy, broken_wasm, stage).compare(pipeline, TEXTS)
    assert not report.ok
    assert report.max_abs_diff > 0
    assert report.first_difference is not None
    assert report.first_difference.stage == STAGES[stage]


def test_the_shipped_engine_cannot_be_broken() -> None:
    for variant in wasmtime_engine.VARIANTS:
        assert b"wcw_break" not in wasmtime_engine.engine_path(variant).read_bytes()
