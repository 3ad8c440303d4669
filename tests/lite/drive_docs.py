"""Drives the built documentation in Chromium, in a process that reaches nothing but loopback; findings as JSON.

unshare --net --map-root-user python drive_docs.py HTML SHOTS SCRATCH
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urlsplit

HERE = Path(__file__).resolve().parent
for folder in (HERE, HERE.parent, HERE.parent / "e2e", HERE.parents[1] / "tools", HERE.parents[1] / "tools/lite"):
    sys.path.insert(0, str(folder))

import loopback  # noqa: E402
from playwright.sync_api import Page, expect, sync_playwright  # noqa: E402
from reference import REFERENCE  # noqa: E402
from site_page import PATIENCE, SECONDS, served  # noqa: E402

from browser import FLAGS, PATH  # noqa: E402
from watch import Watch  # noqa: E402

LINKS = "() => Array.from(document.querySelectorAll('a[href]'), (a) => a.href)"
IDS = "() => Array.from(document.querySelectorAll('[id]'), (element) => element.id)"


def main(html: Path, shots: Path, _scratch: Path) -> dict[str, Any]:
    loopback.up()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=PATH, args=FLAGS)
        context = chromium.new_context(viewport={"width": 1280, "height": 1000})
        with Watch(context) as watch, served(html) as address:
            page = context.new_page()
            found = {"home": _home(page, address, shots), **_crawl(page, address, html)}
            found["frame"] = _frame(page, address, shots)
            found["problems"] = watch.problems()
        chromium.close()
    return found


def _home(page: Page, address: str, shots: Path) -> list[str]:
    """What the classifier on the home page says of the reference texts."""
    page.goto(address)
    field = page.get_by_label("Text to classify")
    labels = []
    for text in REFERENCE:
        field.fill("")
        field.fill(text)
        label = page.locator("wasm-text-classifier [part=label]")
        expect(label).to_have_text(re.compile("itive|ative"), timeout=PATIENCE * SECONDS)
        page.wait_for_timeout(1000)
        labels.append(label.inner_text())
    for theme in ("light", "dark"):
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        page.wait_for_timeout(500)
        page.screenshot(path=str(shots / f"docs-{theme}.png"))
    return labels


def _crawl(page: Page, address: str, html: Path) -> dict[str, Any]:
    """Every page is opened; links that lead nowhere, and the hosts that links go to."""
    below = [path.relative_to(html) for path in html.rglob("*.html")]
    pages = [path.as_posix() for path in below if path.parts[0] not in ("lite", "_static")]
    links: dict[str, set[str]] = {}
    ids: dict[str, set[str]] = {}
    for path in sorted(pages):
        page.goto(address + path)
        links[path], ids[path] = set(page.evaluate(LINKS)), set(page.evaluate(IDS))
    broken, hosts = [], set()
    for path, targets in links.items():
        for target in targets:
            if not target.startswith(address):
                hosts.add(urlsplit(target).hostname or target)
                continue
            url, fragment = urldefrag(target)
            name = unquote(urlsplit(url).path.lstrip("/")) or "index.html"
            there = fragment == "" or name not in ids or unquote(fragment) in ids[name]
            if not ((html / name).is_file() and there):
                broken.append(f"{path}: {target.removeprefix(address)}")
    return {"pages": len(pages), "broken": sorted(broken), "hosts": sorted(hosts)}


def _frame(page: Page, address: str, shots: Path) -> str:
    """The notebook that opens in a page: its first output once it has run."""
    page.goto(f"{address}tutorials/in-the-browser.html")
    page.locator(".jupyterlite_sphinx_try_it_button").click()
    frame = page.frame_locator("iframe.jupyterlite_sphinx_iframe")
    frame.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=PATIENCE * SECONDS)
    frame.locator(".jp-CodeCell .jp-InputArea-editor").first.click()
    page.keyboard.press("Shift+Enter")
    output = frame.locator(".jp-CodeCell .jp-OutputArea-output").first
    expect(output).to_contain_text("positive", timeout=PATIENCE * SECONDS)
    page.screenshot(path=str(shots / "docs-lite.png"))
    return output.inner_text()


if __name__ == "__main__":
    print(json.dumps(main(*map(Path, sys.argv[1:4]))))
