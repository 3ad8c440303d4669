"""Merge the dumps of several Pythons into all that is made from them (see `dump.py` for their format).

That is engine/src/unicode/tables.rs, the ranges in twin/unicode_changes.py, and digests.json beside this file: the
SHA-256 of each dump, so that a machine without one of the Pythons can still test the Rust functions against it.

    for each Python: pythonX tools/unicode/dump.py > DIR/dump-VERSION.txt
    python tools/unicode/generate.py DIR

A code point's behaviour in *all* versions together is one small number, its record: two-stage look-up, then a
row of flags by version. There are few records (most code points never change, and nearly all that do were simply
unassigned before), so versions cost a few hundred bytes, and exceptions to "once assigned, fixed" need no list.
"""

from __future__ import annotations

import json
import sys
from bisect import bisect_left
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

VERSIONS = ("14.0.0", "15.0.0", "15.1.0", "16.0.0")
ROOT = Path(__file__).resolve().parents[2]
HANGUL = range(0xAC00, 0xAC00 + 11172)

# Bits of a flag byte; the names are those of engine/src/unicode/mod.rs.
WORD, SPACE, LOWER_CHANGES, STRIP_CHANGES, CASED, IGNORABLE, REMOVED = (1 << bit for bit in range(7))

CLASS_SHIFT = 8
RANK_SHIFT = 5  # smaller is faster for a changed character, larger smaller; at most CLASS_SHIFT
SEQUENCE_SHIFT = 6
SEQUENCE = 0xD8  # as high byte of a target: surrogates are no targets, so it is free to mark a sequence
I_WITH_DOT = 0x130  # the one character whose lower case is two

CHANGES_BEGIN = "_CHANGED_IN: dict[str, str] = {\n"
CHANGES_END = "}  # end of the generated part\n"


class Entry(NamedTuple):
    """One code point in one version; mappings are None where the code point stays."""

    flags: str
    lower: tuple[int, ...] | None
    stripped: tuple[int, ...] | None


def read_dump(path: Path, version: str) -> dict[int, Entry]:
    """Every code point of one dump."""
    lines = path.read_text("ascii").splitlines()
    if lines[0] != f"unicode {version}":
        raise SystemExit(f"{path} begins with {lines[0]!r}, not 'unicode {version}'")
    entries: dict[int, Entry] = {}
    for line in lines[1:]:
        span, flags, *mappings = line.split(" ")
        if flags.count("c") != flags.count("C") or flags.count("i") != flags.count("I"):
            raise SystemExit(f"{path}: {line!r}: a sigma sees other properties before than after")
        if flags.count("s") != flags.count("r"):
            raise SystemExit(f"{path}: {line!r}: str and re disagree on white space")
        if ".." in span:
            first, last = (int(bound, 16) for bound in span.split(".."))
            entries.update((c, Entry(flags, None, None)) for c in range(first, last + 1))
        else:
            maps = {m[0]: tuple(int(x, 16) for x in m[2:].split(",") if x) for m in mappings}
            stripped = maps.get("u")
            if "a" in maps and maps["a"] != tuple(x for x in stripped or () if x < 0x80):
                raise SystemExit(f"{path}: {line!r}: a= is not the ASCII part of u=")
            entries[int(span, 16)] = Entry(flags, maps.get("l"), stripped)
    return entries


def flag_byte(entry: Entry) -> int:
    flags = 0
    for letter, bit in (("w", WORD), ("s", SPACE), ("c", CASED), ("i", IGNORABLE)):
        flags |= bit * (letter in entry.flags)
    flags |= LOWER_CHANGES * (entry.lower is not None)
    if entry.stripped is not None:
        flags |= STRIP_CHANGES | REMOVED * (not entry.stripped)
    return flags


def the_one(values: list[tuple[int, ...] | None], code_point: int) -> tuple[int, ...] | None:
    """A mapping may appear with the code point, but two versions never disagree on it."""
    distinct = {value for value in values if value is not None}
    if len(distinct) > 1:
        raise SystemExit(f"U+{code_point:04X} maps to different things in different versions: {distinct}")
    return next(iter(distinct), None)


def two_stage(value: Callable[[int], int], shift: int, stop: int) -> tuple[list[int], list[int]]:
    """Blocks of 2**shift values, each distinct block once; block 0 is the one of zeros."""
    size = 1 << shift
    blocks: dict[tuple[int, ...], int] = {(0,) * size: 0}
    first = [
        blocks.setdefault(tuple(value(c) for c in range(start, start + size)), len(blocks))
        for start in range(0, stop, size)
    ]
    if len(blocks) > 256:
        raise SystemExit(f"{len(blocks)} blocks of {size} do not fit a byte")
    return first, [v for block in blocks for v in block]


