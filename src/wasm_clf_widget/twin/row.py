"""A text's row of features, and how n-grams are looked up and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import InputError
from ..model.spec import Vectorizer
from .analyzer import Analyzer, has_surrogate, replace_surrogates
from .doubt import NONE, Doubt
from .murmur import hashed
from .places import Places

Origin = tuple[int, int]
"""Number of a vectorizer and its feature; an entry of a dense row has none."""


@dataclass(slots=True)
class Run:
    """One text on its way; ``known`` counts the stored entries of all vectorizers' rows."""

    text: str
    known: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """The stored entries in ascending order of the features.

    ``sizes`` measures the rounding in each value (see ``doubt``). ``dense``: all ``width`` features are stored, and the
    source sums them by BLAS. ``origins`` is None where entries are mixtures of n-grams.
    """

    width: int
    indices: Sequence[int]
    values: Sequence[float]
    sizes: Sequence[float]
    origins: Sequence[Origin] | None
    dense: bool = False
    doubt: Doubt = NONE

    def entries(self) -> list[tuple[int, float]]:
        """(index, value) of each."""
        return list(zip(self.indices, self.values, strict=True))


class Features:
    """Looks n-grams up: in the vocabulary, whose table is made at the first use, or by hashing."""

    def __init__(self, vectorizer: Vectorizer, number: int) -> None:
        self.spec = vectorizer
        self.number = number
        self.analyzer = Analyzer(vectorizer)
        self._places: Places | None = None

    def lookup(self, ngram: str) -> tuple[int, int] | None:
        """Index and sign of the feature that an n-gram is counted for; None where it is none."""
        if self.spec.vocabulary is None:
            code = hashed(ngram)
            return abs(code) % self.spec.n_features, -1 if self.spec.alternate_sign and code < 0 else 1
        if self._places is None:
            self._places = Places(self.spec.vocabulary)
        index = self._places.get(ngram)
        return None if index is None else (index, 1)

    def counts(self, text: str) -> dict[int, float]:
        """Feature → count; a hashed count that cancelled to 0 is stored as 0."""
        clean, replaced = replace_surrogates(text)
        if replaced and self.spec.vocabulary is None:
            self._refuse_hashed_surrogate(text)
        counts: dict[int, float] = {}
        analyzer = self.analyzer
        occurrences = analyzer.occurrences(analyzer.analysed(analyzer.normalize(clean)))
        for ngram, times in Counter(ngram for ngram, _, _ in occurrences).items():
            found = self.lookup(ngram)
            if found is not None:
                counts[found[0]] = counts.get(found[0], 0.0) + found[1] * times
        return dict.fromkeys(counts, 1.0) if self.spec.binary else counts

    def row(self, run: Run) -> Row:
        """The counts as a row."""
        counts = self.counts(run.text)
        run.known += len(counts)
        indices = sorted(counts)
        values = [float(counts[index]) for index in indices]
        origins = [(self.number, index) for index in indices]
        return Row(self.spec.n_features, indices, values, [abs(value) for value in values], origins)

    def _refuse_hashed_surrogate(self, text: str) -> None:
        analyzer = self.analyzer
        for ngram, _, _ in analyzer.occurrences(analyzer.analysed(analyzer.normalize(text))):
            if has_surrogate(ngram):
                raise InputError(
                    f"the text holds a lone surrogate in the n-gram {ngram!r}, which has no UTF-8 bytes to hash "
                    "(scikit-learn's HashingVectorizer raises too); replace it first, for example by "
                    "text.encode('utf-8', 'replace').decode()"
                )
