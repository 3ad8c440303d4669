"""The widget's Python side, against a tab of a few lines on a fake comm."""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import inspect
import json
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import comm
import pytest
from comm.base_comm import BaseComm

import wasm_clf_widget as wcw
from wasm_clf_widget import assets, widget
from wasm_clf_widget.engines.wasm_abi import STAGE_NUMBERS
from wasm_clf_widget.live import MAX_CHARACTERS
from wasm_clf_widget.parity import answer_at
from wasm_clf_widget.tab.memory import widened_size

MARKER = "zqxjkv"


class FakeComm(BaseComm):  # type: ignore[misc]
    """A comm whose messages stay in a list; ``state`` is what a tab knows of the traits."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.messages: list[tuple[dict[str, Any], list[bytes]]] = []
        super().__init__(*args, **kwargs)

    def publish_msg(
        self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **_keys: Any
    ) -> None:
        json.dumps(data, allow_nan=False).encode("utf-8")  # what cannot be sent must fail here
        self.messages.append((data or {}, [bytes(buffer) for buffer in buffers or []]))

    @property
    def updates(self) -> list[dict[str, Any]]:
        return [
            data["state"] for data, _ in self.messages if data.get("method") in (None, "update") and "state" in data
        ]

    @property
    def custom(self) -> list[tuple[dict[str, Any], list[bytes]]]:
        return [(data["content"], buffers) for data, buffers in self.messages if data.get("method") == "custom"]


class Tab:
    """The other end of a widget's comm."""

    def __init__(self, shown: Any) -> None:
        self.widget = shown
        self.comm: FakeComm = shown.comm

    def _receive(self, data: dict[str, Any], buffers: list[bytes]) -> None:
        self.comm.handle_msg({"content": {"data": data}, "buffers": [memoryview(buffer) for buffer in buffers]})

    def update(self, **traits: Any) -> None:
        """Set traits, as JSON brings them."""
        self._receive({"method": "update", "state": json.loads(json.dumps(traits)), "buffer_paths": []}, [])

    def send(self, content: Any, *buffers: bytes) -> list[tuple[dict[str, Any], list[bytes]]]:
        """Send a custom message; what came back."""
        before = len(self.comm.custom)
        self._receive({"method": "custom", "content": content}, list(buffers))
        return self.comm.custom[before:]

    def answer(self, of: str, **changes: Any) -> list[tuple[dict[str, Any], list[bytes]]]:
        """Answer to a text as the engine does (the kernel's has the same bits), with changes."""
        model = self.widget.classifier.model
        got = answer_at(model, self.widget.classifier.engine.classify([of]), 0)
        scores = array("d", changes.pop("scores", got.scores))
        probabilities = [] if got.probabilities is None else [array("d", got.probabilities).tobytes()]
        message = {"wcw": 1, "type": "answer", "seq": self.widget._text_seq, "text": None, "class_index": got.labels[0]}
        return self.send({**message, "known": 1, **changes}, scores.tobytes(), *probabilities)


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


def replay(**changes: Any) -> dict[str, Any]:
    """A green report as the tab sends it."""
    report = wcw.ParityReport(True, 3, 0, 0.0, 0, 3, None, 0, "the twin")
    return {**dataclasses.asdict(report), **changes}


# What the tab is given


