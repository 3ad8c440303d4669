"""The wheel inside Pyodide under Node: the package's own tests of model, engine and twin run there, by pytest."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import make_site
import pytest
import wheels

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.xdist_group("lite"), pytest.mark.timeout(5400)]
GOLDEN = ("tests/pyodide/test_inside.py", "tests/test_golden.py")
FILES = ("tests/test_model_file.py", "tests/test_hostile_files.py", "tests/test_from_weights.py")
"""Suites that need no numpy, scikit-learn or wasmtime."""
TIMED = "tests/test_model_file.py::test_a_quarter_of_a_million_features_read_in_a_second"
"""A second is what CPython is promised to take."""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that the run installs: our wheel, the pinned ones, and the kernel's, which widgets need."""
    folder = tmp_path_factory.mktemp("wheels")
    wheels.own(folder)
    for wheel in [*wheels.pinned().glob("*.whl"), *make_site.kernel_wheels()]:
        shutil.copy(wheel, folder)
    return folder


def run_inside(installed: Path, suites: tuple[str, ...], *options: str) -> None:
    command = ["node", str(ROOT / "tests/pyodide/run.mjs"), str(installed), *(f"/repo/{path}" for path in suites)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False, timeout=5300)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


def test_engine_and_twin_give_the_golden_answers_inside_pyodide(installed: Path) -> None:
    run_inside(installed, GOLDEN)


@pytest.mark.long
def test_model_files_and_from_weights_inside_pyodide(installed: Path) -> None:
    run_inside(installed, FILES, f"--deselect={TIMED}")
