"""From Python's parsed pattern to instructions."""

from __future__ import annotations

import re
from typing import Any

from . import program, sets
from .errors import PatternError
from .program import Group, Op, Place
from .sets import Ranges, constants, parser
from .words import least_word

MAX_INSTRUCTIONS = 65_535
MAX_SETS = 1_024
MAX_SLOTS = 1_024
_ANY_BYTE = (1 << 256) - 1 & ~sets.CONTINUATION
_ATOMS = (constants.LITERAL, constants.NOT_LITERAL, constants.IN, constants.ANY, constants.CATEGORY)
_REPEATS = {
    constants.MAX_REPEAT: Op.RUN_GREEDY,
    constants.MIN_REPEAT: Op.RUN_LAZY,
    constants.POSSESSIVE_REPEAT: Op.RUN_POSSESSIVE,
}
_PLACES = {
    constants.AT_BEGINNING: (Place.TEXT_START, Place.LINE_START),
    constants.AT_BEGINNING_STRING: (Place.TEXT_START, Place.TEXT_START),
    constants.AT_END: (Place.LAST_LINE_END, Place.LINE_END),
    constants.AT_END_STRING: (Place.TEXT_END, Place.TEXT_END),
}
_TYPE_FLAGS = re.ASCII | re.LOCALE | re.UNICODE


def compile_pattern(pattern: str) -> bytes:
    """The program of a token pattern, or a `PatternError`.

    It finds what ``re.compile(pattern).findall(text)`` finds, as scikit-learn's ``build_tokenizer`` uses it: the text
    of the one capture group where there is one.
    """
    try:
        compiled = re.compile(pattern)
        parsed = parser.parse(pattern, 0)
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternError(
            f"Python's re cannot compile it: {error}", r"a pattern that re.compile accepts, such as r'(?u)\b\w\w+\b'"
        ) from None
    if compiled.groups > 1:
        raise PatternError(
            f"it has {compiled.groups} capture groups; scikit-learn takes one at most",
            "(?:…) for every group that is not the token",
        )
    least = least_word(parsed)
    if least is not None:
        return program.words(least)
    return _Compiler(parsed, compiled.groups).run()


def _scoped(flags: int, add: int, remove: int) -> int:
    """The flags inside of (?add-remove:…)."""
    if add & _TYPE_FLAGS:
        flags &= ~_TYPE_FLAGS
    return (flags | add) & ~remove


