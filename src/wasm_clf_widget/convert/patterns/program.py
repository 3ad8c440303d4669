"""The bytes of a program: header, sets, instructions (docs/model-file.md, "Token patterns")."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from .sets import Ranges

VERSION = 1
WORDS, GENERAL = 0, 1


class Op(IntEnum):
    """What an instruction does; operands in the order in which they are written."""

    MATCH = 0
    FAIL = 1
    SET = 2  # set
    RUN_GREEDY = 3  # set, least, most (0: endless)
    RUN_LAZY = 4
    RUN_POSSESSIVE = 5
    SPLIT = 6  # first choice, second choice
    JUMP = 7  # target
    SAVE = 8  # slot
    BOUNDARY = 9  # set, 1: not at a boundary + 2: so also in an empty text
    AT = 10  # Place
    ENTER = 11  # Group, characters back + 1 (0: none), where to go on after a negative one
    LEAVE = 12  # Group
    SAME = 13  # slot
    IF_SET = 14  # slot, target where it is not set
    LOOP = 15  # slot
    UNTIL = 16  # slot, least, most (0: endless), exit, 1: lazy


class Place(IntEnum):
    """Where `AT` holds."""

    TEXT_START = 0
    LINE_START = 1
    TEXT_END = 2
    LAST_LINE_END = 3
    LINE_END = 4


class Group(IntEnum):
    """What becomes of a group once it has matched: all ways back into it are forgotten."""

    LOOK = 0  # and go on where it began
    ATOMIC = 1  # and go on behind it
    NEGATIVE = 2  # and fail; go on at the exit where it does not match


def words(least: int) -> bytes:
    """The longest runs of word characters, of at least so many: the engine's own cutter."""
    return bytes([VERSION, WORDS, *varint(least)])


def general(
    *, joined: bool, at_end: bool, first: int, slots: int, group: bool, sets: list[Ranges], code: list[tuple[int, ...]]
) -> bytes:
    """A program for the matcher. ``first`` has a bit for each byte that a match may begin with."""
    out = bytearray([VERSION, GENERAL, joined | at_end << 1 | group << 2])
    out += first.to_bytes(32, "little")
    out += varint(slots) + varint(len(sets))
    for ranges in sets:
        out += varint(len(ranges))
        after = 0
        for low, high in ranges:
            out += varint(low - after) + varint(high - low)
            after = high + 1
    out += varint(len(code))
    for op, *operands in code:
        out.append(op)
        out += _varints(operands)
    return bytes(out)


def varint(number: int) -> bytes:
    """LEB128."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _varints(numbers: Iterable[int]) -> bytes:
    return b"".join(map(varint, numbers))
