"""Drives the built site in Chromium, in a process that reaches nothing but loopback; its findings go to stdout as JSON.

    unshare --net --map-root-user python drive.py SITE SHOTS

The notebooks run in one browser, one after the other, as a visitor would; that also exercises a second visit.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
for folder in (HERE, HERE.parent / "e2e", HERE.parents[1] / "tools"):
    sys.path.insert(0, str(folder))

import os  # noqa: E402
import shutil  # noqa: E402

import loopback  # noqa: E402
from playwright.sync_api import BrowserContext, expect, sync_playwright  # noqa: E402
from site_page import SitePage, served  # noqa: E402

from conftest import BROWSER_FLAGS  # noqa: E402
from watch import Watch  # noqa: E402

NOTEBOOKS = ("try-it", "teach-it", "bring-your-own", "explain", "batch", "parity")
REFERENCE = ["这个产品非常好用推荐购买", "服务态度差再也不来了", "今天天气不错适合出门"]


def main(site: Path, shots: Path) -> dict[str, Any]:
    loopback.up()
    browser_path = os.environ.get("WCW_BROWSER") or shutil.which("chromium")
    found: dict[str, Any] = {"notebooks": {}}
    with served(site) as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser_path, args=BROWSER_FLAGS)
        context = chromium.new_context(viewport={"width": 1280, "height": 1000})
        with Watch(context) as watch:
            for name in NOTEBOOKS:
                page = SitePage(context, address)
                page.open(f"{name}.ipynb")
                errors = page.run_all()
                found["notebooks"][name] = [f"{e['ename']}: {e['evalue']}" for e in errors]
                if name == "try-it":
                    found["reference"] = _reference(page)
                if name == "bring-your-own":
                    found["upload"] = _uploads(page, site)
                if name == "teach-it":
                    found["taught"] = page.kernel("import os; print(os.path.getsize('mood.html'), clf.verify().ok)")
                page.page.screenshot(path=str(shots / f"lite-{name}.png"))
                page.page.close()
            found["address"] = _model_in_the_address(context, address, site)
        found["problems"] = watch.problems()
        chromium.close()
    return found


def _reference(page: SitePage) -> list[dict[str, Any]]:
    """The three reference texts typed into the widget: what the tab says, what the kernel says."""
    widget = page.widget()
    field = widget.get_by_label("Text to classify")
    rows = []
    for text in REFERENCE:
        field.fill("")
        field.fill(text)
        label = page.kernel(f"print(clf.classify({text!r}).label)").strip()
        expect(widget.locator("[data-wcw=label]")).to_have_text(re.compile(label), timeout=30_000)
        page.page.wait_for_timeout(1000)
        asked = f"import json; print(json.dumps([w.result, clf.classify({text!r}).to_dict()]))"
        tab, kernel = json.loads(page.kernel(asked))
        rows.append({"tab": tab, "kernel": kernel})
    return rows


def _uploads(page: SitePage, site: Path) -> list[str]:
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


def _model_in_the_address(context: BrowserContext, address: str, site: Path) -> str:
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
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))))
