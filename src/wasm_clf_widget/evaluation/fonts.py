"""Class names of any script in pictures: matplotlib's own font has no Chinese, for one, and draws boxes."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

# matplotlib's own, whose glyphs say of which script a character would be.
_NO_LETTERS = "Last Resort"


@contextmanager
def showing(names: Sequence[str]) -> Iterator[list[str]]:
    """The names as they can be drawn, while what is made has the fonts for them.

    A name that no installed font has is its place ("#3"), which is said once.
    """
    from matplotlib import rc_context, rcParams

    wanted = frozenset("".join(names))
    families, missing = _fonts_for(wanted, tuple(rcParams["font.family"]))
    if missing:
        warnings.warn(
            f"no installed font has {' '.join(sorted(missing)[:8])}: classes with such names are called by their "
            "place in .classes, as #0",
            stacklevel=4,
        )
    with rc_context({"font.family": [*rcParams["font.family"], *families]}):
        yield [f"#{k}" if missing.intersection(name) else name for k, name in enumerate(names)]


@lru_cache(maxsize=16)
def _fonts_for(wanted: frozenset[str], families: tuple[str, ...]) -> tuple[tuple[str, ...], frozenset[str]]:
    """The fonts to take beside the families in use, and the characters that none has."""
    from matplotlib.font_manager import FontProperties, findfont, fontManager

    missing = wanted - _in_font(findfont(FontProperties(family=list(families))), wanted)
    found = []
    for entry in sorted(fontManager.ttflist, key=_unlike_ours):
        if not missing:
            break
        if not entry.name.startswith(_NO_LETTERS) and (there := _in_font(entry.fname, missing)):
            found.append(entry.name)
            missing -= there
    return tuple(found), frozenset(missing)


def _unlike_ours(entry: Any) -> tuple[bool, bool, bool, bool, str]:
    """A font's place in the search: upright ones without serifs first, and Chinese forms of Chinese characters."""
    name = entry.name
    return "Sans" not in name, "Mono" in name, entry.style != "normal", not name.endswith(" SC"), name


def _in_font(path: str, characters: Iterable[str]) -> frozenset[str]:
    from matplotlib.ft2font import FT2Font

    try:
        known = FT2Font(path).get_charmap()
    except (OSError, RuntimeError):  # one that was taken away since matplotlib listed it, or that is damaged
        return frozenset()
    return frozenset(c for c in characters if ord(c) in known)
