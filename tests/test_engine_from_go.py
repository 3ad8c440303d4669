"""The engine's documented ABI from a second language: the Go example gives the same bits as Python."""

from __future__ import annotations

import shutil
import subprocess
from importlib import resources
from pathlib import Path

import pytest

import wasm_clf_widget as wcw
from wasm_clf_widget.assets import STATIC

EXAMPLE = Path(__file__).resolve().parent.parent / "examples/go"
TEXTS = ["great value", "服务态度差", "", "a dull film 😀"]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("go") is None:
        pytest.skip("no Go on this machine")
    if subprocess.run(["go", "mod", "download"], cwd=EXAMPLE, capture_output=True, check=False).returncode != 0:
        pytest.skip("wazero cannot be fetched from here")
    built = tmp_path_factory.mktemp("go") / "classify"
    subprocess.run(["go", "build", "-o", str(built), "."], cwd=EXAMPLE, check=True)
    return built


@pytest.mark.parametrize("variant", ["baseline", "simd"])
def test_go_gives_the_same_bits(program: Path, variant: str) -> None:
    with resources.as_file(resources.files("wasm_clf_widget") / "models/sentiment-zh-en.safetensors") as model:
        command = [str(program), str(STATIC / f"engine.{variant}.wasm"), str(model), *TEXTS]
        lines = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()
    expected = wcw.Classifier.load("sentiment-zh-en").classify(TEXTS)
    found = [line.split("\t")[:2] for line in lines]
    assert [(label, float(p)) for label, p in found] == [(f"class {r.class_index}", r.confidence) for r in expected]


def test_an_error_is_the_engines_words(program: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no model")
    command = [str(program), str(STATIC / "engine.simd.wasm"), str(broken), "text"]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert done.returncode == 1
    assert "engine error -2" in done.stderr
