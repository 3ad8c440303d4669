"""One page of checks in three browser engines: golden cases bit for bit on both variants, cache, ladder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

import firefox
import webkit
from runtime_page import RuntimePage
from site_server import FOLDERS, Reply, Site

SECONDS = 240
PAGE = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>conformance</title>
<link rel="icon" href="data:,"><script type="module" src="/conformance.mjs"></script></html>"""
NAMES = sorted(path.stem for path in FOLDERS["/data/"].glob("*.json"))


@pytest.fixture
def conformance(site: Site) -> str:
    """The page's address."""
    script = Path(__file__).with_name("conformance.mjs").read_bytes()
    site.replies["/conformance"] = Reply(body=PAGE, headers={"Content-Type": "text/html"})
    site.replies["/conformance.mjs"] = Reply(body=script, headers={"Content-Type": "text/javascript"})
    site.replies["/golden.json"] = Reply(body=json.dumps(NAMES).encode(), headers={"Content-Type": "application/json"})
    return f"{site.url}conformance"


def judge(found: dict[str, Any]) -> None:
    assert found["failures"] == []
    assert found["cases"] == len(NAMES) > 40
    assert found["texts"] > 500
    assert found["rungs"] == ["tab-main", "tab-worker"]


def test_chromium(browser: Browser, site: Site, conformance: str) -> None:
    page = RuntimePage(browser.new_context(), site).page
    page.goto(conformance)
    page.wait_for_function("() => globalThis.conformance", timeout=SECONDS * 1000)
    judge(json.loads(page.evaluate("() => globalThis.conformance")))
    page.context.close()


@pytest.mark.long
@pytest.mark.timeout(600)
def test_firefox(conformance: str, tmp_path: Path) -> None:
    with firefox.Firefox(tmp_path) as browser:
        browser.goto(conformance)
        judge(json.loads(browser.until("return globalThis.conformance", SECONDS)))


@pytest.mark.long
@pytest.mark.timeout(600)
def test_webkit(conformance: str, tmp_path: Path) -> None:
    with webkit.WebKit(tmp_path) as browser:
        browser.goto(conformance)
        judge(json.loads(browser.until("return globalThis.conformance", SECONDS)))