def test_nothing_large_is_a_trait_and_the_manifest_names_every_asset(shown: Any, clf: wcw.Classifier) -> None:
    state = shown.get_state()
    assert len(json.dumps(state, default=str)) < 12_000, "this is saved with every widget"
    assert set(state["_manifest"]) == {*assets.TAB_ASSETS, "model"}
    size = len(clf.model_bytes)
    widened = state["_manifest"]["model"]["widened"]
    assert state["_manifest"]["model"] == {"sha256": clf.sha256, "size": size, "name": "reviews", "widened": widened}
    assert size <= widened < size + 1000, "a handful of weights"
    shipped = wcw.Classifier.load("sentiment-zh-en").model_bytes
    assert widened_size(shipped) == len(shipped) + 2 * 2**17 * 7, "coef and idf, a byte an entry"
    assert state["_esm"] == (assets.STATIC / "loader.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*assets.TAB_ASSETS, "model"])
def test_an_asset_arrives_in_chunks_under_its_hash(shown: Any, name: str) -> None:
    tab = Tab(shown)
    entry = shown._manifest[name]
    data = b""
    while len(data) < entry["size"]:
        request = {"wcw": 1, "type": "get", "id": "t-1", "sha256": entry["sha256"], "offset": len(data), "size": 60_000}
        ((message, buffers),) = tab.send(request)
        assert message == {"wcw": 1, "type": "chunk", "id": "t-1", "offset": len(data)}
        data += buffers[0]
    assert hashlib.sha256(data).hexdigest() == entry["sha256"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sha256": "0" * 64}, "asset-unknown"),
        ({"sha256": None}, "asset-unknown"),
        ({"offset": -1}, "protocol"),
        ({"offset": "0"}, "protocol"),
        ({"size": 0}, "protocol"),
        ({"size": 1 << 30}, "protocol"),
    ],
)
def test_a_request_that_cannot_be_answered_is_refused(shown: Any, changes: dict[str, Any], code: str) -> None:
    request = {
        "wcw": 1,
        "type": "get",
        "id": "t-1",
        "sha256": shown._manifest["model"]["sha256"],
        "offset": 0,
        "size": 9,
    }
    ((message, buffers),) = Tab(shown).send({**request, **changes})
    assert (message["type"], message["id"], message["code"], buffers) == ("refused", "t-1", code, [])


@pytest.mark.parametrize(
    "content", [None, "text", [], {}, {"wcw": 2, "type": "get"}, {"wcw": 1}, {"wcw": 1, "type": []}]
)
def test_messages_of_others_are_left_alone(shown: Any, content: Any) -> None:
    shown._on_message(shown, content, [])  # not through the comm: ipywidgets logs what a callback raises
    assert Tab(shown).comm.custom == []


def test_missing_files_are_an_engine_error_that_says_what_to_do(
    clf: wcw.Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "STATIC", tmp_path)
    with pytest.raises(wcw.EngineError, match="make build"):
        wcw.ClassifierWidget(clf)


# Options and traits


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"shared_text": True}, "Did you mean 'share_text'"),
        ({"value": "x"}, "no option 'value'"),
        ({"fallback": "cloud"}, "'none', 'kernel', found 'cloud'"),
        ({"share_text": "yes"}, "share_text is True or False, found 'yes'"),
        ({"text": None}, "must be str, found NoneType"),
    ],
)
def test_a_wrong_option_is_an_input_error_with_a_hint(clf: wcw.Classifier, options: dict[str, Any], words: str) -> None:
    with pytest.raises(wcw.InputError, match=words):
        wcw.ClassifierWidget(clf, **options)


def test_not_a_classifier() -> None:
    with pytest.raises(wcw.InputError, match=r"found str: make one with Classifier.load"):
        wcw.ClassifierWidget("reviews.safetensors")  # type: ignore[arg-type]


