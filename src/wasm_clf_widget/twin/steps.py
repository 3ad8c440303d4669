"""Stops a token pattern before Python's ``re`` loses itself in a text: nothing in Python can interrupt ``re``.

The tokens are always ``re``'s own. Here the pattern only runs ahead of it, as ``re`` would go, counting steps. That is
slow, so it is done only for patterns that may be catastrophic: those with more than one repeat, or with a repeat of
more than a single character. What is left goes back over a text at most once for each of its characters.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from typing import Any

from ..errors import TooManyStepsError

# Private, but the one parser whose word on a pattern counts.
_parser: Any = importlib.import_module("re._parser")
_compiler: Any = importlib.import_module("re._compiler")
_c: Any = importlib.import_module("re._constants")

STEPS = 1 << 22
STEPS_PER_CHARACTER = 64
_PASSED = 16  # so many characters passed over in one go are a step

_ATOMS = (_c.LITERAL, _c.NOT_LITERAL, _c.IN, _c.ANY, _c.CATEGORY)
_REPEATS = (_c.MAX_REPEAT, _c.MIN_REPEAT, _c.POSSESSIVE_REPEAT)
_TYPES = re.ASCII | re.LOCALE | re.UNICODE
# What is to be matched: (node, what comes after it), or None.
_Todo = Any
_Ways = list[tuple[_Todo, int, tuple[int, int], int]]
_Group = tuple[int, int]
_NOTHING: _Group = (-1, -1)


class _Node:
    """An item of the parsed pattern.

    ``asks``: compiled, what it asks of a place (of a run: as long as it can be); ``one``: the same of one character.
    """

    __slots__ = ("asks", "body", "kind", "known", "least", "most", "one", "other")

    def __init__(
        self,
        kind: str,
        *,
        asks: re.Pattern[str] | None = None,
        one: re.Pattern[str] | None = None,
        body: list[_Node] | None = None,
        least: int = 0,
        most: int = 0,
        other: Any = None,
    ) -> None:
        self.kind, self.asks, self.one, self.other = kind, asks, one, other
        self.body = body or []
        self.least, self.most = least, most
        self.known: dict[str, bool] = {}

    def takes(self, character: str) -> bool:
        """Whether an atom, or a run of it, takes the character."""
        found = self.known.get(character)
        if found is None:
            assert self.one is not None
            found = self.known[character] = self.one.match(character) is not None
        return found

    def end(self, text: str, at: int) -> int:
        """Where it ends that begins here; -1 where it is not here."""
        assert self.asks is not None
        match = self.asks.match(text, at)
        return -1 if match is None else match.end()


class Steps:
    """The budget of one pattern."""

    def __init__(self, pattern: str) -> None:
        parsed = _parser.parse(pattern)
        self._pattern = pattern
        self._nodes = _nodes(parsed, parsed.state.flags)
        self._left = 0

    @staticmethod
    def needed(pattern: str) -> bool:
        """Whether the pattern may be catastrophic."""
        repeats: list[Any] = []
        _collect(_parser.parse(pattern), repeats)
        return len(repeats) > 1 or any(len(body) != 1 or body[0][0] not in _ATOMS for _, _, body in repeats)

    def check(self, text: str) -> None:
        """Raises TooManyStepsError where ``re`` would need too many steps to find the tokens of a text."""
        for _ in self.ends(text):
            pass

    def ends(self, text: str) -> Iterator[int]:
        """Where the matches end."""
        self._left = STEPS + STEPS_PER_CHARACTER * len(text)
        at, forbidden = 0, -1
        while at <= len(text):
            found = self._match(self._nodes, text, at, _NOTHING, forbidden)
            if found is None:
                at, forbidden = at + 1, -1
            else:
                # An empty match may follow another one, but not at the same place.
                forbidden = found[0] if found[0] == at else -1
                at = found[0]
                yield at

    def _spend(self, steps: int, text: str) -> None:
        self._left -= steps
        if self._left < 0:
            raise TooManyStepsError(
                f"the pattern {self._pattern!r} needs too many steps on the text {text[:80]!r} ({len(text):,} "
                f"characters): more than {STEPS:,}; use a pattern without repeats inside of repeats, or leave such "
                "texts out"
            )

    def _match(
        self, nodes: list[_Node], text: str, at: int, group: _Group, forbidden: int = -1
    ) -> tuple[int, _Group] | None:
        """Where the first match of the nodes from here ends, which must not be at ``forbidden``."""
        # Ways not tried yet: what to match, from where, the group; how far back a run may still go (-1: it is none).
        ways: _Ways = [(_before(nodes, None), at, group, -1)]
        while ways:
            todo, at, group, least = ways.pop()
            if least >= 0:
                before = at
                at = _back(todo, text, at, least)
                self._spend((before - at) // _PASSED, text)
                if at > least:
                    ways.append((todo, at, group, least))
            alive = True
            while alive:
                self._spend(1, text)
                if todo is None:
                    if at != forbidden:
                        return at, group
                    break
                node, todo = todo
                match node.kind:
                    case "atom":
                        alive = at < len(text) and node.takes(text[at])
                        at += 1
                    case "run":
                        end = node.end(text, at)
                        self._spend((end - at) // _PASSED, text)
                        alive = end - at >= node.least
                        if alive and node.other == "lazy":
                            least = at + node.least
                            if end > least:
                                ways.append(((_Node("more", body=[node], most=end), todo), least, group, -1))
                            end = least
                        elif alive and node.other == "greedy" and end > at + node.least:
                            ways.append((todo, end, group, at + node.least))
                        at = end
                    case "more":
                        at += 1
                        if at < node.most:
                            ways.append(((node, todo), at, group, -1))
                    case "loop":
                        todo = (_Node("turn", body=[node], least=0, most=-1), todo)
                    case "turn":
                        todo = _turn(node, todo, at, group, ways)
                    case "ways":
                        for way in reversed(node.other[1:]):
                            ways.append((_before(way, todo), at, group, -1))
                        todo = _before(node.other[0], todo)
                    case "open":
                        group = (at, group[1])
                    case "close":
                        group = (group[0], at)
                    case "same":
                        held = text[group[0] : group[1]]
                        alive = min(group) >= 0 and text.startswith(held, at)
                        self._spend(len(held) // _PASSED, text)
                        at += len(held)
                    case "if":
                        todo = _before(node.other[min(group) < 0], todo)
                    case "place":
                        alive = node.end(text, at) >= 0
                    case "look" | "atomic":
                        begin = at - node.least
                        found = None if begin < 0 else self._match(node.body, text, begin, group)
                        alive = (found is not None) == node.other
                        if found is not None and alive:
                            group = found[1]
                            at = found[0] if node.kind == "atomic" else at
                    case _:
                        alive = False
        return None


def _before(nodes: list[_Node], todo: _Todo) -> _Todo:
    for node in reversed(nodes):
        todo = (node, todo)
    return todo


def _back(todo: _Todo, text: str, at: int, least: int) -> int:
    """The next place before this at which a run may end: what must come next says which are worth a try."""
    at -= 1
    node: _Node | None = None if todo is None else todo[0]
    if node is None:
        return at
    if node.kind == "atom" or (node.kind == "run" and node.least > 0):
        while at > least and not node.takes(text[at]):
            at -= 1
    elif node.kind == "place":
        while at > least and node.end(text, at) < 0:
            at -= 1
    return at


def _turn(node: _Node, todo: _Todo, at: int, group: _Group, ways: _Ways) -> _Todo:
    """One more turn of a loop, or the way out, in ``re``'s order. A turn's ``least`` is how many there were, ``most``
    where the last one began."""
    (loop,) = node.body
    enough = node.least >= loop.least
    again = not enough or (node.least < loop.most and node.most != at)
    more = _Node("turn", body=node.body, least=node.least + 1, most=at if enough else node.most)
    turn = _before(loop.body, (more, todo))
    if not again:
        return todo
    if not enough:
        return turn
    first, second = (todo, turn) if loop.other == "lazy" else (turn, todo)
    ways.append((second, at, group, -1))
    return first


def _collect(items: Any, repeats: list[Any]) -> None:
    for op, av in items:
        if op in _REPEATS:
            repeats.append(av)
        for part in av if isinstance(av, (tuple, list)) else (av,):
            for inner in part if isinstance(part, list) else (part,):
                if isinstance(inner, _parser.SubPattern):
                    _collect(inner, repeats)


def _nodes(items: Any, flags: int) -> list[_Node]:
    return [node for op, av in items for node in _node(op, av, flags)]


def _node(op: Any, av: Any, flags: int) -> list[_Node]:
    if op in _ATOMS:
        return [_Node("atom", one=_compiled([(op, av)], flags))]
    if op in _REPEATS:
        return [_repeat(op, av, flags)]
    if op is _c.SUBPATTERN:
        group, add, remove, body = av
        inner = _nodes(body, ((flags & ~_TYPES if add & _TYPES else flags) | add) & ~remove)
        return inner if group is None else [_Node("open"), *inner, _Node("close")]
    if op is _c.BRANCH:
        return [_Node("ways", other=[_nodes(way, flags) for way in av[1]])]
    if op is _c.AT:
        return [_Node("place", asks=_compiled([(op, av)], flags))]
    if op is _c.ASSERT or op is _c.ASSERT_NOT:
        direction, body = av
        if all(inner in _ATOMS for inner, _ in body):
            return [_Node("place", asks=_compiled([(op, av)], flags))]
        back = 0 if direction >= 0 else body.getwidth()[0]
        return [_Node("look", body=_nodes(body, flags), least=back, other=op is _c.ASSERT)]
    if op is _c.ATOMIC_GROUP:
        return [_Node("atomic", body=_nodes(av, flags), other=True)]
    if op is _c.GROUPREF:
        return [_Node("same")]
    if op is _c.GROUPREF_EXISTS:
        return [_Node("if", other=(_nodes(av[1], flags), _nodes(av[2] or [], flags)))]
    return [_Node("fail")]


def _repeat(op: Any, av: Any, flags: int) -> _Node:
    least, most, body = av
    greed = {_c.MAX_REPEAT: "greedy", _c.MIN_REPEAT: "lazy"}.get(op, "possessive")
    most = int(most)
    if len(body) == 1 and body[0][0] in _ATOMS:
        run = _compiled([(_c.MAX_REPEAT, (0, av[1], body))], flags)
        return _Node("run", asks=run, one=_compiled(body, flags), least=least, other=greed)
    loop = _Node("loop", body=_nodes(body, flags), least=least, most=most, other=greed)
    if greed != "possessive":
        return loop
    loop.body = [_Node("atomic", body=loop.body, other=True)]
    return _Node("atomic", body=[loop], other=True)


def _compiled(items: Any, flags: int) -> re.Pattern[str]:
    state = _parser.State()
    state.flags = flags
    state.str = ""
    compiled: re.Pattern[str] = _compiler.compile(_parser.SubPattern(state, list(items)), flags)
    return compiled
