"""Make every panic of a WebAssembly module a bare trap.

The engine's panic handler traps and looks at nothing, but the precompiled standard library still puts messages and
places in the source together for it at each of some hundred checks. Where its functions trap at once, wasm-opt takes
that out, and nobody reads the places any more: 1.5 kB of the page's payload.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

# Parts of mangled names: all of these functions end in a panic and never return.
PANICS = (
    "4core9panicking",
    "slice_index_fail",
    "len_mismatch_fail",
    "alloc18handle_alloc_error",
    "raw_vec12handle_error",
)
CUSTOM, IMPORTS, CODE, DATA = 0, 2, 10, 11
# A file of the source, as the compiler calls it.
_PLACE = re.compile(rb"[ -~]+\.rs")
# No locals; unreachable; end.
TRAP = b"\x00\x00\x0b"


def number(module: bytes, at: int) -> tuple[int, int]:
    """An unsigned LEB128 number, and where it ends."""
    value, shift = 0, 0
    while True:
        byte, at = module[at], at + 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def written(value: int) -> bytes:
    """The same, as bytes."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def sections(module: bytes) -> Iterator[tuple[int, bytes]]:
    """The sections (id, body) of a wasm module."""
    at = 8
    while at < len(module):
        kind = module[at]
        size, at = number(module, at + 1)
        yield kind, module[at : at + size]
        at += size


def trapping(module: bytes) -> bytes:
    """The module, which must have no imports, with functions that panic as traps; ValueError where it names none."""
    found = {
        index for kind, body in sections(module) if kind == CUSTOM for index, name in _names(body) if _panics(name)
    }
    if not found:
        raise ValueError(
            "no function that panics is named: has the compiler's library changed, or were names stripped?"
        )
    out = bytearray(module[:8])
    for kind, body in sections(module):
        if kind == CODE:
            body = _with_traps(body, found)
        elif kind == DATA:
            body = _without_places(body)
        out += bytes([kind]) + written(len(body)) + body
    return bytes(out)


def _panics(name: str) -> bool:
    return any(part in name for part in PANICS)


def _names(custom: bytes) -> Iterator[tuple[int, str]]:
    """The functions' names, if this is the section of names."""
    length, at = number(custom, 0)
    if custom[at : at + length] != b"name":
        return
    at += length
    while at < len(custom):
        kind = custom[at]
        size, at = number(custom, at + 1)
        end = at + size
        if kind == 1:
            count, at = number(custom, at)
            for _ in range(count):
                index, at = number(custom, at)
                length, at = number(custom, at)
                yield index, custom[at : at + length].decode()
                at += length
        at = end


def _with_traps(code: bytes, found: set[int]) -> bytes:
    count, at = number(code, 0)
    out = bytearray(written(count))
    for index in range(count):
        size, at = number(code, at)
        body = TRAP if index in found else code[at : at + size]
        out += written(len(body)) + body
        at += size
    return bytes(out)


def _without_places(data: bytes) -> bytes:
    """The section of data without places in the source: names, and records (address, length, line, column)."""
    count, at = number(data, 0)
    out = bytearray(written(count))
    for _ in range(count):
        begin = at
        base, at = _address(data, at)
        size, at = number(data, at)
        out += data[begin:at]
        out += _blanked(base, bytearray(data[at : at + size]))
        at += size
    return bytes(out)


def _address(data: bytes, at: int) -> tuple[int, int]:
    """Where an active segment goes, an i32.const, and where its size stands."""
    if data[at : at + 2] != b"\x00\x41":
        raise ValueError("a segment of data that is not put at a constant address")
    value, at = number(data, at + 2)
    return value, at + 1


def _blanked(base: int, segment: bytearray) -> bytearray:
    names: set[tuple[int, int]] = set()
    for at in range(-base % 4, len(segment) - 15, 4):
        address, length, line, column = struct.unpack_from("<IIII", segment, at)
        begin = address - base
        name = segment[begin : begin + length] if 0 <= begin < len(segment) and length < 200 else b""
        if 0 < line < 1 << 16 and 0 < column < 1 << 10 and _PLACE.fullmatch(name):
            segment[at : at + 16] = bytes(16)
            names.add((begin, length))
    for begin, length in names:
        segment[begin : begin + length] = bytes(length)
    return segment
