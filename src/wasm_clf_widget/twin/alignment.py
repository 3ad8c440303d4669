"""From the analysed text back to the original: which code points of the original gave each character.

Worked out character by character, as neither Python's lower-casing nor its normalization tells. It agrees with the
whole-string functions because only the *shape* of a sigma depends on its neighbours, never a length, and because
reordering combining marks moves nothing that stays.
"""

from __future__ import annotations

from typing import NamedTuple

from ..model.spec import Vectorizer
from .analyzer import STRIP_ACCENTS


class Origin(NamedTuple):
    """A character of the analysed text and the code points [start, end) of the original that it came from."""

    character: str
    start: int
    end: int


def align(text: str, vectorizer: Vectorizer) -> list[Origin]:
    """One entry for each character of the analysed text."""
    origins = [Origin(character, index, index + 1) for index, character in enumerate(text)]
    if vectorizer.lowercase:
        grown = [Origin(low, start, end) for character, start, end in origins for low in character.lower()]
        origins = [Origin(low, start, end) for low, (_, start, end) in zip(text.lower(), grown, strict=True)]
    if vectorizer.strip_accents is not None:
        strip = STRIP_ACCENTS[vectorizer.strip_accents]
        origins = [Origin(kept, start, end) for character, start, end in origins for kept in strip(character)]
    return _fold(origins) if vectorizer.analyzer == "char" else origins


def _fold(origins: list[Origin]) -> list[Origin]:
    """Runs of two or more white-space characters become one space, which came from the whole run."""
    folded: list[Origin] = []
    index = 0
    while index < len(origins):
        end = index
        while end < len(origins) and origins[end].character.isspace():
            end += 1
        if end - index >= 2:
            folded.append(Origin(" ", origins[index].start, origins[end - 1].end))
            index = end
        else:
            folded.append(origins[index])
            index += 1
    return folded


def original_span(origins: list[Origin], lo: int, hi: int, *, words: bool = False) -> tuple[int, int]:
    """Code points of the original behind [lo, hi) of the analysed text.

    From the first code point that gave its first character to the end of the one that gave its last: marks that
    vanish inside belong to it, marks that vanish behind it do not. An empty range (padding only) stands at the edge
    of its word; of an empty token (``words``) before the character that follows it.
    """
    if lo < hi:
        return origins[lo].start, origins[hi - 1].end
    if words:
        place = origins[lo].start if lo < len(origins) else origins[-1].end if origins else 0
        return place, place
    behind_a_word = lo > 0 and not origins[lo - 1].character.isspace()
    place = origins[lo - 1].end if behind_a_word else origins[lo].start
    return place, place