class _Compiler:
    def __init__(self, parsed: Any, groups: int) -> None:
        self.parsed = parsed
        self.groups = groups
        self.flags: int = parsed.state.flags
        self.code: list[tuple[int, ...]] = []
        self.sets: dict[Ranges, int] = {}
        self.slots = 2 * groups

    def run(self) -> bytes:
        try:
            self.sequence(self.parsed, self.flags)
        except RecursionError:
            raise PatternError("its groups are nested too deep", "a flatter pattern") from None
        self.emit(Op.MATCH)
        first, empty = self.first(self.parsed, self.flags)
        for what, count, most in (
            ("instructions", len(self.code), MAX_INSTRUCTIONS),
            ("different sets of characters", len(self.sets), MAX_SETS),
            ("places to remember", self.slots, MAX_SLOTS),
        ):
            if count > most:
                raise PatternError(f"it needs {count:,} {what}; a program has at most {most:,}", "a shorter pattern")
        return program.general(
            joined=self.joined(),
            at_end=empty,
            first=_ANY_BYTE if empty else first,
            slots=self.slots,
            group=self.groups == 1,
            sets=list(self.sets),
            code=self.code,
        )

    # --- instructions

    def emit(self, op: Op, *operands: int) -> int:
        """Append an instruction; its place."""
        self.code.append((op, *operands))
        return len(self.code) - 1

    def patch(self, at: int, operand: int) -> None:
        """Let an operand of an earlier instruction point here."""
        instruction = list(self.code[at])
        instruction[1 + operand] = len(self.code)
        self.code[at] = tuple(instruction)

    def set(self, ranges: Ranges) -> int:
        return self.sets.setdefault(ranges, len(self.sets))

    def sequence(self, items: Any, flags: int) -> None:
        for op, av in items:
            self.item(op, av, flags)

    def item(self, op: Any, av: Any, flags: int) -> None:
        if op in _ATOMS:
            self.emit(Op.SET, self.set(sets.code_points((op, av), flags)))
        elif op in _REPEATS:
            self.repeat(op, av[0], av[1], av[2], flags)
        elif op is constants.SUBPATTERN:
            group, add, remove, body = av
            if group is not None:
                self.emit(Op.SAVE, 2 * group - 2)
            self.sequence(body, _scoped(flags, add, remove))
            if group is not None:
                self.emit(Op.SAVE, 2 * group - 1)
        elif op is constants.BRANCH:
            self.branch(av[1], flags)
        elif op is constants.AT:
            self.at(av, flags)
        elif op is constants.ASSERT or op is constants.ASSERT_NOT:
            direction, body = av
            back = 0 if direction >= 0 else body.getwidth()[0] + 1
            self.group(Group.LOOK if op is constants.ASSERT else Group.NEGATIVE, back, body, flags)
        elif op is constants.ATOMIC_GROUP:
            self.group(Group.ATOMIC, 0, av, flags)
        elif op is constants.GROUPREF:
            if flags & re.IGNORECASE:
                raise PatternError(
                    f"the backreference \\{av} ignores case",
                    "lowercase=True (the default) and the pattern without (?i)",
                )
            self.emit(Op.SAME, 2 * av - 2)
        elif op is constants.GROUPREF_EXISTS:
            group, yes, no = av
            test = self.emit(Op.IF_SET, 2 * group - 2, 0)
            self.sequence(yes, flags)
            if no:
                jump = self.emit(Op.JUMP, 0)
                self.patch(test, 1)
                self.sequence(no, flags)
                self.patch(jump, 0)
            else:
                self.patch(test, 1)
        elif op is constants.FAILURE:
            self.emit(Op.FAIL)
        else:
            raise PatternError(f"its operation {op} is not known here", "a pattern without it")

    def at(self, where: Any, flags: int) -> None:
        if where in _PLACES:
            self.emit(Op.AT, _PLACES[where][bool(flags & re.MULTILINE)])
        elif where is constants.AT_BOUNDARY or where is constants.AT_NON_BOUNDARY:
            negative = where is constants.AT_NON_BOUNDARY
            # Before Python 3.14 \B did not match in an empty text.
            rule = negative | (negative and re.search(r"\B", "") is not None) << 1
            self.emit(Op.BOUNDARY, self.set(sets.word_characters(flags & (re.ASCII | re.UNICODE))), rule)
        else:
            raise PatternError(f"its anchor {where} is not known here", "a pattern without it")

    def branch(self, alternatives: list[Any], flags: int) -> None:
        jumps = []
        for alternative in alternatives[:-1]:
            split = self.emit(Op.SPLIT, len(self.code) + 1, 0)
            self.sequence(alternative, flags)
            jumps.append(self.emit(Op.JUMP, 0))
            self.patch(split, 1)
        self.sequence(alternatives[-1], flags)
        for jump in jumps:
            self.patch(jump, 0)

    def group(self, kind: Group, back: int, body: Any, flags: int) -> None:
        enter = self.emit(Op.ENTER, kind, back, 0)
        self.sequence(body, flags)
        self.emit(Op.LEAVE, kind)
        self.patch(enter, 2)

    def repeat(self, op: Any, least: int, most: Any, body: Any, flags: int) -> None:
        endless = most == constants.MAXREPEAT
        limit = 0 if endless else int(most)
        if most == 0:
            return
        atom = _atom(body, flags)
        if atom is not None:
            item, inner = atom
            self.emit(_REPEATS[op], self.set(sets.code_points(item, inner)), least, limit)
        elif op is constants.POSSESSIVE_REPEAT:
            # What re does: each turn of the body, and all turns together, are never gone back into.
            outer = self.emit(Op.ENTER, Group.ATOMIC, 0, 0)
            self.loop(least, limit, body, flags, lazy=False, atomic=True)
            self.emit(Op.LEAVE, Group.ATOMIC)
            self.patch(outer, 2)
        else:
            self.loop(least, limit, body, flags, lazy=op is constants.MIN_REPEAT, atomic=False)

    def loop(self, least: int, limit: int, body: Any, flags: int, *, lazy: bool, atomic: bool) -> None:
        def turn() -> None:
            self.group(Group.ATOMIC, 0, body, flags) if atomic else self.sequence(body, flags)

        begin = len(self.code)
        # A turn that always takes a character needs neither a counter nor re's guard against empty turns.
        plain = limit == 0 and body.getwidth()[0] > 0
        if plain and least == 1:
            turn()
            here = len(self.code)
            self.emit(Op.SPLIT, *((here + 1, begin) if lazy else (begin, here + 1)))
        elif least == 0 and (plain or limit == 1):
            split = self.emit(Op.SPLIT, begin + 1, begin + 1)
            turn()
            if plain:
                self.emit(Op.JUMP, begin)
            self.patch(split, 0 if lazy else 1)
        else:
            slot = self.slots
            self.slots += 2
            self.emit(Op.LOOP, slot)
            until = self.emit(Op.UNTIL, slot, least, limit, 0, lazy)
            turn()
            self.emit(Op.JUMP, until)
            self.patch(until, 3)

    # --- what is known of all matches

    def first(self, items: Any, flags: int) -> tuple[int, bool]:
        """The bytes that a match may begin with, and whether it may be empty."""
        bits = 0
        for op, av in items:
            more, empty = self.first_of(op, av, flags)
            bits |= more
            if not empty:
                return bits, False
        return bits, True

    def first_of(self, op: Any, av: Any, flags: int) -> tuple[int, bool]:
        if op in _ATOMS:
            return sets.first_bytes(sets.code_points((op, av), flags)), False
        if op in _REPEATS:
            bits, empty = self.first(av[2], flags)
            return bits, empty or av[0] == 0
        if op is constants.SUBPATTERN:
            return self.first(av[3], _scoped(flags, av[1], av[2]))
        if op is constants.ATOMIC_GROUP:
            return self.first(av, flags)
        if op is constants.BRANCH:
            return self.first_of_any(av[1], flags)
        if op is constants.GROUPREF_EXISTS:
            return self.first_of_any([av[1], av[2] or []], flags)
        if op is constants.GROUPREF:
            return _ANY_BYTE, True
        if op is constants.FAILURE:
            return 0, False
        return 0, True  # anchors and looks take no character

    def first_of_any(self, alternatives: list[Any], flags: int) -> tuple[int, bool]:
        found = [self.first(alternative, flags) for alternative in alternatives]
        bits = 0
        for more, _ in found:
            bits |= more
        return bits, any(empty for _, empty in found)

    def joined(self) -> bool:
        """Whether a token may be empty or hold a space: then n-grams are not to be cut at spaces again."""
        if self.groups == 0:
            return self.parsed.getwidth()[0] == 0 or self.may_hold_space(self.parsed, self.flags)
        found = _find_group(self.parsed, self.flags, True)
        if found is None:
            return True
        body, flags, always = found
        return not always or body.getwidth()[0] == 0 or self.may_hold_space(body, flags)

    def may_hold_space(self, items: Any, flags: int) -> bool:
        for op, av in items:
            if op in _ATOMS:
                if sets.holds(sets.code_points((op, av), flags), 0x20):
                    return True
            elif op is constants.GROUPREF or (
                op not in (constants.ASSERT, constants.ASSERT_NOT)
                and any(self.may_hold_space(body, inner) for body, inner, _ in _bodies(op, av, flags))
            ):
                return True
        return False


