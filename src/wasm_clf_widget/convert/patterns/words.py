r"""Patterns that find what the engine's own cutter finds: the longest runs of word characters, from some length on.

`\w+`, `\b\w\w+\b`, `(\w{3,})` and their like: one or more items, each a greedy repeat of exactly `re`'s `\w`, at least
one of them endless, perhaps `\b` at the ends, perhaps all in one group. Why that is the same: the first endless item
takes the whole run and gives back only what the others need, so the match is the whole run wherever the run is long
enough, and where it is not nothing inside it matches. `\b` holds at both ends of a whole run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from . import sets
from .sets import constants


def least_word(parsed: Any) -> int | None:
    """The shortest word that the pattern finds; None where it is of another kind."""
    items = _ungrouped(parsed)
    boundary = (constants.AT, constants.AT_BOUNDARY)
    flags = parsed.state.flags
    if flags & re.IGNORECASE or not flags & re.UNICODE:
        return None
    if items[:1] == [boundary]:
        items = items[1:]
    if items[-1:] == [boundary]:
        items = items[:-1]
    total, endless = 0, False
    for op, av in items:
        least, most, body = (av[0], av[1], list(av[2])) if op is constants.MAX_REPEAT else (1, 1, [(op, av)])
        if len(body) != 1 or body[0][0] is not constants.IN or (most != constants.MAXREPEAT and most != least):
            return None
        if sets.code_points(body[0], flags) != sets.word_characters(flags):
            return None
        total += least
        endless = endless or most == constants.MAXREPEAT
    return total if endless and total > 0 else None


def _ungrouped(parsed: Any) -> Sequence[tuple[Any, Any]]:
    """The items, those of a plain group in their place."""
    items = []
    for op, av in parsed:
        if (
            op is constants.SUBPATTERN
            and not av[1]
            and not av[2]
            and (av[0] is None or len(parsed) == 1 or _rim(parsed))
        ):
            items.extend(av[3])
        else:
            items.append((op, av))
    return items


def _rim(parsed: Any) -> bool:
    """Whether all items but one stand for no character: then the group is the whole match."""
    return sum(op is not constants.AT for op, _ in parsed) == 1
