"""The classifier widget in a real JupyterLab: who computes, what is sent, and what a view leaves behind."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import expect

from conftest import OpenNotebook
from notebook_page import NotebookPage, eventually
from wasm_clf_widget.assets import TAB_ASSETS, asset

REVIEWS = """
import wasm_clf_widget as wcw

clf = wcw.Classifier.from_weights(
    ["good", "great", "bad", "awful", "很好", "很差"], [[1.5, 2.0, -1.75, -2.25, 1.25, -1.25]], [0.125],
    ["negative", "positive"], name="reviews", head="sigmoid",
    certificate_texts=["a good film", "an awful, bad film", "很好", "nothing known", ""],
)
w = wcw.ClassifierWidget(clf)
w
"""
SHARED = REVIEWS.replace("ClassifierWidget(clf)", "ClassifierWidget(clf, share_text=True)")
# The same model with one weight, of a feature that a certificate text has, altered by 10 % and every hash repaired.
ALTERED = REVIEWS.replace(
    "w = wcw.ClassifierWidget(clf)",
    """
import dataclasses
from wasm_clf_widget.model.file import dump, parse
model = parse(clf.model_bytes)
coef = list(model.head.coef)
coef[model.pipeline.front.vocabulary.index("awful")] *= 1.1
altered = dump(dataclasses.replace(
    model, pipeline=dataclasses.replace(model.pipeline, head=dataclasses.replace(model.head, coef=coef))
))
w = wcw.ClassifierWidget(wcw.Classifier.load(altered))
""",
)


def open_ready(open_notebook: OpenNotebook, *cells: str) -> NotebookPage:
    notebook = open_notebook(list(cells))
    notebook.run_all()
    assert notebook.errors() == []
    notebook.widget().wait_ready()
    return notebook


def result(notebook: NotebookPage, **expected: object) -> dict[str, object]:
    """What the kernel has as the widget's result, once it is as expected (or late)."""

    def ask() -> dict[str, object]:
        answer: dict[str, object] | None = json.loads(notebook.kernel("import json; print(json.dumps(w.result))"))
        return answer or {}

    answer = eventually(ask, lambda answer: expected.items() <= answer.items())
    assert expected.items() <= answer.items(), f"expected {expected}, the kernel has {answer}"
    return answer


