"""What is measured, and what was asked for: the Measures of the main issue, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from texts import Language

Weights = Literal["auto", "float64"]


@dataclass(frozen=True)
class Kind:
    """A pipeline's vectorizer; the head is always SGDClassifier (log loss) on four classes, the norm l2."""

    name: str
    analyzer: Literal["word", "char", "char_wb"]
    ngram_range: tuple[int, int]
    hashing: int | None = None


WORD_1 = Kind("word 1-1", "word", (1, 1))
WORD_2 = Kind("word 1-2", "word", (1, 2))
CHAR_WB = Kind("char_wb 2-4", "char_wb", (2, 4))
HASHING = Kind("hashing 2^18", "word", (1, 1), 2**18)
CHAR = Kind("char 1-3", "char", (1, 3))

SIZES = ((12, 4096), (200, 384))
"""(words of a text, texts of a batch)."""


@dataclass(frozen=True)
class Case:
    """Batches of one language through one pipeline; ``asked`` is the least ratio to scikit-learn, for each weights."""

    language: Language
    kind: Kind
    asked: dict[Weights, float]


def _english(kind: Kind, asked: float) -> Case:
    return Case("English", kind, {"auto": asked, "float64": asked * 2 / 3})


CASES = (
    _english(WORD_1, 12.0),
    _english(WORD_2, 12.0),
    _english(CHAR_WB, 30.0),
    _english(HASHING, 10.0),
    *(
        Case(language, kind, {"auto": 6.0})
        for language in ("French", "Russian")
        for kind in (WORD_1, WORD_2, CHAR_WB, HASHING)
    ),
    Case("Chinese", CHAR, {"auto": 15.0}),
)

ONE_TEXT = 20.0
"""One 12-word text through ``classify`` against ``predict_proba`` of a list of one."""

WASM_TO_NATIVE = 0.65
"""Speed of the engine in wasmtime, as a part of that of the same Rust built for default x86-64."""

LONGER_RUN = 1.25
"""What ten times as many batches of one size add to peak memory, at most this often what the short run adds."""
