"""What a classifier asks of an engine; ``wasmtime_engine`` and ``twin_engine`` stand behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..results import Explanation

STAGES = ("normalize", "tokens", "ngrams", "features", "scores")


# Not frozen, as others are: setting six fields of a frozen one takes longer than reading a short text.
@dataclass(slots=True)
class Batch:
    """Answers for n texts, as flat row-major buffers of the standard library (``array`` or ``memoryview``).

    scores n×K float64, probabilities n×P float64 (None where P is 0), labels n×L class indices (0 or 1 for each class
    of a multilabel model), known n counts of stored features, replaced n counts of lone surrogates that were read as
    U+FFFD. K, P and L are those of ``model.shape``.
    """

    n: int
    scores: Sequence[float]
    probabilities: Sequence[float] | None
    labels: Sequence[int]
    known: Sequence[int]
    replaced: Sequence[int]


class Engine(Protocol):
    """A loaded model that answers. ``ran_on`` and ``variant`` are reported with every result."""

    ran_on: str
    variant: str

    def classify(self, texts: Sequence[str]) -> Batch:
        """Classify texts (already checked to be ``str``)."""
        ...

    def classify_buffers(self, data: memoryview, offsets: bytes) -> Batch:
        """Classify texts as Arrow lays them out: UTF-8 bytes and n+1 native uint32 offsets, the first of them 0."""
        ...

    def classify_joined(self, data: memoryview, count: int) -> Batch | None:
        """Classify UTF-8 texts with a NUL between each two; None where a text holds a NUL itself."""
        ...

    def explain(self, text: str) -> Explanation:
        """Spans of one text with their weights."""
        ...

    def normalize(self, text: str, vectorizer: int = 0) -> str:
        """Stage "normalize" of one text."""
        ...

    def tokens(self, text: str, vectorizer: int = 0) -> list[str]:
        """Stage "tokens" of one text."""
        ...

    def ngrams(self, text: str, vectorizer: int = 0) -> list[str]:
        """Stage "ngrams" of one text, in scikit-learn's order."""
        ...

    def features(self, text: str, vectorizer: int = 0) -> list[tuple[int, float]]:
        """Stage "features": (index, value) after all transforms, in summation order."""
        ...

    def dispose(self) -> None:
        """Release the model."""
        ...
