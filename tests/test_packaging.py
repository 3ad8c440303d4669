"""What leaves the repository: the wheel and the sdist, built for real, and the pins that a build starts from."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BUILT = [
    "engine.baseline.wasm",
    "engine.simd.wasm",
    "loader.js",
    "widget.js",
    "panels.js",
    "batch.js",
    "cache.js",
    "seldom.js",
    "saved.js",
    "worker.js",
    "widget.css",
]


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, and the wheel *made from the sdist*, without network and without Rust and Node in the PATH."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, env={"PATH": "/nonexistent"}, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return folder


def test_wheel_is_pure_and_carries_both_engines_and_the_page(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    assert wheel.name == "wasm_clf_widget-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        for name in BUILT:
            packed = archive.read(f"wasm_clf_widget/static/{name}")
            assert packed == (ROOT / "src/wasm_clf_widget/static" / name).read_bytes()
        assert "wasm_clf_widget/models/sentiment-zh-en.safetensors" in names
        assert "wasm_clf_widget/py.typed" in names
        entry_points = archive.read("wasm_clf_widget-0.1.0.dist-info/entry_points.txt").decode()
        assert "wasm-clf = wasm_clf_widget.cli:app" in entry_points
        metadata = archive.read("wasm_clf_widget-0.1.0.dist-info/METADATA").decode()
    assert not [name for name in names if not name.startswith("wasm_clf_widget")], "nothing beside the package"
    for package in ("numpy", "wasmtime"):
        (line,) = re.findall(rf"^Requires-Dist: {package}\b.*$", metadata, re.MULTILINE)
        assert re.search(r"sys_platform != .emscripten.", line), "Pyodide has no wheel of it"


def test_sdist_has_the_sources_and_what_was_built(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    for name in BUILT:
        assert f"src/wasm_clf_widget/static/{name}" in names
    for name in ("engine/Cargo.toml", "engine/Cargo.lock", "engine/src/lib.rs", "js/package-lock.json", "js/build.mjs"):
        assert name in names, "a build from source needs it"
    for name in ("tools/build_engine.py", "tools/package-lock.json", "Makefile", "LICENSE", "requirements.txt"):
        assert name in names
    assert not [name for name in names if re.search(r"(^|/)(node_modules|target|\.venv|__pycache__)(/|$)", name)]


def test_pins_are_exact_and_name_no_host() -> None:
    for file in sorted(ROOT.glob("requirements*.txt")):
        for line in file.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                assert re.match(r"^[a-z0-9._-]+(\[[a-z,]+\])?==[^ ]+( ; .+)?$", line), f"{file.name}: {line}"
    for lock in [*ROOT.glob("requirements*.txt"), ROOT / "js/package-lock.json", ROOT / "tools/package-lock.json"]:
        text = lock.read_text(encoding="utf-8")
        assert '"resolved"' not in text, f"{lock} names where it was fetched from"
        assert "--index" not in text


def test_every_direct_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(line for group in project["optional-dependencies"].values() for line in group),
    ]
    names = {re.match(r"[A-Za-z0-9._-]+", line)[0].lower() for line in wanted}  # type: ignore[index]
    pinned = set(re.findall(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    assert names - {"wasm_clf_widget"} <= pinned