def rust_array(name: str, kind: str, values: list[int], doc: str) -> str:
    rows, row = [], "   "
    for value in values:
        text = f" {value},"
        if len(row) + len(text) > 118:
            rows.append(row)
            row = "   "
        row += text
    rows.append(row)
    body = "\n".join(rows)
    return f"/// {doc}\npub static {name}: [{kind}; {len(values)}] = [\n{body}\n];\n"


def rust_string(name: str, text: str, doc: str) -> str:
    escaped = "".join(c if " " <= c <= "~" and c not in '"\\' else f"\\u{{{ord(c):x}}}" for c in text)
    rows, row = [], ""
    while escaped:
        cut = min(len(escaped), 110)
        # Never inside an escape, and never before a space, which the line continuation would swallow.
        opened = escaped.rfind("\\", max(cut - 10, 0), cut)
        if opened >= 0 and "}" not in escaped[opened:cut]:
            cut = opened
        while cut < len(escaped) and escaped[cut] == " ":
            cut += 1
        row, escaped = escaped[:cut], escaped[cut:]
        rows.append(row)
    body = "\\\n".join(rows)
    return f'/// {doc}\npub static {name}: &str = "\\\n{body}";\n'


def tables(dumps: list[dict[int, Entry]]) -> str:
    flags_by_code_point: dict[int, tuple[int, ...]] = {}
    deltas: dict[int, int] = {}
    stripped: dict[int, tuple[int, ...]] = {}
    for c in dumps[0]:
        entries = [dump[c] for dump in dumps]
        flags_by_code_point[c] = tuple(flag_byte(e) for e in entries)
        lower = the_one([e.lower for e in entries], c)
        if lower is not None and len(lower) == 1:
            deltas[c] = lower[0] - c
        elif lower is not None and c != I_WITH_DOT:
            raise SystemExit(f"U+{c:04X} lower-cases to more than one character; mod.rs knows only U+0130")
        target = the_one([e.stripped for e in entries], c)
        if target and c not in HANGUL:
            stripped[c] = target

    # A record is (what strip_unicode looks up, lower-case distance, flags by version). Numbered so that those with a
    # distance stand together and those with a look-up stand last: the engine tells both from the number alone.
    def record_of(c: int) -> tuple[bool, int, tuple[int, ...]]:
        return c in stripped, deltas.get(c, 0), flags_by_code_point.get(c, (0,) * len(VERSIONS))

    def rank(record: tuple[bool, int, tuple[int, ...]]) -> tuple[object, ...]:
        mapped, distance, flags = record
        return mapped, (distance == 0) == mapped, distance, flags

    nothing = record_of(0)
    distinct = sorted({record_of(c) for c in dumps[0]}, key=rank)
    if len(distinct) > 256 or any(distinct[0][2]) or nothing != distinct[0]:
        raise SystemExit(f"{len(distinct)} records, the first {distinct[0]}: they must fit a byte, and 0 be nothing")
    number = {record: i for i, record in enumerate(distinct)}
    class_first, class_second = two_stage(lambda c: number[record_of(c)], CLASS_SHIFT, 0x110000)
    padded = distinct + [nothing] * (256 - len(distinct))
    flags = [record[2][v] for v in range(len(VERSIONS)) for record in padded]
    moving = [i for i, record in enumerate(distinct) if record[1]]
    distances = [record[1] for record in distinct[moving[0] : moving[-1] + 1]]
    first_mapped = next(i for i, record in enumerate(distinct) if record[0])
    if 0 in distances:
        raise SystemExit("the records with a distance do not stand together")

    # The targets of the looked-up code points, in ascending order of these, nothing in between.
    ranks: list[int] = []
    ordered = sorted(stripped)
    for start in range(0, ordered[-1] + 1, 1 << RANK_SHIFT):
        ranks.append(bisect_left(ordered, start))
    low, high = [], []
    pool, pool_at = b"", []
    for i, c in enumerate(ordered):
        if i % (1 << SEQUENCE_SHIFT) == 0:
            pool_at.append(len(pool))
        target = stripped[c]
        if len(target) == 1 and target[0] <= 0xFFFF:
            low.append(target[0] & 0xFF)
            high.append(target[0] >> 8)
        else:
            text = "".join(map(chr, target)).encode()
            low.append(len(text))
            high.append(SEQUENCE)
            pool += text

    header = f"""//! Generated by tools/unicode/generate.py from dumps of Python's own behaviour: do not edit.
//!
//! Unicode {", ".join(VERSIONS)}. To regenerate, run tools/unicode/dump.py under a Python of each version
//! (3.11, 3.12, 3.13, 3.14; the last also as Pyodide) into DIR/dump-VERSION.txt, then generate.py DIR.
"""
    parts = [
        header,
        f"pub const CLASS_SHIFT: u32 = {CLASS_SHIFT};\n"
        f"pub const RANK_SHIFT: u32 = {RANK_SHIFT};\n"
        f"pub const SEQUENCE_SHIFT: u32 = {SEQUENCE_SHIFT};\n"
        f"pub const SEQUENCE: u8 = {SEQUENCE};\n"
        f"pub const FIRST_MOVING: u8 = {moving[0]};\n"
        f"pub const FIRST_MAPPED: u8 = {first_mapped};\n",
        rust_array("CLASS_FIRST", "u8", class_first, "Block of each 2^CLASS_SHIFT code points."),
        rust_array("CLASS_SECOND", "u8", class_second, "Record of each code point of the blocks."),
        rust_array("FLAGS", "u8", flags, "Flags of each record, 256 for each version."),
        rust_array("LOWER_DISTANCE", "i32", distances, "What lower-casing adds, for the records from FIRST_MOVING on."),
        rust_array("RANK_LOW", "u8", [r & 0xFF for r in ranks], "Low byte: targets before each 2^RANK_SHIFT."),
        rust_array("RANK_HIGH", "u8", [r >> 8 for r in ranks], "High byte of the same (apart, they compress better)."),
        rust_array("TARGET_LOW", "u8", low, "Low byte of each target, or how many bytes of SEQUENCES it takes."),
        rust_array("TARGET_HIGH", "u8", high, "High byte of each target, or SEQUENCE."),
        rust_array("SEQUENCES_AT", "u16", pool_at, "Where in SEQUENCES each 2^SEQUENCE_SHIFT targets begin."),
        rust_string("SEQUENCES", pool.decode(), "The targets that are no single 16-bit character, joined."),
    ]
    return "\n".join(parts)


