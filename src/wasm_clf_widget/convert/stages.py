"""scikit-learn's own stages for one text, to find where an answer parts from it."""

from __future__ import annotations

from typing import Any

from .steps import steps_of


class SourceStages:
    """Satisfies ``parity.Stages``. The vectorizer's own functions do the work; nothing is written a third time here."""

    def __init__(self, pipeline: Any) -> None:
        *self._before, _ = (step for _, step in steps_of(pipeline))
        self._vectorizer = self._before[0]
        self._words = self._vectorizer.analyzer == "word"

    def normalize(self, text: str) -> str | None:
        """Lower-cased and stripped of accents."""
        return str(self._vectorizer.build_preprocessor()(text))

    def tokens(self, text: str) -> list[str] | None:
        """The words after stop words; scikit-learn has no such stage for characters."""
        if not self._words:
            return None
        stop_words = self._vectorizer.get_stop_words() or ()
        tokens = self._vectorizer.build_tokenizer()(self.normalize(text))
        return [str(token) for token in tokens if token not in stop_words]

    def ngrams(self, text: str) -> list[str] | None:
        """What the analyzer gives, in its order."""
        return [str(ngram) for ngram in self._vectorizer.build_analyzer()(text)]

    def features(self, text: str) -> list[tuple[int, float]] | None:
        """The stored entries of the row after all steps before the classifier."""
        rows: Any = [text]
        try:
            for step in self._before:
                rows = step.transform(rows)
        except ValueError:
            return None
        rows.sort_indices()
        return list(zip(rows.indices.tolist(), rows.data.tolist(), strict=True))
