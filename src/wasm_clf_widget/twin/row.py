"""N-grams → the row of features: counting, hashing, and the transforms in their order."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from decimal import Context, Decimal
from functools import lru_cache

from ..errors import InputError
from ..model.spec import Idf, Norm, Normalize, SublinearTf, Transform, Vectorizer
from .analyzer import Analyzer, has_surrogate, replace_surrogates
from .murmur import hashed

Row = list[tuple[int, float]]
_DIGITS = Context(prec=40)


class Features:
    """Looks n-grams up: by a dict over the vocabulary, made at the first use, or by hashing."""

    def __init__(self, vectorizer: Vectorizer, analyzer: Analyzer) -> None:
        self._spec = vectorizer
        self._analyzer = analyzer
        self._index: dict[str, int] | None = None

    def lookup(self, ngram: str) -> tuple[int, int] | None:
        """Index and sign of the feature that an n-gram is counted for; None where it is none."""
        if self._spec.vocabulary is None:
            code = hashed(ngram)
            return abs(code) % self._spec.n_features, -1 if self._spec.alternate_sign and code < 0 else 1
        if self._index is None:
            self._index = {entry: index for index, entry in enumerate(self._spec.vocabulary)}
        index = self._index.get(ngram)
        return None if index is None else (index, 1)

    def counts(self, text: str) -> dict[int, float]:
        """Feature → count; a hashed count that cancelled to 0 is stored as 0."""
        clean, replaced = replace_surrogates(text)
        if replaced and self._spec.vocabulary is None:
            self._refuse_hashed_surrogate(text)
        counts: dict[int, float] = {}
        analyzer = self._analyzer
        occurrences = analyzer.occurrences(analyzer.analysed(analyzer.normalize(clean)))
        for ngram, times in Counter(ngram for ngram, _, _ in occurrences).items():
            found = self.lookup(ngram)
            if found is not None:
                counts[found[0]] = counts.get(found[0], 0.0) + found[1] * times
        return dict.fromkeys(counts, 1.0) if self._spec.binary else counts

    def _refuse_hashed_surrogate(self, text: str) -> None:
        analyzer = self._analyzer
        for ngram, _, _ in analyzer.occurrences(analyzer.analysed(analyzer.normalize(text))):
            if has_surrogate(ngram):
                raise InputError(
                    f"the text holds a lone surrogate in the n-gram {ngram!r}, which has no UTF-8 bytes to hash "
                    "(scikit-learn's HashingVectorizer raises too); replace it first, for example by "
                    "text.encode('utf-8', 'replace').decode()"
                )


def transformed(counts: dict[int, float], transforms: Sequence[Transform]) -> Row:
    """The row in ascending order of the features, after all transforms."""
    indices = sorted(counts)
    values = [float(counts[index]) for index in indices]
    for transform in transforms:
        if isinstance(transform, SublinearTf):
            values = [1.0 + _log(value) for value in values]
        elif isinstance(transform, Idf):
            values = [value * float(transform.values[index]) for index, value in zip(indices, values, strict=True)]
        else:
            assert isinstance(transform, Normalize)
            values = _normalized(values, transform.norm)
        for value in values:
            if not math.isfinite(value):
                raise InputError(
                    f"a feature value of this text becomes {value} in the step {type(transform).__name__}; "
                    "scikit-learn refuses such rows too: use a shorter text or smaller idf weights"
                )
    return list(zip(indices, values, strict=True))


def _log(value: float) -> float:
    if value <= 0.0:
        raise InputError(
            f"sublinear_tf takes the logarithm of a count of {value:g}, which hashing with alternate_sign gives where "
            "n-grams of opposite sign meet (scikit-learn refuses such rows too); use alternate_sign=False"
        )
    return _log_of_count(value) if value.is_integer() else math.log(value)


@lru_cache(maxsize=4096)
def _log_of_count(count: float) -> float:
    """Correctly rounded on every platform, which ``math.log`` is not (the first difference is at 9,170)."""
    return float(Decimal(count).ln(_DIGITS))


def _normalized(values: list[float], norm: Norm) -> list[float]:
    size = 0.0
    if norm == "l2":
        for value in values:
            size += value * value
        size = math.sqrt(size)
    elif norm == "l1":
        for value in values:
            size += abs(value)
    else:
        size = max((abs(value) for value in values), default=0.0)
    return values if size == 0.0 else [value / size for value in values]
