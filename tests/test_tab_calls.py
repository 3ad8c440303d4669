"""What Python asks of the tab, and what the tab may ask of the kernel, against a tab of a few lines on a fake comm."""

from __future__ import annotations

import asyncio
import json
from array import array
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import comm
import pytest

import wasm_clf_widget as wcw
from test_widget import FakeComm, Tab
from wasm_clf_widget.tab import calls as tab_calls
from wasm_clf_widget.tab.batch import SLICE_TEXTS, WINDOW, pack, unpack

T = TypeVar("T")


@pytest.fixture(autouse=True)
def fake_comms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comm, "create_comm", FakeComm)


@pytest.fixture(scope="module")
def clf() -> wcw.Classifier:
    return wcw.Classifier.from_weights(
        ["bad", "good"], [[-1.5, 2.25]], [0.25], ["negative", "positive"], name="reviews", head="sigmoid"
    )


@pytest.fixture
def shown(clf: wcw.Classifier) -> Iterator[Any]:
    made = wcw.ClassifierWidget(clf)
    yield made
    made.close()


def in_own_loop(run: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns, in a thread of its own: the browser tests leave a running loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, run).result()


class AnsweringTab(Tab):
    """A page that answers calls as ours does, a moment later; ``behave`` may change an answer or leave it out."""

    def __init__(self, shown: Any, name: str = "t1", behave: Callable[[dict[str, Any]], Any] | None = None) -> None:
        super().__init__(shown)
        self.name = name
        self.behave = behave
        self.asked: list[dict[str, Any]] = []
        self.under_way = self.most = 0
        send = self.comm.publish_msg

        def publish(msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **keys: Any) -> None:
            send(msg_type, data, metadata, buffers, **keys)
            content = (data or {}).get("content")
            if isinstance(content, dict) and content.get("type") == "call" and content["tab"] in (None, self.name):
                self.under_way += 1
                self.most = max(self.most, self.under_way)
                asyncio.get_running_loop().call_soon(self.reply, content, [bytes(b) for b in buffers or []])

        self.comm.publish_msg = publish  # type: ignore[method-assign]

    def reply(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        self.asked.append(content)
        self.under_way -= 1
        done: dict[str, Any] = {"wcw": 1, "type": "done", "id": content["id"], "tab": self.name, "error": None}
        answers: list[bytes] = []
        value: Any = None
        if content["what"] == "take":
            value = {"tab": self.name}
        elif content["what"] == "classify":
            batch = self.widget.classifier.engine.classify(unpack(*buffers))
            value = {"ran_on": "tab-worker", "variant": "simd"}
            answers = [array(kind, numbers).tobytes() for kind, numbers in (
                ("d", batch.scores), ("d", batch.probabilities), ("I", batch.labels), ("I", batch.known)
            )]  # fmt: skip
        elif content["what"] == "cache-report":
            value = {"storage": {"mode": "indexeddb"}, "entries": [], "bytes": 0, "budget": 1, "log": []}
        else:
            value = {"cache-evict": True, "cache-clear": 3, "cache-persist": False}[content["what"]]
        changed = self.behave(content) if self.behave else {}
        if changed is None:
            return
        answers = changed.pop("buffers", answers)
        self.send({**done, "value": value, **changed}, *answers)


def test_a_batch_has_the_kernels_own_bits_and_says_where_it_ran(shown: Any, clf: wcw.Classifier) -> None:
    texts = ["good", "bad bad", "", "差 good", "a\ud800b", "nul\0good"] * 5
    progress: list[tuple[int, int]] = []

    async def run() -> list[wcw.ClassificationResult]:
        AnsweringTab(shown)
        return await shown.classify(texts, on_progress=lambda done, total: progress.append((done, total)))

    results = in_own_loop(run())
    place = {"ran_on": "tab-worker"}
    assert [{**r.to_dict(), **place} for r in results] == [{**r.to_dict(), **place} for r in clf.classify(texts)]
    assert {r.ran_on for r in results} == {"tab-worker"}
    assert progress == [(30, 30)]


def test_a_large_batch_goes_in_slices_of_which_two_are_under_way(shown: Any, clf: wcw.Classifier) -> None:
    texts = [f"good {i} " + "bad " * (i % 3) for i in range(3 * SLICE_TEXTS + 1)]
    progress: list[int] = []

    async def run() -> tuple[list[wcw.ClassificationResult], AnsweringTab]:
        tab = AnsweringTab(shown)
        return await shown.classify(texts, on_progress=lambda done, _total: progress.append(done)), tab

    results, tab = in_own_loop(run())
    assert [r.confidence for r in results] == [r.confidence for r in clf.classify(texts)]
    assert [content["what"] for content in tab.asked] == ["take", *["classify"] * 4]
    assert tab.most == WINDOW
    assert progress == sorted(progress)
    assert progress[-1] == len(texts)


def test_only_the_page_that_took_the_call_gets_the_texts(shown: Any) -> None:
    async def run() -> tuple[AnsweringTab, AnsweringTab]:
        tabs = AnsweringTab(shown, "t1"), AnsweringTab(shown, "t2")
        await shown.classify(["good"])
        return tabs

    first, second = in_own_loop(run())
    assert sorted(len(tab.asked) for tab in (first, second)) == [1, 2]


def test_no_page_is_an_engine_error_that_says_what_hosts_can(shown: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tab_calls, "TAKE_SECONDS", 0.05)

    async def run() -> None:
        await shown.classify(["good"])

    with pytest.raises(wcw.EngineError, match=r"no open page answered within 0.05 s.*later cell"):
        in_own_loop(run())


def test_a_page_that_goes_is_an_engine_error(shown: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tab_calls, "ANSWER_SECONDS", 0.05)

    async def run() -> None:
        AnsweringTab(shown, behave=lambda content: None if content["what"] == "classify" else {})
        await shown.classify(["good"])

    with pytest.raises(wcw.EngineError, match="closed or reloaded"):
        in_own_loop(run())


@pytest.mark.parametrize(("name", "kind"), [("InputError", wcw.InputError), ("EngineError", wcw.EngineError)])
def test_the_tabs_error_is_pythons(shown: Any, name: str, kind: type[Exception]) -> None:
    wire = {"name": name, "message": "It stopped.", "code": "x", "action": "Reload."}

    async def run() -> None:
        AnsweringTab(shown, behave=lambda content: {"error": wire} if content["what"] == "classify" else {})
        await shown.classify(["good"])

    with pytest.raises(kind, match=r"It stopped\. Reload\."):
        in_own_loop(run())


@pytest.mark.parametrize("buffers", [[], [b"", b"", b"", b""], [bytes(8), bytes(16), bytes(4), bytes(5)]])
def test_an_answer_of_another_size_is_an_engine_error(shown: Any, buffers: list[bytes]) -> None:
    async def run() -> None:
        AnsweringTab(shown, behave=lambda content: {"buffers": buffers} if content["what"] == "classify" else {})
        await shown.classify(["good"])

    with pytest.raises(wcw.EngineError, match="not the size"):
        in_own_loop(run())


def test_a_call_can_be_kept_and_cancelled_and_nothing_is_left(shown: Any) -> None:
    async def run() -> None:
        AnsweringTab(shown)
        told: list[Any] = []
        kept = shown.classify(["good"])
        kept.add_done_callback(told.append)
        with pytest.raises(wcw.InputError, match="not answered yet"):
            kept.result()
        await asyncio.sleep(0.05)
        assert kept.result()[0].label == "positive"
        assert told == [kept]
        stopped = shown.classify(["good"] * 5)
        assert stopped.cancel()
        await asyncio.sleep(0.05)
        assert stopped.cancelled()
        assert shown._calls._asked == {}

    in_own_loop(run())


def test_a_lone_surrogate_that_would_be_hashed_is_refused_before_it_is_sent() -> None:
    hashed = wcw.Classifier.load(Path(__file__).parent / "data/hashing-char-wb.safetensors")
    shown = wcw.ClassifierWidget(hashed)

    async def run() -> None:
        tab = AnsweringTab(shown)
        with pytest.raises(wcw.InputError, match=r"^texts\[1\]: the text holds a lone surrogate, which has no UTF-8"):
            await shown.classify(["fine", "a\ud800"])
        assert [content["what"] for content in tab.asked] == ["take"]

    in_own_loop(run())
    shown.close()


def test_an_empty_list_needs_no_page(shown: Any) -> None:
    assert shown.classify([]).result() == []


def test_what_is_no_list_of_texts(shown: Any) -> None:
    with pytest.raises(wcw.InputError, match=r"list of texts"):
        shown.classify("good")
    with pytest.raises(wcw.InputError, match=r"texts\[1\]"):
        shown.classify(["good", None])
    with ThreadPoolExecutor(1) as pool, pytest.raises(wcw.EngineError, match="no running event loop"):
        pool.submit(shown.classify, ["good"]).result()


def test_the_cache_of_the_tab(shown: Any) -> None:
    async def run() -> None:
        AnsweringTab(shown)
        assert (await shown.cache.report())["storage"]["mode"] == "indexeddb"
        assert await shown.cache.evict("a" * 64) is True
        assert await shown.cache.clear() == 3
        assert await shown.cache.persist() is False
        with pytest.raises(wcw.InputError, match="64 hexadecimal"):
            shown.cache.evict("model")

    in_own_loop(run())


# The kernel's rung


def ask(shown: Any, what: Any, *buffers: bytes) -> tuple[dict[str, Any], list[bytes]]:
    ((message, answers),) = Tab(shown).send({"wcw": 1, "type": "ask", "id": "t-ask-1", "what": what}, *buffers)
    assert message["id"] == "t-ask-1"
    return message, answers


def packed(*texts: str) -> tuple[bytes, bytes]:
    data, offsets, _ = pack(texts)
    return data, offsets


@pytest.mark.parametrize("what", ["open", "classify", "explain", "verify"])
def test_without_leave_the_kernel_answers_nothing(shown: Any, what: str) -> None:
    message, answers = ask(shown, what, *packed("good"))
    assert (message["type"], message["code"], answers) == ("refused", "not-allowed", [])


def test_the_kernel_answers_where_it_may_and_the_twin_looks(clf: wcw.Classifier) -> None:
    shown = wcw.ClassifierWidget(clf, fallback="kernel")
    opened = ask(shown, "open")[0]["value"]
    assert json.loads(opened["document"])["name"] == "reviews"
    assert opened["size"] == len(clf.model_bytes)
    _, (scores, probabilities, labels, known) = ask(shown, "classify", *packed("good", "差 bad"))
    assert array("d", scores).tolist() == [2.5, -1.25]
    assert array("d", probabilities).tolist() == clf.predict_proba(["good", "差 bad"]).ravel().tolist()
    assert (array("I", labels).tolist(), array("I", known).tolist()) == ([1, 0], [1, 1])
    assert shown.parity == {}, "a batch is not checked live"
    ask(shown, "classify", *packed("good"))
    assert shown.parity["live_checked"] == 1
    (span,) = ask(shown, "explain", "a 😀 good".encode())[0]["value"]["spans"]
    assert (span["start"], span["end"], span["ngram"]) == (4, 8, "good"), "code points"
    assert ask(shown, "verify")[0]["value"]["ok"] is True
    assert shown.text == "", "what was asked is not kept"


@pytest.mark.parametrize(
    ("what", "buffers"),
    [
        ("classify", ()),
        ("classify", (b"good", b"123")),
        ("classify", (b"good", array("I", [0, 9]).tobytes())),
        ("classify", (b"good", array("I", [0, 3, 2, 4]).tobytes())),
        ("classify", (b"\xff", array("I", [0, 1]).tobytes())),
        ("explain", (b"\xff",)),
        ("format", ()),
        (None, ()),
        ([], ()),
    ],
)
def test_a_question_that_is_not_whole_is_refused(clf: wcw.Classifier, what: Any, buffers: tuple[bytes, ...]) -> None:
    message, _ = ask(wcw.ClassifierWidget(clf, fallback="kernel"), what, *buffers)
    assert message["type"] == "refused"


def test_a_page_that_is_still_loading_is_asked_again(shown: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tab_calls, "REPEAT_SECONDS", 0.02)

    async def run() -> list[wcw.ClassificationResult]:
        call = shown.classify(["good"])
        await asyncio.sleep(0.05)
        AnsweringTab(shown)  # listens only now
        return await call

    assert in_own_loop(run())[0].label == "positive"
