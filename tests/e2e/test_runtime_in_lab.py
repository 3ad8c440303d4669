"""The runtime in a real JupyterLab: the cache across reloads, a busy kernel, batches from Python, the kernel's rung."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from playwright.sync_api import expect

from conftest import OpenNotebook
from notebook_page import NotebookPage, eventually
from test_widget_in_lab import REVIEWS, open_ready, result

# A kernel for each, held interpreters and large models: minutes.
pytestmark = pytest.mark.long

SENTIMENT = """
import wasm_clf_widget as wcw
clf = wcw.Classifier.load("sentiment-zh-en")
w = wcw.ClassifierWidget(clf)
w
"""


def printed(notebook: NotebookPage, code: str) -> Any:
    """What the kernel prints, as JSON."""
    return json.loads(notebook.kernel(f"import json\n{code}"))


def sent_chunks(notebook: NotebookPage) -> int:
    return notebook.watch.sent_and_received().count(b'"chunk"')


def test_a_batch_is_awaited_in_a_cell(open_notebook: OpenNotebook) -> None:
    notebook = open_ready(
        open_notebook,
        SENTIMENT,
        """
progress = []
texts = [f"这个产品非常好用 {i}" if i % 2 else f"a dull, awful film {i}" for i in range(20_000)]
results = await w.classify(texts, on_progress=lambda done, total: progress.append(done))
same = [r.confidence for r in results] == [r.confidence for r in clf.classify(texts)]
print(len(results), {r.ran_on for r in results}, same, progress[-1], len(progress) > 1)
        """,
    )
    assert notebook.output(1).inner_text().strip() == "20000 {'tab-worker'} True 20000 True"
    notebook.widget().type("awful")
    notebook.widget().expect_label("negative")


def test_a_call_is_kept_and_read_in_a_later_cell(open_notebook: OpenNotebook) -> None:
    notebook = open_ready(open_notebook, REVIEWS)
    notebook.kernel("call = w.classify(['good', 'awful'])")
    labels = "print(json.dumps([r.label for r in call.result()] if call.done() else []))"
    found = eventually(lambda: printed(notebook, labels), bool)
    assert found == ["positive", "negative"]


def test_the_cache_of_the_browser_from_python_and_a_reload_without_chunks(open_notebook: OpenNotebook) -> None:
    notebook = open_ready(open_notebook, SENTIMENT, "report = await w.cache.report()\nprint(report['storage']['mode'])")
    assert notebook.output(1).inner_text().strip() == "indexeddb"
    report = printed(notebook, "print(json.dumps(report))")
    kinds = {entry["kind"] for entry in report["entries"]}
    assert kinds == {"model", "engine", "program"}
    assert "sentiment-zh-en" in [entry["name"] for entry in report["entries"]]
    assert report["storage"]["partitioned"] is False
    notebook.save()
    notebook.watch.frames.clear()
    notebook.reload()
    notebook.widget().wait_ready()
    assert sent_chunks(notebook) == 0, "all of it came from the cache"
    notebook.widget().type("awful")
    notebook.widget().expect_label("negative")
    assert printed(notebook, "print(json.dumps(w.status))")["state"] == "ready"
    capabilities = printed(notebook, "print(json.dumps(w.capabilities))")
    assert capabilities["rung"] == "tab-worker"
    assert capabilities["webassembly_allowed"] is True
    assert capabilities["host"] == "JupyterLab"
    assert capabilities["storage"]["mode"] == "indexeddb"
    assert capabilities["memory"]["fits"] is True


def test_while_the_kernel_does_nothing_at_all_a_cached_visit_becomes_ready(open_notebook: OpenNotebook) -> None:
    """The second cell holds the interpreter, threads of messages included, from before the view asks for anything."""
    hold = """
import ctypes
print("held", flush=True)
ctypes.PyDLL(None).sleep(12)   # PyDLL keeps the interpreter's lock
"""
    open_ready(open_notebook, SENTIMENT)
    notebook = open_notebook([SENTIMENT, hold])
    notebook.watch.frames.clear()
    notebook.start_all()
    notebook.widget().wait_ready(40)
    assert sent_chunks(notebook) == 0
    assert notebook.is_busy(), "the kernel is still held"
    notebook.widget().type("awful")
    notebook.widget().expect_label("negative")


def test_an_uncached_visit_waits_for_the_kernel_and_says_so(open_notebook: OpenNotebook) -> None:
    hold = """
