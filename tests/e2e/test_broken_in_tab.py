"""The badge of a real tab turns red and names the stage: the test build that breaks one stage at a time."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from conftest import OpenNotebook
from test_broken_engine import STAGES, TEXTS, broken_wasm
from test_widget_in_lab import parity

__all__ = ["broken_wasm"]  # a fixture

pytestmark = pytest.mark.long

# The kernel offers the tab the test build in the engine's place, under its own hash.
CELL = """
import wasm_clf_widget as wcw
from wasm_clf_widget import assets, widget

whole = widget.tab_asset
widget.tab_asset = lambda name, model: assets.asset({wasm!r}) if name.startswith("engine.") else whole(name, model)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

texts = {texts!r}
pipeline = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression())
pipeline.fit([*texts, "best of all", "bad in every way"], [1, 1, 0, 0, 1, 0])
clf = wcw.Classifier.from_sklearn(pipeline, name="red", weights="float64", certificate_texts=texts)
w = wcw.ClassifierWidget(clf)
w
"""
# Every engine that a Worker of this page starts is broken at once.
BREAK = """(stage) => {
    const Plain = globalThis.Worker;
    globalThis.Worker = class extends Plain {
        constructor(url, ...options) {
            const source = `
                const start = WebAssembly.instantiate;
                WebAssembly.instantiate = async (...given) => {
                    const made = await start(...given);
                    made.instance.exports.wcw_break?.(${stage});
                    return made;
                };
                importScripts(${JSON.stringify(String(url))});`;
            super(URL.createObjectURL(new Blob([source], { type: "text/javascript" })), ...options);
        }
    };
}"""


@pytest.mark.parametrize("stage", range(-1, len(STAGES)), ids=["none", *STAGES])
def test_the_badge_names_the_broken_stage(
    open_notebook: OpenNotebook, broken_wasm: Path, stage: int, shots: Path
) -> None:
    notebook = open_notebook([CELL.format(wasm=str(broken_wasm), texts=TEXTS)])
    notebook.page.evaluate(BREAK, stage)
    notebook.run_all()
    assert notebook.errors() == []
    view = notebook.widget()
    view.wait_ready()
    notebook.kernel(f"w.text = {TEXTS[0]!r}")
    if stage < 0:
        report = parity(notebook, lambda found: found.get("live_checked", 0) > 0)
        assert report["ok"] is True
        expect(view.parity).to_have_attribute("data-ok", "true")
        return
    report = parity(notebook, lambda found: (found.get("first_difference") or {}).get("stage") == STAGES[stage])
    assert report["ok"] is False
    expect(view.parity).to_have_attribute("data-ok", "false")
    expect(view.parity).to_contain_text(f"differs at {STAGES[stage]}")
    view.root.screenshot(path=shots / f"badge-red-{STAGES[stage]}.png")
