"""Drives the built site in Chromium, in a process that reaches nothing but loopback; its findings go to stdout as JSON.

    unshare --net --map-root-user python drive.py SITE SHOTS SCRATCH

The notebooks run in one browser, one after the other, as a visitor would; that also exercises a second visit.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
for folder in (HERE, HERE.parent, HERE.parent / "e2e", HERE.parents[1] / "tools", HERE.parents[1] / "tools/lite"):
    sys.path.insert(0, str(folder))


import loopback  # noqa: E402
from playwright.sync_api import BrowserContext, expect, sync_playwright  # noqa: E402
from reference import REFERENCE, reference  # noqa: E402
from site_page import SitePage, served  # noqa: E402

import firefox  # noqa: E402
from browser import FLAGS, PATH  # noqa: E402
from watch import Watch  # noqa: E402

NOTEBOOKS = ("try-it", "teach-it", "bring-your-own", "explain", "batch", "parity")
NO_INDEXEDDB = "Object.defineProperty(window, 'indexedDB', { get: () => undefined });"
VIEWPORT: Any = {"width": 1280, "height": 1000}


def main(site: Path, shots: Path, scratch: Path) -> dict[str, Any]:
    loopback.up()
    found: dict[str, Any] = {"notebooks": {}}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=PATH, args=FLAGS)
        # A context of Playwright's is a private window.
        context = chromium.new_context(viewport=VIEWPORT)
        with Watch(context) as watch, served(site) as address:
            for name in NOTEBOOKS:
                page = SitePage(context, address)
                page.open(f"{name}.ipynb")
                errors = page.run_all()
                found["notebooks"][name] = [f"{e['ename']}: {e['evalue']}" for e in errors]
                if name == "try-it":
                    found["reference"] = reference(page)
                    _pictures(page, shots)
                    found["together"] = _two_at_once(context, address, page)
                if name == "bring-your-own":
                    found["upload"] = _uploads(page)
                if name == "teach-it":
                    found["taught"] = page.kernel("import os; print(os.path.getsize('mood.html'), clf.verify().ok)")
                if name == "batch":
                    found["large"] = _large(page, scratch)
                    found["restarted"] = _restart_in_a_batch(page)
                page.page.screenshot(path=str(shots / f"lite-{name}.png"))
                page.page.close()
            found["address"] = _model_in_the_address(context, address)
            found["problems"] = watch.problems()
            poor = chromium.new_context(viewport=VIEWPORT)
            poor.add_init_script(NO_INDEXEDDB)
            found["no_indexeddb"] = _first_label(poor, address)
            found["firefox"] = _in_firefox(address, scratch)
        chromium.close()
    return found


def _pictures(page: SitePage, shots: Path) -> None:
    """The site and its widget, light and dark: copied to docs/images when they change."""
    for theme, dark in (("JupyterLab Dark", True), ("JupyterLab Light", False)):
        change = "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })"
        page.page.evaluate(change, theme)
        page.page.wait_for_function(f"() => document.body.dataset.jpThemeLight === '{str(not dark).lower()}'")
        page.page.wait_for_timeout(1000)
        page.page.screenshot(path=str(shots / f"lite-site-{'dark' if dark else 'light'}.png"))


def _first_label(context: BrowserContext, address: str) -> str:
    """What the widget of try-it says once the notebook has run."""
    page = SitePage(context, address)
    page.open("try-it.ipynb")
    page.run_all()
    label = page.widget().locator("[data-wcw=label]")
    expect(label).to_have_text(re.compile("itive|ative"), timeout=60_000)
    said = label.inner_text()
    page.page.close()
    return said


def _two_at_once(context: BrowserContext, address: str, first: SitePage) -> list[str]:
    """A second notebook with a kernel of its own, while the first is open; then both answer."""
    second = SitePage(context, address)
    second.open("explain.ipynb")
    second.run_all()
    asked = f"print(clf.classify({REFERENCE[1]!r}).label)"
    said = [second.kernel(asked).strip(), first.kernel(asked).strip()]
    second.page.close()
    return said


def _large(page: SitePage, scratch: Path) -> str:
    """What the notebook says to a CSV file of 100 MB."""
    file = scratch / "large.csv"
    line = "1,一二三四五六七八九十 and some more words to fill the line\n".encode()
    with file.open("wb") as stream:
        stream.write(b"id,review\n")
        for _ in range(100):
            stream.write(line * (1_000_000 // len(line) + 1))
    with page.page.expect_file_chooser() as chooser:
        page.page.get_by_role("button", name="A CSV file").click()
    chooser.value.set_files(file)
    page.wait_idle(120)
    page.page.wait_for_timeout(5000)
    page.wait_idle(120)
    return page.run_cell(3)


def _restart_in_a_batch(page: SitePage) -> str:
    """The kernel is restarted while it classifies; then the notebook runs again from the top."""
    page.start("texts = ['服务态度差'] * 200_000\nclf.classify(texts)")
    page.page.wait_for_timeout(1500)
    page.restart()
    page.run_all()
    return page.kernel("print([row['label'] for row in rows])").strip()


def _in_firefox(address: str, scratch: Path) -> str | None:
    """The widget's label in Firefox; None where there is no Firefox."""
    if firefox.path() is None:
        return None
    with firefox.Firefox(scratch / "firefox") as browser:
        browser.goto(f"{address}lab/index.html?path=try-it.ipynb")
        browser.until(
            """const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
            return kernel?.connectionStatus === "connected" && kernel.status === "idle";""",
            240,
        )
        browser.run("void window.jupyterapp.commands.execute('notebook:run-all-cells'); return true;")
        label: str = browser.until("return document.querySelector('.wcw [data-wcw=label]')?.textContent;", 240)
        return label


def _uploads(page: SitePage) -> list[str]:
    """What the notebook says to a model, to something else, and to a model of a later format."""
    button = page.page.get_by_role("button", name="A .safetensors file")
    model = (Path(__file__).parents[2] / "src/wasm_clf_widget/models/sentiment-zh-en.safetensors").read_bytes()
    later = model.replace(b'\\"format\\":1', b'\\"format\\":9', 1)
    said = []
    for name, data in (
        ("mine.safetensors", model),
        ("cat.safetensors", b"\x89PNG no model"),
        ("new.safetensors", later),
    ):
        with page.page.expect_file_chooser() as chooser:
            button.click()
        chooser.value.set_files({"name": name, "mimeType": "application/octet-stream", "buffer": data})
        output = page.page.locator(".jp-OutputArea-output", has_text=name).last
        output.wait_for(timeout=60_000)
        page.wait_idle()
        said.append(output.inner_text())
    return said


def _model_in_the_address(context: BrowserContext, address: str) -> str:
    """What the notebook says to ?model= that names a file of the site."""
    page = SitePage(context, address)
    page.open("bring-your-own.ipynb", "&model=files/reviews.safetensors")
    page.run_all()
    output = page.page.locator(".jp-OutputArea-output", has_text="files/reviews.safetensors").last
    expect(output).to_contain_text("ParityReport", timeout=60_000)
    said = output.inner_text()
    page.page.close()
    return said


if __name__ == "__main__":
    print(json.dumps(main(*map(Path, sys.argv[1:4]))))
