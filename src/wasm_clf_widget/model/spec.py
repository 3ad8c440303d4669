"""A model as types that cannot be wrong: validated once by the file reader or the converter, then only used.

No numpy here: the twin and Pyodide use these types as they are. Numbers are anything that indexes like ``array('d')``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Analyzer = Literal["word", "char", "char_wb"]
Accents = Literal["ascii", "unicode"]
Norm = Literal["l1", "l2", "max"]
Link = Literal["none", "logistic", "softmax", "softmax_pair", "ovr", "modified_huber"]
LabelRule = Literal["sign", "argmax"]
Weights = Literal["float64", "float32"]
ClassType = Literal["str", "int", "bool"]
Label = str | int | bool

TOKEN_PATTERNS = (r"(?u)\b\w\w+\b", r"(?u)\b\w+\b")


@dataclass(frozen=True, slots=True)
class Vectorizer:
    """Text → counts. ``vocabulary`` is None for hashing, else feature i's text at index i."""

    analyzer: Analyzer
    ngram_range: tuple[int, int]
    lowercase: bool
    strip_accents: Accents | None
    token_pattern: str | None
    stop_words: tuple[str, ...]
    binary: bool
    n_features: int
    vocabulary: Sequence[str] | None
    alternate_sign: bool = False


@dataclass(frozen=True, slots=True)
class SublinearTf:
    """v ← 1 + ln v."""


@dataclass(frozen=True, slots=True)
class Idf:
    """v ← v · idf[i]; ``values`` has n_features float64 numbers."""

    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Normalize:
    """v ← v / ‖row‖; a row of norm 0 stays."""

    norm: Norm


Transform = SublinearTf | Idf | Normalize


@dataclass(frozen=True, slots=True)
class LinearHead:
    """s = Σ xᵢ·coef[i·K + k] + intercept[k].

    ``coef`` holds n_features × outputs numbers, feature-major, as float64 values *before* any rounding to float32.
    """

    kind: Literal["linear", "naive_bayes"]
    link: Link
    label: LabelRule
    outputs: int
    coef: Sequence[float]
    intercept: Sequence[float]


@dataclass(frozen=True, slots=True)
class Source:
    """Which library, of which version, under which Python, gave the weights and the recorded answers."""

    library: str
    version: str
    python: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """Texts with the answers of the source (scores n×K, probabilities n×C or None, labels n) and of the engine."""

    by: str
    texts: tuple[str, ...]
    scores: Sequence[float]
    probabilities: Sequence[float] | None
    labels: Sequence[int]
    tolerance: Sequence[float]
    engine_scores: Sequence[float]
    engine_probabilities: Sequence[float] | None


@dataclass(frozen=True, slots=True)
class Model:
    """All that a file holds. ``table`` is the engine's look-up table (None: built at load)."""

    name: str
    version: str
    source: Source
    unicode: str
    class_type: ClassType
    classes: tuple[Label, ...]
    weights: Weights
    bound: float | None
    uncertain_below: float | None
    vectorizer: Vectorizer
    transforms: tuple[Transform, ...]
    head: LinearHead
    certificate: Certificate | None = None
    table: bytes | None = None