def parity(notebook: NotebookPage, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The widget's report in the kernel, once it holds (or late)."""

    def ask() -> dict[str, Any]:
        report: dict[str, Any] = json.loads(notebook.kernel("import json; print(json.dumps(w.parity))"))
        return report

    report = eventually(ask, holds)
    assert holds(report), f"the kernel has {report}"
    return report


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    """The process does nothing at all while this lasts."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_typing_changes_the_label_and_the_kernel_reads_the_result(open_notebook: OpenNotebook) -> None:
    notebook = open_ready(open_notebook, REVIEWS)
    view = notebook.widget()
    view.type("an awful film")
    view.expect_label("negative")
    view.type("a great film, 很好")
    view.expect_label("positive")
    answer = result(notebook, label="positive", known_features=2)
    assert answer["ran_on"] == "tab-worker"
    in_kernel = json.loads(notebook.kernel("print(json.dumps(clf.classify('a great film, 很好').to_dict()))"))
    assert in_kernel["ran_on"] == "kernel-wasm"
    here = {"ran_on": None, "variant": None}
    assert {**answer, **here} == {**in_kernel, **here}, "tab and kernel give the same bits"
    expect(view.parity).to_have_attribute("data-ok", "true")
    report = parity(notebook, lambda report: report.get("ok") is True)
    assert report["checked"] == report["kept"] >= 5, "every recorded answer was replayed in the tab"
    notebook.kernel("w.text = 'bad'")
    view.expect_label("negative")
    expect(view.text).to_have_value("bad")


def test_it_is_the_tab_that_runs(open_notebook: OpenNotebook) -> None:
    notebook = open_ready(open_notebook, REVIEWS)
    view = notebook.widget()
    view.type("good")
    view.expect_label("positive")
    pid = int(notebook.kernel("import os; print(os.getpid())"))
    with stopped(pid):
        status = eventually(psutil.Process(pid).status, lambda status: status == psutil.STATUS_STOPPED)
        assert status == psutil.STATUS_STOPPED
        view.type("awful")
        view.expect_label("negative")
        view.type("great")
        view.expect_label("positive")
        assert psutil.Process(pid).status() == psutil.STATUS_STOPPED
    notebook.wait_idle()
    result(notebook, label="positive")


# Letters that no English or minified word has in this order, so that a hit can only be the typed text.
MARKER = "zqxjkvwpq"
GRAMS = {MARKER[i : i + n] for n in range(4, len(MARKER) + 1) for i in range(len(MARKER) - n + 1)}


def leaks(data: bytes) -> set[str]:
    return {gram for gram in GRAMS if gram.encode() in data.lower()}


def test_what_is_typed_stays_in_the_tab(open_notebook: OpenNotebook) -> None:
    notebook = open_ready(open_notebook, REVIEWS)
    view = notebook.widget()
    view.root.get_by_role("tab", name="Why").click()  # the explanation's n-grams are the text too
    view.type(f"a good {MARKER}")
    view.expect_label("positive")
    result(notebook, known_features=1)  # the kernel has the answer to the typed text
    saved = notebook.save()
    assert len(json.loads(saved)["metadata"]["widgets"]) == 1, "the widgets' state is in the saved notebook"
    assert notebook.kernel("print(repr(w.text))") == "''"
    assert leaks(saved.encode()) == set()
    assert leaks(notebook.watch.sent_and_received()) == set()


def test_the_spy_would_see_a_shared_text(open_notebook: OpenNotebook) -> None:
    notebook = open_ready(open_notebook, SHARED)
    notebook.widget().type(f"a good {MARKER}")
    notebook.widget().expect_label("positive")
    typed = f"a good {MARKER}"
    assert eventually(lambda: notebook.kernel("print(w.text)"), lambda text: text == typed) == typed
    assert leaks(notebook.watch.sent_and_received()) == GRAMS
    assert leaks(notebook.save().encode()) == GRAMS


def test_the_twin_checks_a_shared_text_live(open_notebook: OpenNotebook) -> None:
    notebook = open_ready(open_notebook, SHARED)
    notebook.widget().type("good")
    notebook.widget().expect_label("positive")
    notebook.kernel("w.text = 'awful 很差'")
    notebook.widget().expect_label("negative")
    report = parity(notebook, lambda report: report.get("live_checked", 0) >= 2)
    assert report["ok"] is True


FORGET = """() => new Promise((resolve) => {
    const request = indexedDB.deleteDatabase("wasm-clf-widget");
    request.onsuccess = request.onerror = resolve;
})"""


def test_a_first_visit_asks_for_what_the_first_label_needs_and_then_for_the_cache(open_notebook: OpenNotebook) -> None:
    """The list that benchmarks/payload.py adds up. Its model is this test's own, so no earlier visit has cached it."""
    notebook = open_notebook([REVIEWS.replace('name="reviews"', 'name="first visit"')])
    notebook.page.evaluate(FORGET)
    notebook.run_all()
    notebook.widget().wait_ready()
    names = {asset(name).sha256: name for name in [*TAB_ASSETS, "engine.linear.simd.wasm"]}

    def asked() -> list[str]:
        notebook.page.wait_for_timeout(50)  # Playwright hands over what was sent only while a call of its own runs
        sent = notebook.watch.sent_and_received()
        found = re.findall(rb'"type":\s*"get"[^}]*"sha256":\s*"([0-9a-f]{64})"', sent)
        return list(dict.fromkeys(names.get(each.decode(), "model") for each in found))

    found = eventually(asked, lambda found: "cache.js" in found)
    assert set(found[:-1]) == {"widget.js", "widget.css", "engine.linear.simd.wasm", "model"}
    assert found[-1] == "cache.js"


def test_the_badge_turns_red_for_an_altered_weight(open_notebook: OpenNotebook, shots: Path) -> None:
    notebook = open_ready(open_notebook, ALTERED)
    view = notebook.widget()
    expect(view.parity).to_contain_text("differs")
    expect(view.parity).to_have_attribute("data-ok", "false")
    view.type("awful")
    view.expect_label("negative")
    report = parity(notebook, lambda report: report.get("ok") is False)
    assert report["first_difference"]["stage"] == "scores"
    view.parity.click()
    view.root.screenshot(path=shots / "badge-red.png")


def test_two_views_closing_one_and_a_restart_leave_no_error(open_notebook: OpenNotebook) -> None:
    notebook = open_ready(open_notebook, REVIEWS, "w")
    first, second = notebook.widget(0), notebook.widget(1).wait_ready()
    first.type("awful")
    first.expect_label("negative")
    second.expect_label("negative")
    second.type("great")
    first.expect_label("positive")
    notebook.cells().nth(1).locator(".jp-InputArea-prompt").click()
    notebook.command("notebook:clear-cell-output")
    expect(notebook.page.locator(".wcw")).to_have_count(1)
    first.type("bad")
    first.expect_label("negative")
    result(notebook, label="negative")

    notebook.command("notebook:restart-kernel")
    notebook.page.locator("dialog.jp-Dialog button.jp-mod-accept").click()
    notebook.wait_idle()
    assert notebook.kernel("print('w' in globals())") == "False", "it is a new kernel"
    notebook.page.wait_for_timeout(500)
    notebook.run_all()
    notebook.widget(0).wait_ready()
    notebook.widget(0).type("great")
    notebook.widget(0).expect_label("positive")
    notebook.widget(1).expect_label("positive")
    result(notebook, label="positive")


def test_closing_the_widget_in_python_leaves_no_error(open_notebook: OpenNotebook) -> None:
    notebook = open_ready(open_notebook, REVIEWS)
    notebook.kernel("w.close()")
    expect(notebook.page.locator(".wcw")).to_have_count(0)
    notebook.page.wait_for_timeout(300)


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_screenshots(open_notebook: OpenNotebook, shots: Path, theme: str) -> None:
    notebook = open_ready(open_notebook, REVIEWS)
    notebook.theme(f"JupyterLab {theme}")
    view = notebook.widget()
    view.type("great, 很好, but an awful ending")
    view.expect_label("positive")
    view.root.get_by_role("tab", name="Why").click()
    expect(view.root.locator(".wcw-ngrams li")).to_have_count(3)
    view.root.screenshot(path=shots / f"widget-{theme.lower()}.png")
    background = view.root.evaluate("element => getComputedStyle(element).backgroundColor")
    channels = [int(value) for value in re.findall(r"\d+", background)[:3]]
    assert (sum(channels) > 384) == (theme == "Light"), f"the widget follows the theme: {background}"
