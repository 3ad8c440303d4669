"""The package inside Pyodide: no numpy, no wasmtime; the engine runs on the WebAssembly of the host (Node here)."""

from __future__ import annotations

import json
import sys
from array import array
from typing import Any

import pytest

import wasm_clf_widget as wcw

REFERENCE = ["这个产品非常好用推荐购买", "服务态度差再也不来了", "今天天气不错适合出门"]


@pytest.fixture(scope="module")
def clf() -> wcw.Classifier:
    return wcw.Classifier.load("sentiment-zh-en")


def test_this_is_pyodide_without_numpy_and_wasmtime() -> None:
    assert sys.platform == "emscripten"
    for name in ("numpy", "wasmtime", "sklearn"):
        with pytest.raises(ImportError):
            __import__(name)


@pytest.mark.parametrize("variant", ["simd", "baseline"])
def test_the_reference_texts_on_the_hosts_webassembly(clf: wcw.Classifier, variant: str) -> None:
    on = clf.with_engine("wasm", variant)
    results = on.classify(REFERENCE)
    assert [r.label for r in results] == ["positive", "negative", "positive"]
    assert {(r.ran_on, r.variant) for r in results} == {("pyodide", variant)}
    assert on.verify().ok


def test_answers_are_plain_lists_where_there_is_no_numpy(clf: wcw.Classifier) -> None:
    assert clf.predict(REFERENCE) == ["positive", "negative", "positive"]
    assert clf.classes_ == ["negative", "positive"]
    rows = clf.predict_proba(REFERENCE)
    assert isinstance(rows, list)
    assert [len(row) for row in rows] == [2, 2, 2]
    assert all(abs(sum(row) - 1) < 1e-12 for row in rows)
    scores = clf.decision_function(REFERENCE)
    assert [score > 0 for score in scores] == [True, False, True]


def test_engine_and_twin_agree_also_on_ugly_texts(clf: wcw.Classifier) -> None:
    texts = ["", "\0", "a\0b", "İstanbul ΑΣ", "🙂" * 50, "\ud800 lone", "x" * 100_000, *REFERENCE]
    twin = clf.with_engine("twin").classify([t for t in texts if "\ud800" not in t])
    ours = clf.classify([t for t in texts if "\ud800" not in t])
    assert [r.label for r in twin] == [r.label for r in ours]


def test_a_classifier_from_weights_saves_and_loads(tmp_path: object) -> None:
    made = wcw.Classifier.from_weights(["good", "bad"], [[-1.0, 2.0]], [0.25], ["fine", "poor"], name="tiny")
    path = made.save(f"{tmp_path}/tiny.safetensors")
    again = wcw.Classifier.load(path)
    assert again.classify("bad bad good").label == "poor"
    assert again.verify().ok
    spans = again.explain("good, bad").spans
    assert [span.ngram for span in spans] == ["good", "bad"]


def test_a_damaged_file_is_refused(clf: wcw.Classifier) -> None:
    data = bytearray(clf.model_bytes)
    data[-1] ^= 1
    with pytest.raises(wcw.ModelFileError):
        wcw.Classifier.load(bytes(data))


def test_a_widget_can_be_made(clf: wcw.Classifier) -> None:
    w = wcw.ClassifierWidget(clf, text=REFERENCE[0])
    assert w.status["state"] == "idle"


def as_the_kernel_gives_it(message: object) -> Any:
    """JSON of the page, through the bridge that Pyodide's kernel uses: null becomes no None."""
    from js import JSON

    return JSON.parse(json.dumps(message)).to_py()


def test_a_null_of_the_page_is_none(clf: wcw.Classifier) -> None:
    w = wcw.ClassifierWidget(clf, text=REFERENCE[0])
    replay = {"ok": True, "checked": 205, "live_checked": 0, "max_abs_diff": 0.0, "label_mismatches": 0, "kept": 205}
    replay |= {"first_difference": None, "not_comparable": 0, "against": "scikit-learn"}
    update = as_the_kernel_gives_it({"_replay": replay, "status": {"state": "ready", "progress": None}, "result": None})
    assert update["result"] is not None
    w.set_state(update)
    assert w.result is w.status["progress"] is w.parity["first_difference"] is None
    assert w.parity["ok"]


def test_the_twin_checks_an_answer_of_the_page(clf: wcw.Classifier) -> None:
    w = wcw.ClassifierWidget(clf, text=REFERENCE[0])
    answer = clf.classify(REFERENCE[0])
    scores = array("d", [clf.decision_function([REFERENCE[0]])[0]]).tobytes()
    probabilities = array("d", clf.predict_proba([REFERENCE[0]])[0]).tobytes()
    message = {"wcw": 1, "type": "answer", "seq": w._text_seq, "text": None, "class_index": answer.class_index}
    w._on_message(w, as_the_kernel_gives_it(message), [scores, probabilities])
    assert (w.parity["ok"], w.parity["live_checked"]) == (True, 1)
