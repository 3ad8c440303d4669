"""Which texts the twin cannot judge, because its Python follows another Unicode version than the model.

The engine follows the Unicode version that the model file names. The twin has the tables of the Python that it runs
on. A text with a code point that the two treat differently (newly assigned in between, nearly always) may rightly
come out differently: it is not comparable, and no difference.

Written by hand, but for the ranges, which tools/unicode/generate.py writes from dumps of the real interpreters'
`str`, `re` and `unicodedata`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_OLDEST = "14.0.0"
# The code points that behave differently in the version named than in the one before: as word character or
# white space, in lower-casing, under NFKD and the removal of accents, or beside a capital sigma.
_CHANGED_IN: dict[str, str] = {
    "15.0.0": (
        "ECE 10EFD-10EFF 1123F-11241 11F00-11F02 11F04-11F10 11F12-11F33 11F36-11F3A 11F40-11F42 11F50-11F59 "
        "1342F 13439-13455 1B132 1B155 1D2C0-1D2D3 1DF25-1DF2A 1E030-1E06D 1E08F 1E4D0-1E4F9 2B739 "
        "31350-323AF"
    ),
    "15.1.0": "2EBF0-2EE5D",
    "16.0.0": (
        "897 1C89-1C8A A7CB-A7CD A7DA-A7DC 105C0-105F3 10D40-10D65 10D69-10D6D 10D6F-10D85 10EC2-10EC4 10EFC "
        "11380-11389 1138B 1138E 11390-113B5 113B7 113BB-113C0 113C5 113C7-113C8 113CE-113D3 113E1-113E2 "
        "116D0-116E3 1171E 11BC0-11BE0 11BF0-11BF9 11F5A 13460-143FA 16100-16129 1612D-16139 16D40-16D6C "
        "16D70-16D79 18CFF 1CCD6-1CCF9 1E5D0-1E5FA"
    ),
}  # end of the generated part
_KNOWN = (_OLDEST, *_CHANGED_IN)


def not_comparable(text: str, model_unicode: str, *, running: str = unicodedata.unidata_version) -> bool:
    """Whether `text` has a code point that Unicode `model_unicode` and this Python's Unicode treat differently.

    Where one of the two versions is unknown here (a Python newer than this package), a non-ASCII text counts as
    comparable only if every code point has kept its category, combining class and decomposition since Unicode 3.2,
    which every Python carries beside its own version: what was stable for twenty years is taken to be stable.

    `running` is the version of the Python that answers; only tests name another.
    """
    if running == model_unicode or text.isascii():
        return False
    if running in _KNOWN and model_unicode in _KNOWN:
        return _changed_between(*sorted((running, model_unicode), key=_KNOWN.index)).search(text) is not None
    return not all(_stable_since_3_2(c) for c in set(text))


@cache
def _changed_between(older: str, newer: str) -> re.Pattern[str]:
    """A pattern that finds a code point that changed after `older`, up to and with `newer`."""
    between = _KNOWN[_KNOWN.index(older) + 1 : _KNOWN.index(newer) + 1]
    ranges = " ".join(_CHANGED_IN[version] for version in between).split(" ")
    bounds = (r.split("-") for r in ranges)
    return re.compile("[" + "".join(rf"\U{int(b[0], 16):08x}-\U{int(b[-1], 16):08x}" for b in bounds) + "]")


def _stable_since_3_2(c: str) -> bool:
    old = unicodedata.ucd_3_2_0
    return c.isascii() or (
        unicodedata.category(c) == old.category(c) != "Cn"
        and unicodedata.combining(c) == old.combining(c)
        and unicodedata.decomposition(c) == old.decomposition(c)
    )
