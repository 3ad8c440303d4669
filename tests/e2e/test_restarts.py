"""The browser is closed and started again on its profile, with every server stopped; and windows that keep nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

import wasm_clf_widget as wcw
from browser import FLAGS, PATH
from notebook_page import eventually
from runtime_page import RuntimePage
from site_server import Site

TEXT = "a dull, awful film"


def start(browser: Browser, profile: Path) -> BrowserContext:
    """A browser of its own on a profile that stays on the disk."""
    return browser.browser_type.launch_persistent_context(profile, executable_path=PATH, args=FLAGS)


def ready(page: Page) -> None:
    expect(page.locator("[data-wcw=status]")).to_contain_text("ready", timeout=30_000)


def test_after_a_restart_without_a_server_both_pages_still_classify(browser: Browser, tmp_path: Path) -> None:
    clf = wcw.Classifier.load("sentiment-zh-en")
    expected = clf.classify(TEXT)
    exported = clf.to_html(tmp_path / "page.html").as_uri()
    profile = tmp_path / "profile"
    with Site() as site:
        # The page itself and its modules come out of the browser's own cache, as their server allows it.
        site.headers["Cache-Control"] = "max-age=86400"
        first = start(browser, profile)
        plain = RuntimePage(first, site).open()
        online: dict[str, Any] = plain.classify()
        assert eventually(lambda: len(plain.report()["entries"]), lambda count: count == 3) == 3
        page = first.new_page()
        page.goto(exported)
        ready(page)
        first.close()
        asked = len(site.requests)
    again = start(browser, profile)
    try:
        page = again.new_page()
        page.goto(exported)
        ready(page)
        page.get_by_role("textbox", name="Text to classify").fill(TEXT)
        expect(page.locator("[data-wcw=label]")).to_have_text(str(expected.label))
        plain = RuntimePage(again, site).open()
        assert plain.classify() == online
        assert any("is used" in line for line in plain.lines), "the model's address was asked, and did not answer"
        assert len(site.requests) == asked
        assert plain.errors == []
    finally:
        again.close()


@pytest.mark.parametrize("storage", [True, False], ids=["incognito", "incognito without IndexedDB"])
def test_a_private_window_classifies_and_leaves_nothing_behind(browser: Browser, site: Site, storage: bool) -> None:
    """Browsers do not say that a window is private: what they keep is used, what they refuse is said."""
    for _ in range(2):
        private = browser.new_context()  # what Chromium calls off the record: its storage lives in memory
        page = RuntimePage(private, site)
        if not storage:
            page.page.add_init_script(
                "IDBFactory.prototype.open = () => { throw new DOMException('off', 'InvalidStateError'); };"
            )
        page.open()
        assert page.report()["entries"] == [], "nothing of an earlier private window"
        first = page.classify()
        assert {result["ran_on"] for result in first["results"]} == {"tab-worker"}
        assert page.open().classify() == first
        report = page.report()
        assert report["storage"]["mode"] == ("indexeddb" if storage else "memory")
        assert report["storage"]["persisted"] is False
        assert ("private window" in report["storage"]["reason"]) is not storage
        assert (report["entries"] == []) is not storage
        assert page.errors == []
        private.close()
