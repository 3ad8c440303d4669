"""The engine's ABI (docs/engine-abi.md) as any language sees it: raw calls, also with what no caller should pass.

A bad pointer, length, handle or text is an error code and leaves the engine usable; it is never a trap.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Iterator
from typing import Any

import pytest
import wasmtime
from hypothesis import given, settings
from hypothesis import strategies as st

from wasm_clf_widget import Classifier
from wasm_clf_widget.engines.wasmtime_engine import VARIANTS, Variant, engine_path

BAD_ARGUMENT, BAD_FILE, NOT_UTF8, BAD_HASH = -1, -2, -4, -7
WILD = [0, 1, 8, 65_535, 1 << 24, (1 << 31) - 8, 1 << 31, (1 << 32) - 8, (1 << 32) - 1]


@functools.cache
def compiled(variant: Variant) -> tuple[wasmtime.Engine, wasmtime.Module]:
    engine = wasmtime.Engine()
    return engine, wasmtime.Module(engine, engine_path(variant).read_bytes())


class Raw:
    """One instance, called like a foreign language would."""

    def __init__(self, variant: Variant) -> None:
        engine, module = compiled(variant)
        self.store = wasmtime.Store(engine)
        self.exports = wasmtime.Instance(self.store, module, []).exports(self.store)
        self.memory: Any = self.exports["memory"]

    def call(self, name: str, *arguments: int) -> int:
        function: Any = self.exports[name]
        result = function(self.store, *(a - (1 << 32) if a >= 1 << 31 else a for a in arguments))
        return 0 if result is None else int(result)

    def put(self, data: bytes) -> int:
        address = self.call("wcw_alloc", len(data)) & 0xFFFFFFFF
        assert address
        assert address % 16 == 0
        self.memory.write(self.store, data, address)
        return address

    def get(self, address: int, size: int) -> bytes:
        return bytes(self.memory.read(self.store, address, address + size))

    def output(self) -> bytes:
        return self.get(self.call("wcw_output"), self.call("wcw_output_size"))

    def load(self, data: bytes) -> int:
        return self.call("wcw_load", self.put(data), len(data))

    def classify(self, handle: int, text: bytes, n: int, offsets: list[int] | None) -> tuple[int, int, bytes]:
        """(code, consumed, scores and labels)."""
        blocks = [text or b"\0", struct.pack(f"<{len(offsets or [0])}I", *(offsets or [0])), bytes(8 * n), bytes(4 * n)]
        at, offsets_at, scores, labels = (self.put(block) for block in blocks)
        request = struct.pack("<10I", at, len(text), offsets_at if offsets else 0, n, scores, 0, labels, 0, 99, 0)
        request_at = self.put(request)
        code = self.call("wcw_classify", handle, request_at)
        consumed = struct.unpack("<I", self.get(request_at + 32, 4))[0]
        answers = self.get(scores, 8 * n) + self.get(labels, 4 * n)
        sizes = [max(1, len(block)) for block in [*blocks, request]]
        for address, size in zip([at, offsets_at, scores, labels, request_at], sizes, strict=True):
            self.call("wcw_free", address, size)
        return code, consumed, answers


@pytest.fixture(scope="module")
def data() -> bytes:
    clf = Classifier.from_weights(
        ["good", "bad", "好"],
        [[1.5, -2.25, 0.5]],
        [0.125],
        ["no", "yes"],
        name="abi",
        analyzer="word",
        token_pattern=r"(?u)\b\w+\b",
    )
    return clf.model_bytes


@pytest.fixture(params=VARIANTS)
def raw(request: pytest.FixtureRequest) -> Raw:
    return Raw(request.param)


@pytest.fixture
def still_works(raw: Raw, data: bytes) -> Iterator[int]:
    """A loaded model that must answer as before when the test is over."""
    handle = raw.load(data)
    assert handle >= 0
    before = raw.classify(handle, b"good bad", 1, [0, 8])
    assert before[0] == 0
    yield handle
    assert raw.classify(handle, b"good bad", 1, [0, 8]) == before


def test_version_and_no_imports(raw: Raw) -> None:
    assert raw.call("wcw_abi") == 1
    for variant in VARIANTS:
        assert not compiled(variant)[1].imports


def test_handles_are_used_again(raw: Raw, data: bytes) -> None:
    handles = [raw.load(data) for _ in range(3)]
    assert len(set(handles)) == 3
    raw.call("wcw_unload", handles[1])
    assert raw.load(data) == handles[1]


def test_loading_and_unloading_gives_memory_back(raw: Raw, data: bytes) -> None:
    raw.call("wcw_unload", raw.load(data))
    size = raw.memory.data_len(raw.store)
    for _ in range(200):
        raw.call("wcw_unload", raw.load(data))
    assert raw.memory.data_len(raw.store) == size


def test_failed_loads_give_memory_back(raw: Raw, data: bytes) -> None:
    altered = data[:-1] + bytes([data[-1] ^ 1])
    assert raw.load(altered) == BAD_HASH
    assert raw.load(data[:-1]) == BAD_FILE
    size = raw.memory.data_len(raw.store)
    for _ in range(200):
        raw.load(altered)
    assert raw.memory.data_len(raw.store) == size


def test_who_has_verified_the_hash_is_not_asked_again(raw: Raw, data: bytes) -> None:
    """An altered weight would be noticed by nothing else; what is no model file is refused all the same."""
    altered = data[:-1] + bytes([data[-1] ^ 1])
    assert raw.load(altered) == BAD_HASH
    assert raw.call("wcw_load_verified", raw.put(altered), len(altered)) >= 0
    assert raw.call("wcw_load_verified", raw.put(data), len(data)) >= 0
    assert raw.call("wcw_load_verified", raw.put(data[:-1]), len(data) - 1) == BAD_FILE
    assert raw.call("wcw_load_verified", 1 << 31, 64) < 0


@pytest.mark.parametrize("handle", [1, 77, -1, -(1 << 31), (1 << 31) - 1])
def test_unknown_handle(raw: Raw, still_works: int, handle: int) -> None:
    calls: dict[str, int] = {"wcw_classify": 1, "wcw_explain": 2, "wcw_stage": 4, "wcw_build_table": 1}
    for name, more in calls.items():
        assert raw.call(name, handle, *[0] * more) == BAD_ARGUMENT
    raw.call("wcw_unload", handle)
    assert raw.classify(handle, b"x", 1, [0, 1])[0] == BAD_ARGUMENT


@pytest.mark.parametrize("address", WILD)
def test_wild_pointers_and_lengths(raw: Raw, still_works: int, address: int) -> None:
    size = (1 << 32) - 16
    assert raw.call("wcw_load", address, size) < 0
    assert raw.call("wcw_explain", still_works, address, size) == BAD_ARGUMENT
    assert raw.call("wcw_stage", still_works, 0, address, size, 0) == BAD_ARGUMENT
    if address == 0 or address >= 1 << 24:
        assert raw.call("wcw_classify", still_works, address) == BAD_ARGUMENT


@pytest.mark.parametrize("word", range(9))
@pytest.mark.parametrize("value", [3, 1 << 24, 1 << 31, (1 << 32) - 8, (1 << 32) - 1])
def test_wild_words_of_a_request(raw: Raw, still_works: int, word: int, value: int) -> None:
    text, offsets, out = raw.put(b"good bad"), raw.put(struct.pack("<2I", 0, 8)), raw.put(bytes(64))
    request = [text, 8, offsets, 1, out, out + 16, out + 32, out + 48, 0, 0]
    good = raw.put(struct.pack("<10I", *request))
    assert raw.call("wcw_classify", still_works, good) == 0
    request[word] = value
    code = raw.call("wcw_classify", still_works, raw.put(struct.pack("<10I", *request)))
    if word == 8 or (word, value) == (0, 3):
        assert code == 0  # only written to; and bytes may lie anywhere
    else:
        assert code in (BAD_ARGUMENT, NOT_UTF8)


@pytest.mark.parametrize("offsets", [[0, 10], [1, 0], [2, 8, 1], [0, 1 << 31], [(1 << 32) - 1, 0], [0, 4, 6]])
def test_offsets_that_do_not_cut(raw: Raw, still_works: int, offsets: list[int]) -> None:
    # The last: within a character.
    assert raw.classify(still_works, "bad 好 x".encode(), len(offsets) - 1, offsets)[0] == BAD_ARGUMENT


@pytest.mark.parametrize("text", [b"\xff", b"\xed\xa0\x80", b"good \xe5\xa5", b"\xc0\x80", b"\xf4\x90\x80\x80"])
def test_text_that_is_not_utf8(raw: Raw, still_works: int, text: bytes) -> None:
    assert raw.classify(still_works, text, 1, [0, len(text)])[0] == NOT_UTF8
    address = raw.put(text)
    assert raw.call("wcw_explain", still_works, address, len(text)) == NOT_UTF8
    assert raw.call("wcw_stage", still_works, 2, address, len(text), 0) == NOT_UTF8
    assert b"UTF-8" in raw.output()


@pytest.mark.parametrize("stage", [5, -1, 1 << 30, -(1 << 31)])
def test_unknown_stage(raw: Raw, still_works: int, stage: int) -> None:
    assert raw.call("wcw_stage", still_works, stage, raw.put(b"good"), 4, 0) == BAD_ARGUMENT


@pytest.mark.parametrize("vectorizer", [1, 1023, 1 << 31, (1 << 32) - 1])
def test_unknown_vectorizer(raw: Raw, still_works: int, vectorizer: int) -> None:
    for stage in range(4):
        assert raw.call("wcw_stage", still_works, stage, raw.put(b"good"), 4, vectorizer) == BAD_ARGUMENT
    assert raw.call("wcw_build_table", still_works, vectorizer) == BAD_ARGUMENT
    assert b"vectorizer" in raw.output()


def test_memory_exhausted(raw: Raw, still_works: int) -> None:
    assert raw.call("wcw_alloc", (1 << 32) - 1) == 0
    assert raw.call("wcw_alloc", 4_290_000_000) == 0


def test_no_texts(raw: Raw, still_works: int) -> None:
    assert raw.classify(still_works, b"", 0, [0])[:2] == (0, 0)


_INSTANCES: dict[str, tuple[Raw, int]] = {}

texts = st.lists(st.text(st.sampled_from("good bad 好\0x \n"), max_size=12), min_size=1, max_size=8)


@pytest.mark.parametrize("variant", VARIANTS)
@given(texts=texts)
@settings(max_examples=150, deadline=None)
def test_nul_separated_is_offsets(data: bytes, variant: Variant, texts: list[str]) -> None:
    """Joined by NUL the batch answers the same, and where a text holds one the engine's count shows it."""
    if variant not in _INSTANCES:
        raw = Raw(variant)
        _INSTANCES[variant] = raw, raw.load(data)
    raw, handle = _INSTANCES[variant]
    encoded = [text.encode() for text in texts]
    ends = [0]
    for one in encoded:
        ends.append(ends[-1] + len(one))
    by_offsets = raw.classify(handle, b"".join(encoded), len(texts), ends)
    assert by_offsets[:2] == (0, ends[-1])
    joined = b"\0".join(encoded)
    code, consumed, answers = raw.classify(handle, joined, len(texts), None)
    assert code == 0
    assert (consumed == len(joined)) == (not any("\0" in text for text in texts))
    if consumed == len(joined):
        assert answers == by_offsets[2]
