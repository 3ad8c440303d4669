"""scikit-learn's own stages for one text, to find where an answer parts from it."""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import FeatureUnion

from .steps import does_nothing, flat_steps
from .vectorizers import VECTORIZERS


class SourceStages:
    """Satisfies ``parity.Stages``. The vectorizer's own functions do the work; nothing is written a third time here.

    Of several vectorizers the first is shown, as the engine's stages do it. A classifier around whole pipelines has no
    row of its own: None.
    """

    def __init__(self, estimator: Any) -> None:
        *self._before, _ = flat_steps(estimator)
        self._vectorizer = _first_vectorizer(self._before)

    def normalize(self, text: str, vectorizer: int = 0) -> str | None:
        """Lower-cased and stripped of accents."""
        return None if vectorizer or self._vectorizer is None else str(self._vectorizer.build_preprocessor()(text))

    def tokens(self, text: str, vectorizer: int = 0) -> list[str] | None:
        """The words after stop words; scikit-learn has no such stage for characters."""
        if vectorizer or self._vectorizer is None or self._vectorizer.analyzer != "word":
            return None
        stop_words = self._vectorizer.get_stop_words() or ()
        tokens = self._vectorizer.build_tokenizer()(self.normalize(text))
        return [str(token) for token in tokens if token not in stop_words]

    def ngrams(self, text: str, vectorizer: int = 0) -> list[str] | None:
        """What the analyzer gives, in its order."""
        if vectorizer or self._vectorizer is None:
            return None
        return [str(ngram) for ngram in self._vectorizer.build_analyzer()(text)]

    def features(self, text: str, vectorizer: int = 0) -> list[tuple[int, float]] | None:
        """The stored entries of the row after all steps before the classifier."""
        rows: Any = [text]
        try:
            for step in self._before:
                rows = step.transform(rows)
        except ValueError:
            return None
        if not hasattr(rows, "sort_indices"):
            return None
        rows.sort_indices()
        return list(zip(rows.indices.tolist(), rows.data.tolist(), strict=True))


def _first_vectorizer(steps: list[Any]) -> Any | None:
    """The first in the document's order, depth first; None where it is not known to be one step."""
    for step in steps:
        if type(step) in VECTORIZERS:
            return step
        if type(step) is FeatureUnion:
            for _, branch in step.transformer_list:
                if not does_nothing(branch) and not isinstance(branch, str):
                    return _first_vectorizer(flat_steps(branch))
    return None
