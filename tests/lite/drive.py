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
from site_page import PATIENCE, SECONDS, SitePage, served  # noqa: E402

import firefox  # noqa: E402
from browser import FLAGS, PATH  # noqa: E402
from watch import LOCAL_SCHEMES, Watch  # noqa: E402

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
            found["start"] = _start(context, address)
            for name in NOTEBOOKS:
                page = SitePage(context, address)
                page.open(f"{name}.ipynb")
                errors = page.run_all()
                found["notebooks"][name] = [f"{e['ename']}: {e['evalue']}" for e in errors]
                if name == "try-it":
                    found["badge"] = _badge(page)
                    found["reference"] = reference(page)
                    _pictures(page, shots)
                    found["together"] = _two_at_once(context, address, page)
                if name == "bring-your-own":
                    found["upload"] = _uploads(page)
                if name == "teach-it":
                    found["taught"] = _taught(context, page, scratch)
                if name == "batch":
                    found["table"] = _table(page)
                    found["large"] = _large(page, scratch)
                    found["restarted"] = _restart_in_a_batch(page)
                page.page.screenshot(path=str(shots / f"lite-{name}.png"))
                page.page.close()
            found["address"] = _model_in_the_address(context, address)
            found["problems"] = watch.problems()
            poor = chromium.new_context(viewport=VIEWPORT)
            poor.add_init_script(NO_INDEXEDDB)
            found["no_indexeddb"] = _without_indexeddb(poor, address)
            found["firefox"] = _in_firefox(address, scratch)
        chromium.close()
    return found


