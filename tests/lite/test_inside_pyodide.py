"""The wheel inside Pyodide under Node: the package's own tests of model, engine and twin run there, by pytest."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import make_site
import pytest
import wheels

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.xdist_group("lite"), pytest.mark.timeout(5400)]
GOLDEN = ("tests/pyodide/test_inside.py", "tests/test_golden.py")
SUITES = {
    "model": ("model_file", "model_file_trees", "hostile_files", "from_weights", "shipped_model", "html"),
    "engine": ("editions", "broken_engine", "bad_input", "classifier", "wide"),
    "twin": ("twin", "twin_stages", "dense_norm", "one_class"),
}
"""The project's own suites. What in them needs scikit-learn is skipped by name: tests/pyodide/absent.py."""
PASSED = {"model": 300, "engine": 190, "twin": 80}
"""So many pass at least: that all is skipped must not go unseen."""
NOT_HERE = (
    # A second is what CPython is promised to take.
    "test_model_file.py::test_a_quarter_of_a_million_features_read_in_a_second",
    # They read the corpora, which come in packages of their own.
    "test_shipped_model.py::test_certificate_has_no_text_of_a_corpus",
    "test_shipped_model.py::test_accuracy_of_the_file_is_the_recorded_one",
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that the run installs: our wheel, the pinned ones, and the kernel's, which widgets need."""
    folder = tmp_path_factory.mktemp("wheels")
    wheels.own(folder)
    for wheel in [*wheels.pinned().glob("*.whl"), *make_site.kernel_wheels()]:
        shutil.copy(wheel, folder)
    return folder


def run_inside(installed: Path, suites: tuple[str, ...], *options: str) -> int:
    """How many tests passed; none failed."""
    command = ["node", str(ROOT / "tests/pyodide/run.mjs"), str(installed), *(f"/repo/{path}" for path in suites)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False, timeout=5300)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    (passed,) = re.findall(r"(\d+) passed", done.stdout)
    return int(passed)


def test_engine_and_twin_give_the_golden_answers_inside_pyodide(installed: Path) -> None:
    assert run_inside(installed, GOLDEN) > 500


@pytest.mark.long
@pytest.mark.parametrize("part", SUITES)
def test_the_suites_of_model_engine_and_twin_inside_pyodide(installed: Path, part: str) -> None:
    suites = tuple(f"tests/test_{name}.py" for name in SUITES[part])
    deselected = [f"--deselect=tests/{name}" for name in NOT_HERE]
    assert run_inside(installed, suites, "-m", "not long", *deselected) >= PASSED[part]
