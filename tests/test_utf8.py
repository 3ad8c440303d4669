"""The engine takes bytes for text exactly where Python does: each mistake, wherever it lies in the vectors that look."""

from __future__ import annotations

import itertools

import pytest

import wasm_clf_widget as wcw
from wasm_clf_widget.engines.wasm_engine import allocate
from wasm_clf_widget.engines.wasmtime_engine import VARIANTS, Variant, WasmtimeRuntime, _module, engine_path

SEVERAL = bytes([0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xDF, 0xE0, 0xED, 0xF0, 0xF4, 0xFF])
FEW = bytes([0x41, 0x80, 0x9F, 0xBF, 0xC3, 0xE2])
NOT_UTF8 = -4


class Asked:
    """The engine, asked whether bytes are text."""

    def __init__(self, variant: Variant) -> None:
        self.runtime = WasmtimeRuntime(*_module(engine_path(variant)))
        model = wcw.Classifier.load("sentiment-zh-en").model_bytes
        at = allocate(self.runtime, len(model))
        self.runtime.write(at, model)
        self.handle = self.runtime.call("wcw_load", at, len(model))
        self.at = allocate(self.runtime, 4096)

    def accepts(self, data: bytes) -> bool:
        self.runtime.write(self.at, data)
        code = self.runtime.call("wcw_stage", self.handle, 0, self.at, len(data), 0)
        assert code in (0, NOT_UTF8), (code, data)
        return code == 0


def is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("variant", VARIANTS)
def test_sequences_of_four_bytes(variant: Variant) -> None:
    engine = Asked(variant)
    answers = [0, 0]
    # Every lead byte before every kind of second byte, and some thirds and fourths; the place goes round the vector.
    for i, rest in enumerate(itertools.product(range(0x80, 0x100), SEVERAL, FEW, FEW)):
        place = i % 19
        data = b"a" * place + bytes(rest) + b"z" * (i % 3)
        expected = is_text(data)
        answers[expected] += 1
        assert engine.accepts(data) == expected, data
    assert min(answers) > 500, answers


@pytest.mark.parametrize("variant", VARIANTS)
def test_each_code_point_and_its_neighbours_at_every_place(variant: Variant) -> None:
    engine = Asked(variant)
    edges = [0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF]
    wrong = [
        b"\x80",
        b"\xc0\x80",
        b"\xc1\xbf",
        b"\xe0\x9f\xbf",
        b"\xed\xa0\x80",
        b"\xf0\x8f\xbf\xbf",
        b"\xf4\x90\x80\x80",
    ]
    for place in range(40):
        for before in ("a", "é"):
            head = (before * place).encode()
            for character in map(chr, edges):
                data = head + character.encode()
                assert engine.accepts(data), data
                assert engine.accepts(data + b"z" * 20), data
                for size in range(1, len(character.encode())):
                    # Cut off: at the end, before a letter and before another character.
                    cut = head + character.encode()[:size]
                    assert not any(map(engine.accepts, (cut, cut + b"zzzz", cut + character.encode()))), cut
            for mistake in wrong:
                assert not is_text(mistake)
                assert not any(map(engine.accepts, (head + mistake, head + mistake + b"z" * 20))), (head, mistake)
