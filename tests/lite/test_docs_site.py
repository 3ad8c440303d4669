"""The documentation, built with the JupyterLite site in it, and driven in Chromium in a network namespace."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import loopback
import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
pytestmark = [pytest.mark.xdist_group("lite"), pytest.mark.timeout(5400), pytest.mark.long]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """`make docs`, then a visit to every page."""
    command = [sys.executable, str(ROOT / "tools/docs/build.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return loopback.driven(HERE / "drive_docs.py", ROOT / "docs/_build/html", tmp_path_factory.mktemp("docs"))


def test_the_classifier_on_the_home_page_classifies(found: dict[str, Any]) -> None:
    assert found["home"] == ["positive", "negative", "positive"]


def test_every_link_leads_somewhere(found: dict[str, Any]) -> None:
    assert found["pages"] > 25
    assert found["broken"] == []


def test_a_notebook_runs_in_the_page(found: dict[str, Any]) -> None:
    assert [line.split()[0] for line in found["frame"].splitlines() if line] == ["positive", "negative", "positive"]


def test_no_page_asks_another_host_or_has_an_error(found: dict[str, Any]) -> None:
    assert found["problems"] == []