def _bodies(op: Any, av: Any, flags: int) -> list[tuple[Any, int, bool]]:
    """The patterns inside an item, with their flags, and whether the item always goes through them."""
    if op in _REPEATS:
        return [(av[2], flags, av[0] > 0)]
    if op is constants.SUBPATTERN:
        return [(av[3], _scoped(flags, av[1], av[2]), True)]
    if op is constants.ATOMIC_GROUP:
        return [(av, flags, True)]
    if op is constants.ASSERT:
        return [(av[1], flags, True)]
    if op is constants.ASSERT_NOT:
        return [(av[1], flags, False)]
    if op is constants.BRANCH:
        return [(alternative, flags, False) for alternative in av[1]]
    if op is constants.GROUPREF_EXISTS:
        return [(body, flags, False) for body in av[1:] if body]
    return []


def _find_group(items: Any, flags: int, always: bool) -> tuple[Any, int, bool] | None:
    """The body of the capture group, its flags, and whether every match goes through it."""
    for op, av in items:
        for body, inner, through in _bodies(op, av, flags):
            if op is constants.SUBPATTERN and av[0] is not None:
                return body, inner, always
            found = _find_group(body, inner, always and through)
            if found is not None:
                return found
    return None


def _atom(body: Any, flags: int) -> tuple[tuple[Any, Any], int] | None:
    """The one-character atom that is the whole of ``body``, with its flags."""
    if len(body) != 1:
        return None
    op, av = body[0]
    if op is constants.SUBPATTERN and av[0] is None:
        return _atom(av[3], _scoped(flags, av[1], av[2]))
    return ((op, av), flags) if op in _ATOMS else None
