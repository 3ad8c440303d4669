"""Print what this Python's own `str`, `unicodedata` and `re` rules say of every code point, in one canonical text.

The Rust tables are generated from such dumps (`generate.py`), and `engine/examples/unicode_dump.rs` prints the
same text from the Rust functions, so that a test compares the two byte for byte. Only the standard library and
only observable behaviour: Cased and Case_Ignorable, which Python does not show, are found by asking `str.lower`
about a capital sigma beside the code point.

One line for each run of code points that behave alike, or for one code point that maps to something else:

    START..END FLAGS                 a run without mappings (runs of one code point print both ends, too)
    CP FLAGS l=HEX,… u=HEX,… a=HEX,…   lower, strip_accents unicode and ascii, where not the code point itself

FLAGS: `w` word, `s` space, `c`/`i` cased / case-ignorable before a sigma, `C`/`I` the same after it, `-` none.
A code point that is its own strip_accents='ascii' is ASCII, so for the others `a=` prints only where `u=` does
or where it is not empty: the empty answer is the rule and would be a line for each.

Usage: python tools/unicode/dump.py > dump-14.0.0.txt     (any Python from 3.11; takes a few seconds)
"""

from __future__ import annotations

import re
import sys
import unicodedata


def flags_of(c: str) -> str:
    """The properties of one character, as letters."""
    flags = ""
    if re.match(r"\w", c):
        flags += "w"
    if c.isspace():
        flags += "s"
    # A sigma is final after a cased letter (ignorable ones between are skipped) unless one follows in that sense.
    cased = (c + "Σ").lower()[-1] == "ς"
    if cased:
        flags += "c"
    elif ("A" + c + "Σ").lower()[-1] == "ς":
        flags += "i"
    if ("AΣ" + c).lower()[1] == "σ":
        flags += "C"
    elif ("AΣ" + c + "A").lower()[1] == "σ":
        flags += "I"
    return flags or "-"


def hexes(s: str) -> str:
    return ",".join(f"{ord(c):X}" for c in s)


def mapping_of(c: str) -> str:
    """What lower-casing and scikit-learn's two ways to strip accents make of one character, where not itself."""
    parts = ""
    # Alone, a capital sigma becomes σ as in any other place that is not the end of a word.
    lower = c.lower()
    if lower != c:
        parts += f" l={hexes(lower)}"
    decomposed = unicodedata.normalize("NFKD", c)
    stripped = "".join(d for d in decomposed if not unicodedata.combining(d))
    if stripped != c:
        parts += f" u={hexes(stripped)}"
    ascii_only = decomposed.encode("ASCII", "ignore").decode("ASCII")
    if ascii_only != c and (stripped != c or ascii_only):
        parts += f" a={hexes(ascii_only)}"
    return parts


def dump() -> str:
    """The whole text, one line each, the first naming the Unicode version."""
    lines = [f"unicode {unicodedata.unidata_version}"]
    start, run = 0, ""

    def close(end: int) -> None:
        if run:
            lines.append(f"{start:X}..{end:X} {run}")

    for code_point in range(0x110000):
        if 0xD800 <= code_point < 0xE000:
            # A surrogate never reaches the engine: texts are UTF-8 there.
            close(code_point - 1)
            run = ""
            continue
        c = chr(code_point)
        flags, mapping = flags_of(c), mapping_of(c)
        if mapping:
            close(code_point - 1)
            run = ""
            lines.append(f"{code_point:X} {flags}{mapping}")
        elif flags != run:
            close(code_point - 1)
            start, run = code_point, flags
    close(0x10FFFF)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(dump())
