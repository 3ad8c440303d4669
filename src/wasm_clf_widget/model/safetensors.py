"""Our own small reader and writer of the safetensors container.

The safetensors library has no wheel for Pyodide, and all we need of it is a page of code. What is written here opens
in the library and the other way round (tests/test_model_file.py tries both). This module knows nothing of models.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ModelFileError
from .limits import MAX_FILE, MAX_HEADER, MAX_JSON_DEPTH

ITEM_SIZES = {
    "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4,
    "F16": 2, "BF16": 2, "I16": 2, "U16": 2, "I8": 1, "U8": 1, "BOOL": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tensor:
    """A type, a shape and the little-endian bytes."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes | memoryview


@dataclass(frozen=True, slots=True)
class Entry:
    """A tensor's line in the header: where in the data section it lies."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Container:
    """A file read: the strings of ``__metadata__``, the header's entries and the data section."""

    metadata: dict[str, str]
    entries: tuple[Entry, ...]
    data: memoryview

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor by name, as views into the file."""
        return {e.name: Tensor(e.dtype, e.shape, self.data[e.begin : e.end]) for e in self.entries}


def lay_out(tensors: Mapping[str, Tensor]) -> tuple[Entry, ...]:
    """Positions for the tensors: largest elements first, then by name, so that each is aligned for its type."""
    entries = []
    position = 0
    for name, tensor in sorted(tensors.items(), key=lambda item: (-ITEM_SIZES[item[1].dtype], item[0])):
        end = position + len(tensor.data)
        entries.append(Entry(name, tensor.dtype, tensor.shape, position, end))
        position = end
    return tuple(entries)


def content_hash(document: str, entries: Iterable[Entry], chunks: Iterable[bytes | memoryview]) -> str:
    """The content hash of docs/model-file.md, over the document, the header's entries and the data section."""
    digest = hashlib.sha256(document.encode())
    digest.update(b"\0")
    for e in sorted(entries, key=lambda e: e.name):
        shape = ",".join(map(str, e.shape))
        digest.update(f"{e.name} {e.dtype} {shape} {e.begin} {e.end}\n".encode())
    digest.update(b"\0")
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def write(tensors: Mapping[str, Tensor], entries: Iterable[Entry], metadata: Mapping[str, str]) -> bytes:
    """The file's bytes, its data section starting at a multiple of eight."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    chunks: list[bytes | memoryview] = []
    for e in entries:
        header[e.name] = {"dtype": e.dtype, "shape": list(e.shape), "data_offsets": [e.begin, e.end]}
        chunks.append(tensors[e.name].data)
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > MAX_HEADER:
        raise ModelFileError(f"the header would be {len(text):,} bytes, {MAX_HEADER:,} are allowed: use fewer classes")
    size = 8 + len(text) + sum(map(len, chunks))
    if size > MAX_FILE:
        raise ModelFileError(f"the model file would be {size:,} bytes, {MAX_FILE:,} are allowed: use fewer features")
    return b"".join([len(text).to_bytes(8, "little"), text, *chunks])


def read(data: bytes | memoryview) -> Container:
    """Read and check the container: sizes, header, every tensor's place. The views keep ``data`` alive."""
    view = memoryview(data).cast("B")
    if len(view) > MAX_FILE:
        raise ModelFileError(f"the file has {len(view):,} bytes, {MAX_FILE:,} are allowed")
    if len(view) < 8:
        raise ModelFileError(f"the file has {len(view)} bytes; a safetensors file starts with 8 bytes of header length")
    length = int.from_bytes(view[:8], "little")
    if length > MAX_HEADER:
        raise ModelFileError(
            f"bytes 0-7 give a header of {length:,} bytes, {MAX_HEADER:,} are allowed: this is no safetensors file"
        )
    if 8 + length > len(view):
        raise ModelFileError(f"the header ends at byte {8 + length:,}, the file at {len(view):,}: it is truncated")
    header = _parse_header(bytes(view[8 : 8 + length]))
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise ModelFileError("the header's __metadata__ is not an object of strings")
    body = view[8 + length :]
    entries = tuple(sorted((_entry(n, v) for n, v in header.items()), key=lambda e: (e.begin, e.end)))
    position = 0
    for e in entries:
        if e.begin != position:
            raise ModelFileError(f"tensor {e.name!r} begins at {e.begin:,}, the data before it ends at {position:,}")
        position = e.end
    if position != len(body):
        found = "truncated" if len(body) < position else "followed by something else"
        raise ModelFileError(f"the tensors need {position:,} bytes of data, the file has {len(body):,}: it is {found}")
    return Container(metadata, entries, body)


def load_json(text: str, what: str) -> Any:
    """JSON as every reader understands it: no key twice, no NaN or Infinity, not endlessly deep."""
    if _depth(text) > MAX_JSON_DEPTH:
        raise ModelFileError(f"{what} is not JSON that is read here: it nests deeper than {MAX_JSON_DEPTH}")
    try:
        return json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except ModelFileError as error:
        raise ModelFileError(f"{what}: {error}") from None
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{what} is not JSON: {error}") from None


_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]+|\\.)*"?|[\[{\]}]', re.DOTALL)


def _depth(text: str) -> int:
    """How deep brackets nest. Python's parser has a bound as well, but under Pyodide the stack ends before it does, and
    with it the kernel."""
    depth = deepest = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        first = text[match.start()]
        if first in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif first in "]}":
            depth -= 1
    return deepest


def _parse_header(raw: bytes) -> dict[str, Any]:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise ModelFileError(f"the header is not UTF-8 at byte {8 + error.start:,}: {error.reason}") from None
    header = load_json(text, "the header")
    if not isinstance(header, dict):
        raise ModelFileError("the header is not a JSON object")
    return header


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ModelFileError(f"the key {twice!r} stands twice in one object")
    return result


def _no_constant(name: str) -> Any:
    raise ModelFileError(f"{name} is no JSON number")


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MAX_FILE


def _entry(name: str, value: Any) -> Entry:
    """One tensor's line, checked by itself: type, shape, offsets, and that they fit each other."""
    if not isinstance(value, dict) or set(value) != {"dtype", "shape", "data_offsets"}:
        raise ModelFileError(f"tensor {name!r}: the header gives other keys than dtype, shape and data_offsets")
    dtype, shape, offsets = value["dtype"], value["shape"], value["data_offsets"]
    if not isinstance(dtype, str) or dtype not in ITEM_SIZES:
        raise ModelFileError(f"tensor {name!r}: type {dtype!r}, allowed are {', '.join(ITEM_SIZES)}")
    if not isinstance(shape, list) or not all(map(_is_size, shape)) or len(shape) > 8:
        raise ModelFileError(f"tensor {name!r}: shape {shape!r} is not a list of up to 8 sizes")
    if not isinstance(offsets, list) or len(offsets) != 2 or not all(map(_is_size, offsets)):
        raise ModelFileError(f"tensor {name!r}: data_offsets {offsets!r} are not two offsets")
    size = ITEM_SIZES[dtype]
    for dimension in shape:
        size *= dimension
    if offsets[1] - offsets[0] != size:
        raise ModelFileError(
            f"tensor {name!r}: {dtype} {shape} takes {size:,} bytes, data_offsets give {offsets[1] - offsets[0]:,}"
        )
    return Entry(name, dtype, tuple(shape), offsets[0], offsets[1])