import ctypes
ctypes.PyDLL(None).sleep(6)
"""
    unseen = REVIEWS.replace('name="reviews"', 'name="never seen before"')
    notebook = open_notebook([unseen, hold])
    notebook.start_all()
    status = notebook.page.locator("[data-wcw=status]").first
    expect(status).to_contain_text("waiting for the kernel", ignore_case=True, timeout=30_000)
    notebook.widget().wait_ready()
    notebook.widget().type("awful")
    notebook.widget().expect_label("negative")


def test_a_page_that_is_reloaded_without_its_kernel_still_classifies(open_notebook: OpenNotebook) -> None:
    notebook = open_ready(open_notebook, SENTIMENT)
    notebook.save()
    notebook.restart_kernel()
    notebook.reload()
    view = notebook.widget().wait_ready()
    view.type("awful")
    view.expect_label("negative")


def test_where_webassembly_is_forbidden_the_kernel_classifies_if_it_may(open_notebook: OpenNotebook) -> None:
    allowed = REVIEWS.replace("ClassifierWidget(clf)", "ClassifierWidget(clf, fallback='kernel')")
    notebook = open_notebook([allowed])
    # As a policy without 'wasm-unsafe-eval' does it, for this page alone.
    notebook.page.evaluate(
        """() => {
            WebAssembly.Module = function () { throw new WebAssembly.CompileError("forbidden by the page's policy"); };
        }"""
    )
    notebook.run_all()
    view = notebook.widget().wait_ready()
    view.type("a great film")
    view.expect_label("positive")
    answer = result(notebook, label="positive")
    assert answer["ran_on"] == "kernel-wasm"
    assert printed(notebook, "print(json.dumps(w.parity))")["live_checked"] >= 1
    assert notebook.kernel("print(repr(w.text))") == "''"
    assert "wasm-unsafe-eval" in printed(notebook, "print(json.dumps(w.capabilities))")["rung_reason"]


def test_where_webassembly_is_forbidden_and_texts_must_stay_it_says_why(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook([REVIEWS])
    notebook.page.evaluate(
        "() => { WebAssembly.Module = function () { throw new WebAssembly.CompileError('forbidden'); }; }"
    )
    notebook.run_all()
    expect(notebook.page.locator(".wcw [role=alert]")).to_contain_text("wasm-unsafe-eval")
    assert printed(notebook, "print(json.dumps(w.status))")["code"] == "wasm-forbidden"


def test_two_widgets_share_one_worker_and_a_saved_notebook_grows_little(open_notebook: OpenNotebook) -> None:
    cells = [SENTIMENT, "w2 = wcw.ClassifierWidget(clf)\nw2"]
    notebook = open_notebook(cells)
    before = len(notebook.save())
    notebook.run_all()
    for index in (0, 1):
        notebook.widget(index).wait_ready()
    assert len([worker for worker in notebook.page.workers if worker.url.startswith("blob:")]) == 1
    saved = notebook.save()
    assert len(json.loads(saved)["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]) >= 2
    assert len(saved) - before < 60_000


BIG = """
import random
import wasm_clf_widget as wcw
rng = random.Random(1)
words = sorted({"".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=9)) for _ in range(600_000)})
clf = wcw.Classifier.from_weights(
    words, [[rng.gauss(0, 1) for _ in words] for _ in range(4)], [0.0] * 4, list("abcd"), name="big", head="softmax"
)
w = wcw.ClassifierWidget(clf)
print(len(clf.model_bytes) > 40_000_000)
w
"""


@pytest.mark.long
@pytest.mark.timeout(600)
def test_fifty_megabytes_freeze_neither_the_page_nor_the_kernel(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook([BIG, "1 + 1"])
    # A page that is free ticks every 50 ms.
    notebook.page.evaluate(
        """() => {
            globalThis.worst = globalThis.ticks = 0;
            let last = performance.now();
            setInterval(() => {
                ticks += 1;
                worst = Math.max(worst, performance.now() - last);
                last = performance.now();
            }, 50);
        }"""
    )
    notebook.run(0, seconds=300)
    assert notebook.errors() == []
    started = time.monotonic()
    assert notebook.kernel("print(1 + 1)") == "2", "the kernel answers while chunks are on their way"
    print(f"kernel answered after {time.monotonic() - started:.2f} s")
    notebook.widget().wait_ready(120)
    seconds = time.monotonic() - started
    ticks, worst = notebook.page.evaluate("() => [ticks, worst]")
    print(f"ready after {seconds:.1f} s, the page was held for at most {worst:.0f} ms")
    # A tenth of the ticks of a page that has nothing to do leaves room for a loaded machine.
    assert ticks > seconds * 2
    notebook.save()
    notebook.watch.frames.clear()
    notebook.reload()
    notebook.widget().wait_ready(120)
    assert sent_chunks(notebook) == 0
