"""Print what this Python's own `str`, `unicodedata` and `re` say, in a text that the Rust functions print, too.

The Rust tables are generated from such dumps (`generate.py`), and `engine/examples/unicode_dump.rs` prints the
same from the Rust functions, so that a test compares the two byte for byte. Only the standard library and
only observable behaviour: Cased and Case_Ignorable, which Python does not show, are found by asking `str.lower`
about a capital sigma beside the code point.

`python dump.py` prints all code points, one line for each run that behaves alike, or for one that maps to something:

    START..END FLAGS                 a run without mappings (a run of one prints both ends, too)
    CP FLAGS l=HEX,… u=HEX,… a=HEX,…   lower, strip_accents unicode and ascii, where not the code point itself

FLAGS: `w` word, `s` isspace, `r` what re takes for space, `c`/`i` cased / case-ignorable before a sigma, `C`/`I`
the same after it, `-` none. Nearly every code point loses everything under strip_accents='ascii': an empty `a=` is
printed only where there is a `u=`.

`python dump.py texts` reads texts from standard input, each ended by a NUL, and prints for each the lower-cased text,
the text stripped both ways, its words and its pieces between white space, each ended by a NUL.

Any Python from 3.11; two or three seconds. Under Pyodide, call `dump()`.
"""

from __future__ import annotations

import re
import sys
import unicodedata

# A surrogate never reaches the engine: texts are UTF-8 there.
CHARACTERS = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def lower_each(before: str, after: str) -> list[str]:
    """`(before + c + after).lower()` of each character, in one go: a space shields a sigma from its neighbours."""
    joined = " ".join(before + c + after for c in CHARACTERS if c != " ")
    answers = joined.lower().split(" ")
    answers.insert(ord(" "), (before + " " + after).lower())
    return answers


def decompose_each() -> list[str]:
    """The NFKD form of each character; a line feed is a starter and in no decomposition."""
    answers = unicodedata.normalize("NFKD", "\n".join(c for c in CHARACTERS if c != "\n")).split("\n")
    answers.insert(ord("\n"), "\n")
    return answers


def strip_unicode(decomposed: str) -> str:
    """strip_accents='unicode' of scikit-learn, from the NFKD form."""
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def strip_ascii(decomposed: str) -> str:
    """strip_accents='ascii' of scikit-learn, from the NFKD form."""
    return decomposed.encode("ASCII", "ignore").decode("ASCII")


def hexes(s: str) -> str:
    return ",".join(f"{ord(c):X}" for c in s)


def mapping_of(c: str, lower: str, decomposed: str) -> str:
    """What lower-casing and scikit-learn's two ways to strip accents make of one character, where not itself."""
    parts = ""
    if lower != c:
        parts += f" l={hexes(lower)}"
    stripped = c if decomposed == c and not unicodedata.combining(c) else strip_unicode(decomposed)
    if stripped != c:
        parts += f" u={hexes(stripped)}"
    ascii_only = "" if decomposed == c and not c.isascii() else strip_ascii(decomposed)
    if ascii_only != c and (stripped != c or ascii_only):
        parts += f" a={hexes(ascii_only)}"
    return parts


def dump() -> str:
    """All code points, the first line naming the Unicode version."""
    everything = "".join(CHARACTERS)
    words, spaces = set(re.findall(r"\w", everything)), set(re.findall(r"\s", everything))
    # A sigma is final after a cased letter (ignorable ones between are skipped) unless one follows in that sense.
    cased_before, reached_before = lower_each("", "Σ"), lower_each("A", "Σ")
    cased_after, reached_after = lower_each("AΣ", ""), lower_each("AΣ", "A")
    lower, decomposed = lower_each("", ""), decompose_each()

    lines = [f"unicode {unicodedata.unidata_version}"]
    start, end, run = 0, -1, ""

    def close() -> None:
        if run:
            lines.append(f"{start:X}..{end:X} {run}")

    for i, c in enumerate(CHARACTERS):
        flags = "w" if c in words else ""
        if c.isspace():
            flags += "s"
        if c in spaces:
            flags += "r"
        if cased_before[i][-1] == "ς":
            flags += "c"
        elif reached_before[i][-1] == "ς":
            flags += "i"
        if cased_after[i][1] == "σ":
            flags += "C"
        elif reached_after[i][1] == "σ":
            flags += "I"
        flags = flags or "-"
        mapping = mapping_of(c, lower[i], decomposed[i])
        code_point = ord(c)
        if mapping:
            close()
            run = ""
            lines.append(f"{code_point:X} {flags}{mapping}")
        elif flags != run or code_point != end + 1:
            close()
            start, run = code_point, flags
        end = code_point
    close()
    return "\n".join(lines) + "\n"


def treat(text: str) -> str:
    """All that `texts` prints for one text."""
    decomposed = unicodedata.normalize("NFKD", text)
    words, pieces = re.findall(r"(?u)\b\w+\b", text), text.split()
    answers = [text.lower(), strip_unicode(decomposed), strip_ascii(decomposed), "|".join(words), "|".join(pieces)]
    return "".join(answer + "\0" for answer in answers)


def main() -> None:
    if sys.argv[1:] == ["texts"]:
        texts = sys.stdin.buffer.read().decode("utf-8").split("\0")[:-1]
        sys.stdout.buffer.write("".join(map(treat, texts)).encode("utf-8"))
    elif not sys.argv[1:]:
        sys.stdout.write(dump())
    else:
        raise SystemExit(f"unknown arguments {sys.argv[1:]}: give none, or 'texts'")


if __name__ == "__main__":
    main()
