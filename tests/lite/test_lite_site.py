"""The JupyterLite site, built and driven in Chromium inside a network namespace that has only loopback.

The visit (``found``) starts eleven kernels one after the other, in two browsers: minutes, so it runs in test-long.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import loopback
import offline
import pytest
from site_page import expose

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# The visits take minutes, on a machine that is busy many of them.
pytestmark = [pytest.mark.xdist_group("lite"), pytest.mark.timeout(5400)]
MODEL = ROOT / "src/wasm_clf_widget/models/sentiment-zh-en.safetensors"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`make lite` with a model beside the notebooks, and with JupyterLab's own handle for tests."""
    folder = tmp_path_factory.mktemp("site") / "lite"
    command = [sys.executable, str(ROOT / "tools/lite/make_site.py"), "--force", "--output", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    shutil.copy(MODEL, folder / "files/reviews.safetensors")
    expose(folder)
    return folder


@pytest.fixture(scope="session")
def found(site: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the visit found."""
    return loopback.driven(HERE / "drive.py", site, tmp_path_factory.mktemp("scratch"))


@pytest.fixture(scope="session")
def found_offline(site: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the visits without a server, and with a changed one, found."""
    return loopback.driven(HERE / "drive_offline.py", site, tmp_path_factory.mktemp("offline"))


def test_the_visits_stay_on_one_worker(request: pytest.FixtureRequest) -> None:
    """They share a site and its build; a pytest-xdist that ignores groups says nothing about it."""
    if getattr(request.config.option, "loadgroup", False):
        assert request.node.nodeid.endswith("@lite")


def test_the_site_is_small_and_names_only_what_lies_in_it(site: Path) -> None:
    assert sum(f.stat().st_size for f in site.rglob("*") if f.is_file()) <= 45_000_000
    lock = json.loads((site / "static/pyodide/pyodide-lock.json").read_text(encoding="utf-8"))
    for package in lock["packages"].values():
        assert (site / "static/pyodide" / package["file_name"]).exists()
        assert set(package["depends"]) <= set(lock["packages"])


@pytest.mark.long
def test_the_sites_address_opens_the_index(found: dict[str, Any]) -> None:
    assert found["start"] == "index.ipynb"


@pytest.mark.long
def test_every_landing_notebook_runs_from_top_to_bottom(found: dict[str, Any]) -> None:
    assert found["notebooks"] == {name: [] for name in found["notebooks"]}
    assert len(found["notebooks"]) == len(list((ROOT / "notebooks/lite").glob("*.ipynb"))) - 1, "all but the index"


def same_bits_in_the_tab_and_in_the_kernel(reference: list[dict[str, Any]]) -> bool:
    assert [row["tab"]["label"] for row in reference] == ["positive", "negative", "positive"]
    for row in reference:
        tab, kernel = dict(row["tab"]), dict(row["kernel"])
        assert (tab.pop("ran_on"), kernel.pop("ran_on")) == ("tab-worker", "pyodide")
        assert tab == kernel
    return True


@pytest.mark.long
def test_the_reference_texts_have_the_same_bits_in_the_tab_and_in_the_kernel(found: dict[str, Any]) -> None:
    assert same_bits_in_the_tab_and_in_the_kernel(found["reference"])


def test_the_list_for_use_offline_has_every_file_and_its_bytes(site: Path) -> None:
    listed = json.loads((site / "offline.json").read_text(encoding="utf-8"))
    files = {p.relative_to(site).as_posix(): p.stat().st_size for p in site.rglob("*") if p.is_file()}
    del files["offline.json"], files["service-worker.js"]
    assert {path: size for path, (_, size) in listed["files"].items()} == files
    first = (site / "service-worker.js").read_text(encoding="utf-8").split("\n")[0]
    assert listed["version"] in first
    assert offline.list_files(site) == listed["version"], "the same files are the same version"


@pytest.mark.long
def test_with_the_server_stopped_and_the_browser_restarted_it_classifies(found_offline: dict[str, Any]) -> None:
    assert found_offline["first"]["label"] == "positive"
    assert found_offline["errors"] == found_offline["second_notebook"] == []
    assert same_bits_in_the_tab_and_in_the_kernel(found_offline["reference"])
    assert found_offline["problems"] == []
    assert found_offline["unlisted"] == 504


@pytest.mark.long
def test_a_newer_version_comes_as_a_whole_and_when_the_reader_says_so(found_offline: dict[str, Any]) -> None:
    newer = found_offline["newer"]
    assert newer["offered"].startswith("A newer version of this site is here.")
    assert newer["still_old"]
    assert newer["new"]
    assert len(newer["versions"]) == 1
    assert newer["versions"] != found_offline["first"]["versions"]


@pytest.mark.long
def test_where_it_cannot_be_kept_it_says_why(found_offline: dict[str, Any]) -> None:
    assert "files/try-it.ipynb is not the file that was built" in found_offline["damaged"]
    assert "has no service workers" in found_offline["no_service_workers"]


@pytest.mark.long
def test_a_private_window(found_offline: dict[str, Any]) -> None:
    assert found_offline["private"]["label"] == "positive"


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
    assert found["taught"]["said"] == ["happy", "unhappy"]
    assert found["taught"]["verified"] == "True"
    assert found["taught"]["problems"] == []
    assert found["taught"]["bytes"] > 50_000


@pytest.mark.long
def test_the_badge_says_that_the_recorded_answers_came_out_again(found: dict[str, Any]) -> None:
    badge, parity = found["badge"]["badge"], found["badge"]["parity"]
    assert parity["ok"]
    assert parity["checked"] == parity["kept"] > 100
    assert parity["live_checked"] >= 1
    assert str(parity["checked"]) in badge


@pytest.mark.long
def test_an_uploaded_csv_file_is_classified_and_written(found: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(found["table"].rstrip("\n"), newline="")))
    assert [(row["id"], row["label"]) for row in rows] == [("7", "negative"), ("8", "positive")]
    assert rows[0]["review"] == 'Dull, "loud" and\r\ntoo long'


@pytest.mark.long
def test_two_notebooks_at_once(found: dict[str, Any]) -> None:
    assert found["together"] == ["negative", "negative"]


@pytest.mark.long
def test_a_csv_file_of_100_mb_is_refused_with_a_way_out(found: dict[str, Any]) -> None:
    assert "MB; a tab takes 25 MB" in found["large"]
    assert "wasm-clf batch" in found["large"]


@pytest.mark.long
def test_a_kernel_restarted_in_the_middle_of_a_batch(found: dict[str, Any]) -> None:
    assert "All variables will be lost" in found["restarted"]["said"]
    assert found["restarted"]["lost"] == "True"
    assert "negative" in found["restarted"]["labels"]


@pytest.mark.long
def test_without_indexeddb_it_still_classifies(found: dict[str, Any]) -> None:
    assert found["no_indexeddb"]["label"] == "positive"
    assert "nothing is kept: this host has no IndexedDB" in found["no_indexeddb"]["kept"]


@pytest.mark.long
def test_firefox(found: dict[str, Any]) -> None:
    if found["firefox"] is None:
        pytest.skip("there is no Firefox on this machine")
    assert found["firefox"] == "positive"
