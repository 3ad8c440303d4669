"""Drives the built site in Chromium with the server stopped, changed and damaged; its findings go to stdout as JSON.

unshare --net --map-root-user python drive_offline.py SITE SHOTS SCRATCH
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
for folder in (HERE, HERE.parent, HERE.parent / "e2e", HERE.parents[1] / "tools", HERE.parents[1] / "tools/lite"):
    sys.path.insert(0, str(folder))

import loopback  # noqa: E402
import offline  # noqa: E402
from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright  # noqa: E402
from reference import reference  # noqa: E402
from site_page import PATIENCE, SECONDS, SitePage, served  # noqa: E402

from browser import FLAGS, PATH  # noqa: E402
from watch import Watch  # noqa: E402

NOTEBOOK = "files/try-it.ipynb"
NO_SERVICE_WORKERS = "delete Navigator.prototype.serviceWorker;"
VERSIONS = "async () => (await caches.keys()).map((name) => name.split(' ').pop())"


def main(site: Path, shots: Path, scratch: Path) -> dict[str, Any]:
    loopback.up()
    found: dict[str, Any] = {}
    changing = scratch / "changing"
    shutil.copytree(site, changing)
    profile = scratch / "profile"
    with sync_playwright() as playwright:
        with served(changing) as address, _browser(playwright, profile) as context:
            port = int(address.rstrip("/").rpartition(":")[2])
            found["first"] = _visit(context, address)
        # The server is gone, and the browser starts anew with the same profile.
        with _browser(playwright, profile) as context, Watch(context) as watch:
            page = SitePage(context, address)
            page.open("try-it.ipynb")
            found["errors"] = page.run_all()
            found["reference"] = reference(page)
            found["second_notebook"] = _ran(context, address, "explain.ipynb")
            found["problems"] = watch.problems()
            found["unlisted"] = page.page.evaluate("async () => (await fetch('../files/absent.bin')).status")
            page.page.screenshot(path=str(shots / "lite-offline.png"))
        _change(changing)
        with served(changing, port) as address, _browser(playwright, profile) as context:
            found["newer"] = _newer(context, address)
        (changing / NOTEBOOK).write_text("{}", encoding="utf-8")  # and not listed again
        with served(changing, port) as address, _browser(playwright, scratch / "other") as context:
            found["damaged"] = _said(context, address, "impossible")
        with served(site, port) as address:
            with _browser(playwright, scratch / "third") as context:
                context.add_init_script(NO_SERVICE_WORKERS)
                found["no_service_workers"] = _said(context, address, "impossible")
            with _browser(playwright, scratch / "private", "--incognito") as context:
                found["private"] = _visit(context, address)
    return found


@contextmanager
def _browser(playwright: Playwright, profile: Path, *flags: str) -> Iterator[BrowserContext]:
    context = playwright.chromium.launch_persistent_context(
        profile, executable_path=PATH, args=[*FLAGS, *flags], viewport={"width": 1280, "height": 1000}
    )
    try:
        yield context
    finally:
        context.close()


def _visit(context: BrowserContext, address: str) -> dict[str, Any]:
    """A first visit: what the page says of its use offline, and what the widget says."""
    page = SitePage(context, address)
    page.open("try-it.ipynb")
    page.run_all()
    page.offline("kept")
    label = page.widget().locator("[data-wcw=label]").inner_text()
    return {"label": label, "versions": page.page.evaluate(VERSIONS)}


def _ran(context: BrowserContext, address: str, notebook: str) -> list[dict[str, Any]]:
    page = SitePage(context, address)
    page.open(notebook)
    return page.run_all()


def _change(site: Path) -> None:
    """Another version of the site: one notebook has changed."""
    file = site / NOTEBOOK
    file.write_text(file.read_text(encoding="utf-8").replace("Try it", "Try it again"), encoding="utf-8")
    offline.list_files(site)


def _newer(context: BrowserContext, address: str) -> dict[str, Any]:
    """A browser that keeps the old version meets the new one: what each step shows."""
    first, second = SitePage(context, address), SitePage(context, address)
    for each in (first, second):
        each.page.goto(f"{address}lab/index.html")
    offered = first.offline("newer")
    still_old = not _has_changed(first.page)
    first.page.get_by_role("button", name="Use it").click()
    first.page.get_by_text("close its other tabs").wait_for()
    second.page.close()
    first.page.wait_for_timeout(3000)  # a closed tab counts until its process is gone
    first.page.reload()
    first.offline("newer")
    with first.page.expect_navigation(timeout=PATIENCE * SECONDS):
        first.page.get_by_role("button", name="Use it").click()
    first.offline("kept")
    return {
        "offered": offered,
        "still_old": still_old,
        "new": _has_changed(first.page),
        "versions": first.page.evaluate(VERSIONS),
    }


def _has_changed(page: Page) -> bool:
    script = f"async () => (await (await fetch('../{NOTEBOOK}')).text()).includes('Try it again')"
    return bool(page.evaluate(script))


def _said(context: BrowserContext, address: str, state: str) -> str:
    page = SitePage(context, address)
    page.page.goto(f"{address}lab/index.html")
    return page.offline(state)


if __name__ == "__main__":
    print(json.dumps(main(*map(Path, sys.argv[1:4]))))
