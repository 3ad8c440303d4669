"""The engine's ABI in bytes (docs/engine-abi.md): requests out, answers in. No WebAssembly runtime in here."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ..errors import EngineError, InputError, ModelFileError, TooManyStepsError, WasmClfError
from ..model.shape import Shape
from ..model.spec import Model
from ..results import Explanation, Span

ABI_VERSION = 1

REQUEST = struct.Struct("<10I")
CONSUMED_AT = 32
"""Where in the request the engine writes how many bytes it read."""

STAGE_NUMBERS = {"normalize": 0, "tokens": 1, "ngrams": 2, "features": 3, "scores": 4}

_ERRORS: dict[int, type[WasmClfError]] = {
    -1: EngineError,
    -2: ModelFileError,
    -3: ModelFileError,
    -4: InputError,
    -5: EngineError,
    -6: InputError,
    -7: ModelFileError,
    -8: TooManyStepsError,
}


def error(code: int, message: bytes) -> WasmClfError:
    """The typed error for a negative result, with the engine's own message."""
    text = message.decode("utf-8", "replace").strip()
    kind = _ERRORS.get(code, EngineError)
    if code == -5:
        text = f"the engine is out of memory ({text or 'WebAssembly has 4 GiB at most'}): send shorter texts"
    return kind(text or f"the engine stopped with code {code}")


def output_size(shape: Shape, n: int) -> int:
    """Bytes of the answers to n texts, as ``split_outputs`` expects them."""
    k, p, labels = shape
    return n * (8 * k + 8 * p + 4 * labels + 4)


def output_places(shape: Shape, n: int, address: int) -> tuple[int, int, int, int]:
    """Addresses of scores, probabilities (0 where there are none), labels and known features in one block."""
    k, p, columns = shape
    probabilities = address + 8 * n * k
    labels = probabilities + 8 * n * p
    return address, probabilities if p else 0, labels, labels + 4 * n * columns


def split_outputs(shape: Shape, n: int, block: bytes) -> tuple[memoryview, memoryview, memoryview, memoryview]:
    """Scores, probabilities, labels and known features of n texts in the block that the engine wrote, as bytes."""
    view = memoryview(block)
    k, p, columns = shape
    a = 8 * n * k
    b = a + 8 * n * p
    c = b + 4 * n * columns
    return view[:a], view[a:b], view[b:c], view[c : c + 4 * n]


def append_outputs(
    shape: Shape,
    n: int,
    block: bytes,
    scores: array[float],
    probabilities: array[float],
    labels: array[int],
    known: array[int],
) -> None:
    """Append the answers to n texts from the block that the engine wrote."""
    buffers: tuple[array[Any], ...] = (scores, probabilities, labels, known)
    for buffer, part in zip(buffers, split_outputs(shape, n, block), strict=True):
        buffer.frombytes(part)


def offsets(sizes: Sequence[int]) -> bytes:
    """Arrow's offsets for texts of these sizes in bytes."""
    result = array("I", [0])
    total = 0
    for size in sizes:
        total += size
        result.append(total)
    return result.tobytes()


def strings(block: bytes) -> list[str]:
    """The output of stages 1 and 2: count, offsets, bytes."""
    (count,) = struct.unpack_from("<I", block)
    ends = struct.unpack_from(f"<{count + 1}I", block, 4)
    base = 8 + 4 * count
    return [block[base + a : base + b].decode() for a, b in pairwise(ends)]


def features(block: bytes) -> list[tuple[int, float]]:
    """The output of stage 3: count, indices, values."""
    (count,) = struct.unpack_from("<I", block)
    indices = struct.unpack_from(f"<{count}I", block, 8)
    values = struct.unpack_from(f"<{count}d", block, _aligned(8 + 4 * count))
    return list(zip(indices, values, strict=True))


def explanation(block: bytes, text: str, model: Model) -> Explanation:
    """The output of ``wcw_explain``."""
    n, c = struct.unpack_from("<2I", block)
    records = list(struct.iter_unpack("<6I", block[8 : 8 + 24 * n]))
    at = _aligned(8 + 24 * n)
    weights = struct.unpack_from(f"<{n * c}d", block, at)
    at += 8 * n * c
    remainder: tuple[float, ...] = struct.unpack_from(f"<{c}d", block, at)
    scores: tuple[float, ...] = struct.unpack_from(f"<{c}d", block, at + 8 * c)
    ngrams = at + 16 * c
    spans = [_span(block, ngrams, record, weights[i * c : (i + 1) * c]) for i, record in enumerate(records)]
    return Explanation(text, model.classes, spans, remainder, scores)


def _span(block: bytes, base: int, record: tuple[Any, ...], weights: tuple[float, ...]) -> Span:
    start, end, _, _, offset, size = record
    return Span(start, end, block[base + offset : base + offset + size].decode(), weights)


def _aligned(position: int) -> int:
    return (position + 7) // 8 * 8