def changes(dumps: list[dict[int, Entry]]) -> str:
    """The body of the table of changes: for each version, what differs from the one before."""
    lines = ""
    for version, old, new in zip(VERSIONS[1:], dumps[:-1], dumps[1:], strict=True):
        changed = {c for c in old if old[c] != new[c]}
        starts = [c for c in sorted(changed) if c - 1 not in changed]
        ends = [c for c in sorted(changed) if c + 1 not in changed]
        ranges = [f"{a:X}" if a == b else f"{a:X}-{b:X}" for a, b in zip(starts, ends, strict=True)]
        rows = [""]
        for text in ranges:
            if len(rows[-1]) + len(text) > 100:
                rows.append("")
            rows[-1] += text + " "
        rows[-1] = rows[-1].rstrip()
        if len(rows) == 1:
            lines += f'    "{version}": "{rows[0]}",\n'
        else:
            lines += f'    "{version}": (\n' + "".join(f'        "{row}"\n' for row in rows) + "    ),\n"
    return lines


def main() -> None:
    directory = Path(sys.argv[1])
    dumps = [read_dump(directory / f"dump-{version}.txt", version) for version in VERSIONS]
    target = ROOT / "engine" / "src" / "unicode" / "tables.rs"
    target.write_text(tables(dumps), "ascii")
    print(f"wrote {target}")
    target = ROOT / "src" / "wasm_clf_widget" / "twin" / "unicode_changes.py"
    module = target.read_text("utf-8")
    before, _, rest = module.partition(CHANGES_BEGIN)
    _, _, after = rest.partition(CHANGES_END)
    if not after:
        raise SystemExit(f"{target} has no lines {CHANGES_BEGIN!r} … {CHANGES_END!r} to write between")
    target.write_text(before + CHANGES_BEGIN + changes(dumps) + CHANGES_END + after, "utf-8")
    print(f"wrote the ranges into {target}")
    target = Path(__file__).with_name("digests.json")
    texts = {version: (directory / f"dump-{version}.txt").read_bytes() for version in VERSIONS}
    digests = {version: sha256(text).hexdigest() for version, text in texts.items()}
    target.write_text(json.dumps(digests, indent=2) + "\n", "ascii")
    print(f"wrote {target}")


if __name__ == "__main__":
    main()
