"""A real JupyterLab and a real Chromium, one of each for all browser tests.

Every page is watched: a request to any host but 127.0.0.1 or an error in the console fails the test that caused it.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

import lab
from browser import FLAGS, PATH
from notebook_page import NotebookPage, write_notebook
from runtime_page import RuntimePage
from site_server import Site
from watch import LOCAL_SCHEMES, Watch

HERE = Path(__file__).resolve().parent
SHOTS = HERE.parent / "shots"
SETTINGS: dict[str, object] = {
    # All cells are in the page, not only those in view; nothing opens over them.
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
    # The widgets' state goes into the saved notebook: that is where a text could leak.
    "@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": True},
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They share a server and a browser, so they stay together on one worker."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.xdist_group("e2e"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if PATH is None:
        pytest.fail("no browser: run `make setup`, or give one with WCW_BROWSER=/path/to/chrome")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=PATH, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One for all: JupyterLab's twelve megabytes of scripts are fetched and compiled once."""
    shared = browser.new_context(viewport={"width": 1280, "height": 1000})
    yield shared
    shared.close()


@pytest.fixture(scope="session")
def lab_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server's root folder, where the tests put their notebooks."""
    return tmp_path_factory.mktemp("notebooks")


@pytest.fixture(scope="session")
def lab_server(lab_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[lab.Lab]:
    home = tmp_path_factory.mktemp("jupyter")
    log = home / "server.log"
    with log.open("wb") as stream:
        server = lab.start(
            lab_root, home, lab.free_port(0), secrets.token_hex(16), SETTINGS, stdout=stream, stderr=stream
        )
        try:
            try:
                lab.wait_until_ready(server)
            except RuntimeError as error:
                pytest.fail(f"{error}\n{log.read_text(errors='replace')[-3000:]}")
            yield server
        finally:
            server.process.terminate()
            server.process.wait(timeout=30)


def end_sessions(server: lab.Lab) -> None:
    """End the kernels of a test, so that the next one has the machine to itself."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    headers = {"Authorization": f"token {server.token}"}
    listing = opener.open(urllib.request.Request(f"{server.url}api/sessions", headers=headers), timeout=10)
    for session in json.load(listing):
        request = urllib.request.Request(f"{server.url}api/sessions/{session['id']}", headers=headers, method="DELETE")
        with suppress(OSError):
            opener.open(request, timeout=10).close()


OpenNotebook = Callable[..., NotebookPage]


@pytest.fixture
def open_notebook(
    context: BrowserContext, lab_server: lab.Lab, lab_root: Path, request: pytest.FixtureRequest
) -> Iterator[OpenNotebook]:
    """``open_notebook([cell, …])`` or ``open_notebook(Path)``: the notebook in a page of its own, watched."""
    name = re.sub(r"\W+", "-", request.node.name).strip("-")
    watch = Watch(context)

    def open_it(cells: list[str] | Path) -> NotebookPage:
        file = lab_root / f"{name}.ipynb"
        if isinstance(cells, Path):
            shutil.copy(cells, file)
        else:
            write_notebook(file, cells)
        notebook = NotebookPage(context.new_page(), lab_server, watch, file)
        notebook.open(file.name)
        return notebook

    with watch:
        yield open_it
        for page in context.pages:
            page.close()
        problems = watch.problems()
    end_sessions(lab_server)
    assert problems == [], f"the page did what it must not do: {problems}\n(warnings: {watch.warnings[:10]})"


@pytest.fixture
def shots() -> Path:
    """Where the pictures go (not committed)."""
    SHOTS.mkdir(exist_ok=True)
    return SHOTS


@pytest.fixture
def site() -> Iterator[Site]:
    """A plain web site on 127.0.0.1."""
    with Site() as served:
        yield served


@pytest.fixture
def watched(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh profile in which files may be opened; any other host, a console error or an exception fails the test."""
    fresh = browser.new_context(viewport={"width": 800, "height": 900}, accept_downloads=True)
    with Watch(fresh, schemes=LOCAL_SCHEMES | {"file"}) as watch:
        yield fresh
        problems = watch.problems()
    fresh.close()
    assert problems == []


NewPage = Callable[[], RuntimePage]


@pytest.fixture
def new_page(browser: Browser, site: Site) -> Iterator[NewPage]:
    """``new_page()``: a page of the site (not visited yet); all pages of a test share a fresh profile.

    A request to another host or an uncaught error in any of them fails the test.
    """
    fresh = browser.new_context()
    pages: list[RuntimePage] = []

    def make() -> RuntimePage:
        pages.append(RuntimePage(fresh, site))
        return pages[-1]

    yield make
    fresh.close()
    assert [url for page in pages for url in page.foreign] == []
    assert [error for page in pages for error in page.errors] == []