def _start(context: BrowserContext, address: str) -> str:
    """Which notebook the site's own address opens."""
    page = SitePage(context, address)
    page.page.goto(address)
    page.page.get_by_role("heading", name="A text classifier with nothing but a browser").wait_for()
    path = str(page.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.path"))
    page.page.close()
    return path


def _pictures(page: SitePage, shots: Path) -> None:
    """The site and its widget, light and dark: copied to docs/images when they change."""
    for theme, dark in (("JupyterLab Dark", True), ("JupyterLab Light", False)):
        change = "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })"
        page.page.evaluate(change, theme)
        page.page.wait_for_function(f"() => document.body.dataset.jpThemeLight === '{str(not dark).lower()}'")
        page.page.wait_for_timeout(1000)
        page.page.screenshot(path=str(shots / f"lite-site-{'dark' if dark else 'light'}.png"))


def _badge(page: SitePage) -> dict[str, Any]:
    """What the widget says of the recorded answers, and what Python has of it."""
    badge = page.widget().locator("[data-wcw=parity]")
    expect(badge).to_contain_text("replayed", timeout=PATIENCE * SECONDS)
    page.until("w.parity.get('live_checked')")
    parity = json.loads(page.kernel("import json; print(json.dumps(w.parity))"))
    return {"badge": badge.inner_text(), "parity": parity}


def _taught(context: BrowserContext, page: SitePage, scratch: Path) -> dict[str, Any]:
    """The page that the lesson ends with, opened from a disk: what it says to two sentences."""
    text = page.kernel("print(open('mood.html', encoding='utf-8').read())")
    file = scratch / "mood.html"
    file.write_text(text, encoding="utf-8")
    assert context.browser is not None
    friend = context.browser.new_context()
    said = []
    with Watch(friend, schemes=LOCAL_SCHEMES | {"file"}) as watch:
        shared = friend.new_page()
        shared.set_default_timeout(PATIENCE * SECONDS)
        shared.goto(file.as_uri())
        for sentence, known in (("what a wonderful day", "happy"), ("my phone is broken again", "unhappy")):
            shared.get_by_label("Text to classify").fill(sentence)
            expect(shared.locator("[data-wcw=label]")).to_have_text(known, timeout=PATIENCE * SECONDS)
            said.append(known)
        problems = watch.problems()
    friend.close()
    verified = page.kernel("print(clf.verify().ok)").strip()
    return {"bytes": len(text), "said": said, "verified": verified, "problems": problems}


def _without_indexeddb(context: BrowserContext, address: str) -> dict[str, str]:
    """What the widget of try-it says of the text, and of what it keeps in this browser."""
    page = SitePage(context, address)
    page.open("try-it.ipynb")
    page.run_all()
    label = page.widget().locator("[data-wcw=label]")
    expect(label).to_have_text(re.compile("itive|ative"), timeout=PATIENCE * SECONDS)
    page.widget().get_by_role("tab", name="Runtime").click()
    kept = page.widget().locator(".wcw-cache")
    expect(kept).to_contain_text("nothing", timeout=PATIENCE * SECONDS)
    found = {"label": label.inner_text(), "kept": kept.inner_text()}
    page.page.close()
    return found


def _two_at_once(context: BrowserContext, address: str, first: SitePage) -> list[str]:
    """A second notebook with a kernel of its own, while the first is open; then both answer."""
    second = SitePage(context, address)
    second.open("explain.ipynb")
    second.run_all()
    asked = f"print(clf.classify({REFERENCE[1]!r}).label)"
    said = [second.kernel(asked).strip(), first.kernel(asked).strip()]
    second.page.close()
    return said


def _upload(page: SitePage, file: Any, name: str) -> None:
    """Choose a CSV file and wait until the kernel has it."""
    with page.page.expect_file_chooser() as chooser:
        page.page.get_by_role("button", name="A CSV file").click()
    chooser.value.set_files(file)
    page.until(f"upload.value and upload.value[0].name == {name!r}")


def _table(page: SitePage) -> str:
    """A CSV file as spreadsheets save it is uploaded, classified, and written: what stands in the result."""
    table = '\ufeffid,"review"\r\n7,"Dull, ""loud"" and\r\ntoo long"\r\n8,这个产品非常好用推荐购买\r\n'
    _upload(page, {"name": "mine.csv", "mimeType": "text/csv", "buffer": table.encode()}, "mine.csv")
    page.run_cell(3)
    page.run_cell(5)
    return page.kernel("print(open('classified.csv', encoding='utf-8-sig', newline='').read())")


def _large(page: SitePage, scratch: Path) -> str:
    """What the notebook says to a CSV file of 100 MB."""
    file = scratch / "large.csv"
    line = "1,一二三四五六七八九十 and some more words to fill the line\n".encode()
    with file.open("wb") as stream:
        stream.write(b"id,review\n")
        for _ in range(100):
            stream.write(line * (1_000_000 // len(line) + 1))
    _upload(page, file, file.name)
    return page.run_cell(3)


def _restart_in_a_batch(page: SitePage) -> dict[str, str]:
    """The kernel is restarted while it classifies; then the notebook runs again from the top."""
    page.start("texts = ['服务态度差'] * 200_000\nclf.classify(texts)")
    said = page.restart()
    lost = page.kernel("print('rows' not in globals())").strip()
    page.run_all()
    return {"said": said, "lost": lost, "labels": page.kernel("print([row['label'] for row in rows])").strip()}


def _in_firefox(address: str, scratch: Path) -> str | None:
    """The widget's label in Firefox; None where there is no Firefox."""
    if firefox.path() is None:
        return None
    with firefox.Firefox(scratch / "firefox") as browser:
        browser.goto(f"{address}lab/index.html?path=try-it.ipynb")
        browser.until(
            """const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
            return kernel?.connectionStatus === "connected" && kernel.status === "idle";""",
            PATIENCE,
        )
        browser.run("void window.jupyterapp.commands.execute('notebook:run-all-cells'); return true;")
        label: str = browser.until("return document.querySelector('.wcw [data-wcw=label]')?.textContent;", PATIENCE)
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
        output.wait_for()
        page.wait_idle()
        said.append(output.inner_text())
    return said


def _model_in_the_address(context: BrowserContext, address: str) -> str:
    """What the notebook says to ?model= that names a file of the site."""
    page = SitePage(context, address)
    page.open("bring-your-own.ipynb", "&model=files/reviews.safetensors")
    page.run_all()
    output = page.page.locator(".jp-OutputArea-output", has_text="files/reviews.safetensors").last
    expect(output).to_contain_text("ParityReport", timeout=PATIENCE * SECONDS)
    said = output.inner_text()
    page.page.close()
    return said


if __name__ == "__main__":
    print(json.dumps(main(*map(Path, sys.argv[1:4]))))
