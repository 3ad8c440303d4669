"""The JupyterLite site, built and driven in Chromium inside a network namespace that has only loopback.

The visit (``found``) starts eleven kernels one after the other, in two browsers: minutes, so it runs in test-long.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import loopback
import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
pytestmark = pytest.mark.xdist_group("lite")
MODEL = ROOT / "src/wasm_clf_widget/models/sentiment-zh-en.safetensors"
SHOTS = ROOT / "tests/shots"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`make lite` with a model beside the notebooks, and with JupyterLab's own handle for tests."""
    folder = tmp_path_factory.mktemp("site") / "lite"
    command = [sys.executable, str(ROOT / "tools/lite/make_site.py"), "--force", "--output", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    shutil.copy(MODEL, folder / "files/reviews.safetensors")
    for file in folder.glob("**/jupyter-lite.json"):
        configuration = json.loads(file.read_text(encoding="utf-8"))
        configuration.setdefault("jupyter-config-data", {})["exposeAppInBrowser"] = True
        file.write_text(json.dumps(configuration), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def found(site: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the visit found."""
    if not loopback.available():
        pytest.skip("this machine allows no network namespaces (unshare --net --map-root-user), the seal of this test")
    SHOTS.mkdir(exist_ok=True)
    command = loopback.command(HERE / "drive.py", str(site), str(SHOTS), str(tmp_path_factory.mktemp("scratch")))
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1200)
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_site_is_small_and_names_only_what_lies_in_it(site: Path) -> None:
    assert sum(f.stat().st_size for f in site.rglob("*") if f.is_file()) <= 45_000_000
    lock = json.loads((site / "static/pyodide/pyodide-lock.json").read_text(encoding="utf-8"))
    for package in lock["packages"].values():
        assert (site / "static/pyodide" / package["file_name"]).exists()
        assert set(package["depends"]) <= set(lock["packages"])


@pytest.mark.long
def test_every_landing_notebook_runs_from_top_to_bottom(found: dict[str, Any]) -> None:
    assert found["notebooks"] == {name: [] for name in found["notebooks"]}
    assert len(found["notebooks"]) == len(list((ROOT / "notebooks/lite").glob("*.ipynb"))) - 1, "all but the index"


@pytest.mark.long
def test_the_reference_texts_have_the_same_bits_in_the_tab_and_in_the_kernel(found: dict[str, Any]) -> None:
    assert [row["tab"]["label"] for row in found["reference"]] == ["positive", "negative", "positive"]
    for row in found["reference"]:
        tab, kernel = row["tab"], row["kernel"]
        assert (tab.pop("ran_on"), kernel.pop("ran_on")) == ("tab-worker", "pyodide")
        assert tab == kernel


@pytest.mark.long
def test_no_request_leaves_the_machine_and_the_console_is_clean(found: dict[str, Any]) -> None:
    assert found["problems"] == []


@pytest.mark.long
def test_an_upload_runs_or_says_what_is_wrong(found: dict[str, Any]) -> None:
    model, picture, later = found["upload"]
    assert "ok=True" in model
    assert "is not a model" in picture
    assert "new.safetensors is not a model that can be run here" in later
    assert "later" in later or "format" in later


@pytest.mark.long
def test_a_model_beside_the_site_is_found_by_the_address(found: dict[str, Any]) -> None:
    assert "sentiment-zh-en" in found["address"]
    assert "ok=True" in found["address"]


@pytest.mark.long
def test_what_was_taught_can_be_shared(found: dict[str, Any]) -> None:
    size, ok = found["taught"].split()
    assert int(size) > 50_000
    assert ok == "True"


@pytest.mark.long
def test_two_notebooks_at_once(found: dict[str, Any]) -> None:
    assert found["together"] == ["negative", "negative"]


@pytest.mark.long
def test_a_csv_file_of_100_mb_is_refused_with_a_way_out(found: dict[str, Any]) -> None:
    assert "MB; a tab takes 25 MB" in found["large"]
    assert "wasm-clf batch" in found["large"]


@pytest.mark.long
def test_a_kernel_restarted_in_the_middle_of_a_batch(found: dict[str, Any]) -> None:
    assert "negative" in found["restarted"]


@pytest.mark.long
def test_without_indexeddb_it_still_classifies(found: dict[str, Any]) -> None:
    assert found["no_indexeddb"] == "positive"


@pytest.mark.long
def test_firefox(found: dict[str, Any]) -> None:
    if found["firefox"] is None:
        pytest.skip("there is no Firefox on this machine")
    assert found["firefox"] == "positive"
