"""The widget in Notebook 7 and in marimo, driven for real."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

import lab
from notebook_page import SECONDS, WidgetView, eventually, write_notebook

# A kernel for each, held interpreters and large models: minutes.
pytestmark = pytest.mark.long

CELL = """
import wasm_clf_widget as wcw
w = wcw.ClassifierWidget(wcw.Classifier.load("sentiment-zh-en"))
w
"""
READ = "print(w.result['label'], w.capabilities['host'])"


def test_notebook_7(watched: BrowserContext, lab_server: lab.Lab, lab_root: Path) -> None:
    write_notebook(lab_root / "seven.ipynb", [CELL, READ])
    page = watched.new_page()
    page.goto(f"{lab_server.url}notebooks/seven.ipynb?token={lab_server.token}")
    cells = page.locator(".jp-CodeCell")
    expect(cells).to_have_count(2, timeout=60 * SECONDS)
    expect(page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")).to_have_count(1, timeout=60 * SECONDS)
    # The indicator says idle before the kernel is connected, and nothing runs then: as a reader would, press again.
    prompt = cells.nth(0).locator(".jp-InputArea-prompt")

    def press() -> str:
        cells.nth(0).locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")
        page.wait_for_timeout(1000)
        return prompt.inner_text()

    assert eventually(press, lambda words: words != "[ ]:", seconds=30) != "[ ]:"
    view = WidgetView(page.locator(".wcw").first).wait_ready()
    view.type("服务态度差再也不来了")
    view.expect_label("negative")
    view.root.get_by_role("tab", name="Why").click()
    expect(view.root.locator(".wcw-ngrams li").first).to_be_visible(timeout=15 * SECONDS)
    page.wait_for_timeout(500)
    cells.nth(1).locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    expect(cells.nth(1).locator(".jp-OutputArea-output")).to_contain_text("negative Notebook", timeout=30 * SECONDS)


MARIMO = """
import marimo
app = marimo.App()

@app.cell
def _():
    import marimo as mo
    import wasm_clf_widget as wcw
    return mo, wcw

@app.cell
def _(mo, wcw):
    widget = wcw.ClassifierWidget(wcw.Classifier.load("sentiment-zh-en"))
    w = mo.ui.anywidget(widget)
    w
    return w, widget

@app.cell
def _(mo, w):
    result = w.value.get("result")
    mo.md(f"kernel: {result['label'] if result else 'nothing'}")
    return

if __name__ == "__main__":
    app.run()
"""


@pytest.fixture
def marimo_url(tmp_path: Path) -> Iterator[str]:
    file = tmp_path / "app.py"
    file.write_text(MARIMO, encoding="utf-8")
    port = lab.free_port(0)
    command = [
        sys.executable,
        "-m",
        "marimo",
        "run",
        str(file),
        "--headless",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "MARIMO_SKIP_UPDATE_CHECK": "1",
        "XDG_CONFIG_HOME": str(tmp_path),
    }
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen([*command, "--no-token"], env=environment, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}/"
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        end = time.monotonic() + 60
        while True:
            try:
                opener.open(f"{url}health", timeout=5).close()
                break
            except OSError:
                if time.monotonic() > end:
                    pytest.fail(f"marimo did not start: {(tmp_path / 'log').read_text()}")
                time.sleep(0.2)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=30)


def test_marimo(watched: BrowserContext, marimo_url: str) -> None:
    page = watched.new_page()
    page.goto(marimo_url)
    view = WidgetView(page.locator(".wcw").first).wait_ready()
    view.type("服务态度差再也不来了")
    view.expect_label("negative")
    expect(page.get_by_text("kernel: negative")).to_be_visible(timeout=30 * SECONDS)
    view.root.get_by_role("tab", name="Runtime").click()
    expect(view.root.get_by_role("tabpanel")).to_contain_text("marimo", timeout=15 * SECONDS)
