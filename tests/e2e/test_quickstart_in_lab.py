"""The notebook that a newcomer opens, as the newcomer runs it: in JupyterLab, in Chromium, the widgets answering."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import expect

from conftest import OpenNotebook
from notebook_page import eventually

QUICKSTART = Path(__file__).resolve().parents[2] / "notebooks/quickstart.ipynb"


def test_quickstart(open_notebook: OpenNotebook, shots: Path) -> None:
    notebook = open_notebook(QUICKSTART)
    notebook.run_all(seconds=200)
    assert notebook.errors() == []
    expect(notebook.page.locator(".wcw")).to_have_count(2)
    view, spam = notebook.widget(0).wait_ready(), notebook.widget(1).wait_ready()
    spam.expect_label("spam")

    view.type("这个产品非常好用推荐购买")
    view.expect_label("positive")
    view.type("服务态度差再也不来了")
    view.expect_label("negative")
    view.type("A warm, funny film that I would gladly watch again.")
    view.expect_label("positive")
    # The line below the widget follows it, without a cell that is run again.
    expect(notebook.output(3)).to_contain_text("positive with confidence", timeout=15_000)
    expect(notebook.output(3)).to_contain_text("tab-worker")
    answer = eventually(
        lambda: json.loads(notebook.kernel(READ)),
        lambda answer: answer["same"] and answer["history"] >= 3 and answer["parity"].get("ok"),
    )
    assert answer["result"]["label"] == "positive"
    assert answer["result"]["ran_on"] == "tab-worker"
    assert answer["same"], "tab and kernel give the same bits"
    assert answer["history"] >= 3, "the notebook's callback was told"
    assert answer["parity"]["ok"], answer["parity"]
    for shown in (view, spam):
        expect(shown.parity).to_have_attribute("data-ok", "true")

    view.type("服务态度差再也不来了, but the food is good")
    for theme in ("Light", "Dark"):
        notebook.theme(f"JupyterLab {theme}")
        view.root.scroll_into_view_if_needed()
        notebook.page.wait_for_timeout(300)
        notebook.page.screenshot(path=shots / f"quickstart-{theme.lower()}.png")


# The same text through the same file in the kernel: only the place may differ.
READ = """
import json
place = dict(ran_on="", variant="")
text = "A warm, funny film that I would gladly watch again."
same = {**(widget.result or {}), **place} == {**clf.classify(text).to_dict(), **place}
print(json.dumps({"result": widget.result, "parity": widget.parity, "same": same, "history": len(history)}))
"""
