"""What is measured, and what was asked for: the Measures of the issues, as data (where two ask, the harder)."""

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


def _english(kind: Kind, auto: float, float64: float) -> Case:
    return Case("English", kind, {"auto": auto, "float64": float64})


CASES = (
    _english(WORD_1, 16.0, 8.0),
    _english(WORD_2, 16.0, 8.0),
    _english(CHAR_WB, 40.0, 20.0),
    _english(HASHING, 13.0, 20 / 3),
    *(
        Case(language, kind, {"auto": 10.0})
        for language in ("French", "Russian")
        for kind in (WORD_1, WORD_2, CHAR_WB, HASHING)
    ),
    Case("Chinese", CHAR, {"auto": 15.0}),
)

ONE_TEXT = 20.0
"""One 12-word text through ``classify`` against ``predict_proba`` of a list of one."""

OVER_THE_ENGINE_US = 20.0
"""What ``classify`` of one short text may cost over the engine's own time, in µs."""

TWO_THREADS = 1.7
"""Two threads against one by the wall clock, on a quiet machine."""

WASM_TO_NATIVE = 0.75
"""Speed of the engine in wasmtime, as a part of that of the same Rust built for default x86-64."""

LONGER_RUN = 1.25
"""What ten times as many batches of one size add to peak memory, at most this often what the short run adds."""
