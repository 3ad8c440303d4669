"""Random token patterns of all that the translation knows, and texts on which they have something to find."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

# Characters that patterns and texts share: of one, two, three and four bytes, with case that grows or folds oddly.
LETTERS = "aabbc_1 \n-'#K\u212aſsßΣσςéж的𝒜٣\u0301"
_ESCAPED = {"-": r"\-", "'": "'", "#": r"\#", " ": " ", "\n": r"\n"}
_CLASSES = (r"\w", r"\W", r"\d", r"\D", r"\s", r"\S", ".")
_SETS = (
    "[ab]",
    "[^a]",
    "[a-c]",
    r"[\w'-]",
    r"[^\W\d_]",
    r"[^\s]",
    "[\u4e00-\u9fff]",
    r"[a\n ]",
    r"[^\w\s]",
    "[K-s]",
    r"[\d_]",
    "[é-σ]",
)
_ANCHORS = ("^", "$", r"\A", r"\Z", r"\b", r"\B", "(?m:^)", "(?m:$)", r"(?a:\b)")
_QUANTIFIERS = ("*", "+", "?", "{2}", "{1,2}", "{0,1}", "{2,}", "{0,3}", "{,2}")
_FLAGS = ("", "", "", "(?i)", "(?s)", "(?m)", "(?a)", "(?ai)", "(?im)", "(?x)")
_SCOPES = ("i", "s", "m", "a", "u", "-i", "i-s", "ai")


def _literal(character: str) -> str:
    return _ESCAPED.get(character, re.escape(character))


@st.composite
def patterns(draw: Callable[..., Any]) -> str:
    """A pattern that Python compiles, with at most one capture group."""
    state = {"group": draw(st.booleans()), "open": False, "done": False}

    def atom(fixed: bool) -> str:
        kind = draw(st.integers(0, 9))
        if kind <= 4:
            return _literal(draw(st.sampled_from(LETTERS)))
        if kind <= 6:
            return draw(st.sampled_from(_CLASSES))  # type: ignore[no-any-return]
        if kind <= 8 or fixed:
            return draw(st.sampled_from(_SETS))  # type: ignore[no-any-return]
        if state["done"] and not state["open"]:
            return draw(st.sampled_from([r"(?:\1)", r"(?(1)a|b)", r"(?(1)b)"]))  # type: ignore[no-any-return]
        return draw(st.sampled_from(_SETS))  # type: ignore[no-any-return]

    def item(depth: int, fixed: bool) -> str:
        kind = draw(st.integers(0, 13)) if depth else draw(st.integers(0, 6))
        if kind <= 5:
            part = atom(fixed)
        elif kind == 6:
            return draw(st.sampled_from(_ANCHORS))  # type: ignore[no-any-return]
        elif kind == 7 and state["group"] and not state["done"] and not state["open"] and not fixed:
            state["open"] = True
            part = f"({choice(depth - 1, fixed)})"
            state["open"], state["done"] = False, True
        elif kind == 8:
            part = f"(?{draw(st.sampled_from(_SCOPES))}:{choice(depth - 1, fixed)})"
        elif kind == 9:
            part = f"(?>{choice(depth - 1, fixed)})"
        elif kind == 10:
            part = f"(?{draw(st.sampled_from('=!'))}{choice(depth - 1, False)})"
        elif kind == 11:
            part = f"(?<{draw(st.sampled_from('=!'))}{choice(0, True)})"
        else:
            part = f"(?:{choice(depth - 1, fixed)})"
        if fixed:
            return part
        quantifier = draw(st.sampled_from(("", "", *_QUANTIFIERS)))
        return part + quantifier + (draw(st.sampled_from(("", "", "?", "+"))) if quantifier else "")

    def sequence(depth: int, fixed: bool) -> str:
        return "".join(item(depth, fixed) for _ in range(draw(st.integers(1, 3))))

    def choice(depth: int, fixed: bool) -> str:
        branches = 1 if fixed else draw(st.sampled_from((1, 1, 2, 3)))
        return "|".join(sequence(depth, fixed) for _ in range(branches))

    return draw(st.sampled_from(_FLAGS)) + choice(3, False)  # type: ignore[no-any-return]


def texts() -> st.SearchStrategy[str]:
    """Short ones of the shared characters, where patterns meet something at every step, and any others."""
    shared = st.text(st.sampled_from(LETTERS), max_size=14)
    return st.one_of(shared, shared, shared, st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