def test_every_public_trait_has_a_docstring() -> None:
    body = ast.parse(inspect.getsource(widget.ClassifierWidget)).body[0]
    assert isinstance(body, ast.ClassDef)
    documented = {
        target.id
        for statement, following in zip(body.body, body.body[1:], strict=False)
        if isinstance(statement, ast.Assign) and isinstance(following, ast.Expr)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    own = {name for name in widget.ClassifierWidget.class_own_traits() if not name.startswith("_")}
    assert own == {"text", "share_text", "fallback", "result", "parity", "status", "capabilities", "ran_on"}
    assert own <= documented


def test_before_any_tab(shown: Any) -> None:
    assert (shown.text, shown.result, shown.parity, shown.ran_on) == ("", None, {}, "")
    assert shown.status["state"] == "idle"


# The text


def test_every_text_set_in_python_is_seen_by_the_tab_an_equal_one_too(shown: Any) -> None:
    tab = Tab(shown)
    shown.text = "good"
    shown.text = "good"
    sent = [update for update in tab.comm.updates[1:] if "_text_seq" in update]
    assert [update["_text_seq"] for update in sent] == [1, 2]
    assert sent[0]["text"] == "good", "the text comes with its number"


def test_a_text_set_while_a_shared_one_is_taken_in_is_seen_by_the_tab(clf: wcw.Classifier) -> None:
    shown = wcw.ClassifierWidget(clf, share_text=True)

    def correct(change: Any) -> None:
        if change["new"] == "godo":
            shown.text = "good"

    shown.observe(correct, "text")
    Tab(shown).update(text="godo")
    assert shown.text == "good"
    assert {key: value for update in shown.comm.updates for key, value in update.items()}["_text_seq"] == 1


def test_a_text_given_at_the_start(clf: wcw.Classifier) -> None:
    state = Tab(wcw.ClassifierWidget(clf, text="good")).comm.updates[0]
    assert state["text"] == "good"
    assert state["_text_seq"] > 0, "which says that Python set it"


def test_a_lone_surrogate_is_sent_as_the_replacement_character_and_counted(shown: Any) -> None:
    shown.text = "a\ud800b\udfff"
    state = Tab(shown).comm.updates[-1]
    assert (state["text"], state["_text_replaced"]) == ("a\ufffdb\ufffd", 2)
    assert shown.text == "a\ud800b\udfff"
    shown.text = "plain"
    assert shown._text_replaced == 0


@pytest.mark.parametrize("text", [None, 5, b"good"])
def test_a_text_that_is_none(shown: Any, text: Any) -> None:
    with pytest.raises(wcw.InputError, match="a text must be str"):
        shown.text = text


def test_a_shared_text_is_not_sent_back(clf: wcw.Classifier) -> None:
    shown = wcw.ClassifierWidget(clf, share_text=True)
    tab = Tab(shown)
    count = len(tab.comm.messages)
    tab.update(text="typed")
    assert shown.text == "typed"
    assert shown._text_seq == 0
    assert tab.comm.messages[count:] == []


# The result


def test_the_result_has_the_classifiers_own_labels_and_the_engines_bits() -> None:
    big = 2**60 + 1
    clf = wcw.Classifier.from_weights(["a"], [[0.1], [0.2]], [0.0, 0.3], [7, big], name="n", head="softmax")
    shown = wcw.ClassifierWidget(clf)
    expected = clf.classify("a").to_dict()
    through_json = {
        **expected,
        "label": str(big),
        "all_scores": [{**row, "label": "?"} for row in expected["all_scores"]],
    }
    Tab(shown).update(result=through_json, ran_on="tab-worker")
    assert shown.result == expected
    assert shown.result["label"] == big
    assert shown.ran_on == "tab-worker"


@pytest.mark.parametrize("index", [2, -1, "0", None])
def test_a_result_of_no_class_is_refused(shown: Any, index: Any) -> None:
    scores = [{"label": "a", "score": 0.0}, {"label": "b", "score": 0.0}]
    with pytest.raises(Exception, match="not one of this classifier's"):
        shown.result = {"label": "a", "class_index": index, "all_scores": scores}
    assert shown.result is None


# Parity: the replay of the tab, and the twin beside it


def test_the_replay_becomes_the_parity_report(shown: Any) -> None:
    Tab(shown).update(_replay=replay())
    assert shown.parity == replay()
    wcw.ParityReport(**shown.parity)


def test_a_live_answer_is_checked_by_the_twin(shown: Any) -> None:
    tab = Tab(shown)
    tab.update(_replay=replay())
    shown.text = "a good film"
    assert tab.answer("a good film") == []
    assert (shown.parity["ok"], shown.parity["live_checked"], shown.parity["checked"]) == (True, 1, 3)


def test_a_live_difference_turns_the_report_red_and_the_tab_is_asked_for_its_stages(shown: Any) -> None:
    tab = Tab(shown)
    tab.update(_replay=replay())
    shown.text = "a good film"
    ((asked, _),) = tab.answer("a good film", scores=[2.75])
    assert (asked["type"], asked["text"]) == ("stages", "a good film")
    assert shown.parity["ok"] is False
    assert shown.parity["first_difference"]["stage"] == "scores"
    assert shown.parity["max_abs_diff"] == 0.25
    assert shown.parity["checked"] == 3


def test_another_label_with_the_same_scores_is_a_difference(shown: Any) -> None:
    shown.text = "good"
    Tab(shown).answer("good", class_index=0)
    assert (shown.parity["ok"], shown.parity["label_mismatches"]) == (False, 1)


@pytest.mark.parametrize(
    ("broken", "stage"),
    [
        ({"normalize": b"A GOOD FILM"}, "normalize"),
        ({"tokens": ["good"]}, "tokens"),
        ({"ngrams": ["good", "film", "film"]}, "ngrams"),
        ({"features": [(1, 2.0)]}, "features"),
        ({}, "scores"),
    ],
)
def test_a_live_difference_names_the_first_stage_that_differs(shown: Any, broken: dict[str, Any], stage: str) -> None:
    tab = Tab(shown)
    shown.text = "A good FILM"
    ((asked, _),) = tab.answer("A good FILM", scores=[2.75])
    right: dict[str, Any] = {
        "normalize": b"a good film",
        "tokens": ["good", "film"],
        "ngrams": ["good", "film"],
        "features": [(1, 1.0)],
    }
    given = {**right, **broken}
    buffers = [given["normalize"], packed(given["tokens"]), packed(given["ngrams"]), row(given["features"]), b""]
    assert list(STAGE_NUMBERS) == ["normalize", "tokens", "ngrams", "features", "scores"]
    tab.send({"wcw": 1, "type": "stages", "id": asked["id"]}, *buffers)
    assert shown.parity["first_difference"]["stage"] == stage


def packed(words: list[str]) -> bytes:
    ends = array("I", [0])
    for word in words:
        ends.append(ends[-1] + len(word.encode()))
    return array("I", [len(words)]).tobytes() + ends.tobytes() + "".join(words).encode()


def row(entries: list[tuple[int, float]]) -> bytes:
    head = array("I", [len(entries), 0, *(index for index, _ in entries)]).tobytes()
    return head + bytes(-len(head) % 8) + array("d", [value for _, value in entries]).tobytes()


def test_an_answer_to_an_older_text_is_not_held_against_the_newer(shown: Any) -> None:
    tab = Tab(shown)
    shown.text = "bad"
    shown.text = "good"
    tab.answer("bad", seq=shown._text_seq - 1)
    assert shown.parity == {}


def test_a_shared_text_is_checked_only_where_sharing_was_asked_for(clf: wcw.Classifier) -> None:
    for share, checked in ((True, 1), (False, None)):
        shown = wcw.ClassifierWidget(clf, share_text=share)
        Tab(shown).answer("good", seq=-1, text="good")
        assert shown.parity.get("live_checked") == checked


@pytest.mark.parametrize("buffers", [[], [b"1234567"], [bytes(16)], [bytes(8)], [bytes(8), bytes(8)]])
def test_an_answer_of_another_shape_is_left_alone(shown: Any, buffers: list[bytes]) -> None:
    shown.text = "good"
    message = {"wcw": 1, "type": "answer", "seq": 1, "text": None, "class_index": 1, "known": 1}
    assert Tab(shown).send(message, *buffers) == []
    assert shown.parity == {}


def test_texts_that_the_twin_cannot_judge_are_counted_as_such(shown: Any) -> None:
    shown.text = "good \ud800"
    Tab(shown).answer("good \ufffd", scores=[99.0])
    assert (shown.parity["live_checked"], shown.parity["not_comparable"]) == (0, 1)
    shown.text = "good " * MAX_CHARACTERS
    Tab(shown).answer(shown.text, scores=[99.0])
    assert shown.parity["live_checked"] == 0


def test_a_red_replay_stays_red_after_a_right_answer(shown: Any) -> None:
    first = {"text_index": 1, "stage": "scores", "expected": "1", "got": "2"}
    tab = Tab(shown)
    tab.update(_replay=replay(ok=False, first_difference=first))
    shown.text = "good"
    tab.answer("good")
    assert (shown.parity["ok"], shown.parity["first_difference"], shown.parity["live_checked"]) == (False, first, 1)


def test_without_a_certificate_only_live_answers_count(shown: Any) -> None:
    tab = Tab(shown)
    tab.update(_replay=replay(ok=False, checked=0, kept=0))
    assert shown.parity["ok"] is False
    shown.text = "good"
    tab.answer("good")
    assert shown.parity["ok"] is True
