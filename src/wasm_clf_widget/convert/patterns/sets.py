"""The exact code points of a one-character atom: Python's `re` is asked about every one of them.

So `\\w`, `\\d`, `\\s`, negations and case-insensitive sets mean what they mean in the exporting Python, whose Unicode
version the model file names.
"""

from __future__ import annotations

import importlib
from array import array
from functools import cache
from typing import Any

# Private, but the one parser whose word on a pattern counts. Tested with every Python that is supported.
parser: Any = importlib.import_module("re._parser")
constants: Any = importlib.import_module("re._constants")
compiler: Any = importlib.import_module("re._compiler")

Ranges = tuple[tuple[int, int], ...]
"""First and last code point of each run, in ascending order, with gaps between them."""

CONTINUATION = ((1 << 64) - 1) << 128
"""Bit for each byte that continues a character in UTF-8."""


@cache
def _all_code_points() -> str:
    """A string in which code point i stands at index i."""
    return array("I", range(0x110000)).tobytes().decode("utf-32-le", "surrogatepass")


_KNOWN: dict[tuple[str, int], Ranges] = {}
_MOST_KNOWN = 512


def code_points(item: tuple[Any, Any], flags: int) -> Ranges:
    """The code points that the parsed atom matches under these flags. Some hundredths of a second when asked first."""
    key = (repr(item), flags)
    if key not in _KNOWN:
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        _KNOWN[key] = _asked(item, flags)
    return _KNOWN[key]


def _asked(item: tuple[Any, Any], flags: int) -> Ranges:
    state = parser.State()
    state.flags = flags
    state.str = ""
    one = parser.SubPattern(state, [item])
    run = parser.SubPattern(state, [(constants.MAX_REPEAT, (1, constants.MAXREPEAT, one))])
    found = compiler.compile(run, flags).finditer(_all_code_points())
    return tuple((match.start(), match.end() - 1) for match in found)


@cache
def word_characters(flags: int) -> Ranges:
    """What `\\b` takes for a word character."""
    return code_points((constants.IN, [(constants.CATEGORY, constants.CATEGORY_WORD)]), flags)


def holds(ranges: Ranges, code: int) -> bool:
    """Whether a code point is among them."""
    return any(low <= code <= high for low, high in ranges)


def first_bytes(ranges: Ranges) -> int:
    """A bit for each byte with which one of them begins in UTF-8."""
    bits = 0
    for low, high in ranges:
        # Lead bytes ascend with the code points, and none is left out in between.
        first, last = _lead(low), _lead(high)
        bits |= (1 << last + 1) - (1 << first)
    return bits & ~CONTINUATION


def _lead(code: int) -> int:
    return chr(code).encode("utf-8", "surrogatepass")[0]
