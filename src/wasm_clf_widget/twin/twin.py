"""The twin of a model: every stage of its pipeline, answered in plain Python."""

from __future__ import annotations

from ..model.spec import Model
from ..model.tree import plain
from ..results import Explanation
from .analyzer import Analyzer, replace_surrogates
from .answer import Answer
from .explain import explain
from .head import Head, label_of, probabilities_of
from .row import Features, Row, transformed


class Twin:
    """Answers as scikit-learn's definition says. Lone surrogates are read as U+FFFD at the entrance of every method.

    Raises InputError where the source raises: a lone surrogate that would be hashed, a feature value that is not
    finite.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        found = plain(model)
        assert found is not None
        vectorizer, self._transforms, self._linear = found
        self._analyzer = Analyzer(vectorizer)
        self._features = Features(vectorizer, self._analyzer)
        self._head = Head(self._linear, model.weights)

    def normalize(self, text: str) -> str:
        """Stage "normalize": lower-cased and stripped of accents."""
        return self._analyzer.normalize(replace_surrogates(text)[0])

    def tokens(self, text: str) -> list[str]:
        """Stage "tokens": words after stop words, the folded text (char), or the padded words (char_wb)."""
        return self._analyzer.tokens(replace_surrogates(text)[0])

    def ngrams(self, text: str) -> list[str]:
        """Stage "ngrams", in scikit-learn's order."""
        analysed = self._analyzer.analysed(self.normalize(text))
        return [ngram for ngram, _, _ in self._analyzer.occurrences(analysed)]

    def features(self, text: str) -> Row:
        """Stage "features": (index, value) after all transforms, in ascending order of the index."""
        return transformed(self._features.counts(text), self._transforms)

    def answer(self, text: str) -> Answer:
        """Scores and all that follows from them, in one pass over the text."""
        row = self.features(text)
        scores, abs_sum = self._head.scores(row)
        return Answer(
            scores=scores,
            probabilities=probabilities_of(scores, self._linear.link),
            label=label_of(scores, self._linear.label),
            known=len(row),
            abs_sum=abs_sum,
            replaced=replace_surrogates(text)[1],
        )

    def scores(self, text: str) -> list[float]:
        """Stage "scores": K decision scores."""
        return self.answer(text).scores

    def probabilities(self, text: str) -> list[float] | None:
        """C probabilities; None where the source has only decision scores."""
        return self.answer(text).probabilities

    def label(self, text: str) -> int:
        """Index of the class that the source predicts."""
        return self.answer(text).label

    def abs_sum(self, text: str) -> list[float]:
        """Σ|wᵢxᵢ| for each of the K scores (without the intercept)."""
        return self.answer(text).abs_sum

    def explain(self, text: str) -> Explanation:
        """Spans with offsets in code points of the original text, and their weight for each class."""
        return explain(text, self.model, self._analyzer, self._features, self._head)
