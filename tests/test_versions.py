"""One version number: Python, npm and the engine are released together, so they must say the same."""

from __future__ import annotations

import json
import tomllib
from importlib.metadata import version
from pathlib import Path

import wasm_clf_widget

ROOT = Path(__file__).resolve().parent.parent


def _toml(name: str) -> dict[str, dict[str, object]]:
    return tomllib.loads((ROOT / name).read_text(encoding="utf-8"))


def test_versions_agree() -> None:
    python = _toml("pyproject.toml")["project"]["version"]
    npm = json.loads((ROOT / "js/package.json").read_text(encoding="utf-8"))
    lock = json.loads((ROOT / "js/package-lock.json").read_text(encoding="utf-8"))
    assert {
        "js/package.json": npm["version"],
        "js/package-lock.json": lock["version"],
        "engine/Cargo.toml": _toml("engine/Cargo.toml")["package"]["version"],
        "installed": version("wasm_clf_widget"),
        "__version__": wasm_clf_widget.__version__,
    } == dict.fromkeys(
        ["js/package.json", "js/package-lock.json", "engine/Cargo.toml", "installed", "__version__"], python
    )
