"""The twin of a model: every stage of its pipeline, answered in plain Python."""

from __future__ import annotations

from ..errors import InputError
from ..model.spec import Model
from ..results import Explanation
from .analyzer import replace_surrogates
from .answer import Answer
from .explain import explain
from .pipelines import Stages
from .row import Features, Row, Run


class Twin:
    """Answers as scikit-learn's definition says. Lone surrogates are read as U+FFFD at the entrance of every method.

    Raises InputError where the source raises: a lone surrogate that would be hashed, a feature value that is not
    finite. Stages before the scores are those of one vectorizer, counted from 0 in the order of the document.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._found: list[tuple[Features, Stages]] = []
        self._stages = Stages(model.pipeline, self._found, single=model.weights == "float32")

    @property
    def vectorizers(self) -> int:
        """How many there are."""
        return len(self._found)

    def normalize(self, text: str, vectorizer: int = 0) -> str:
        """Stage "normalize": lower-cased and stripped of accents."""
        return self._features(vectorizer).analyzer.normalize(replace_surrogates(text)[0])

    def tokens(self, text: str, vectorizer: int = 0) -> list[str]:
        """Stage "tokens": words after stop words, the folded text (char), or the padded words (char_wb)."""
        return self._features(vectorizer).analyzer.tokens(replace_surrogates(text)[0])

    def ngrams(self, text: str, vectorizer: int = 0) -> list[str]:
        """Stage "ngrams", in scikit-learn's order."""
        analyzer = self._features(vectorizer).analyzer
        analysed = analyzer.analysed(analyzer.normalize(replace_surrogates(text)[0]))
        return [ngram for ngram, _, _ in analyzer.occurrences(analysed)]

    def features(self, text: str, vectorizer: int = 0) -> list[tuple[int, float]]:
        """Stage "features": (index, value) at the end of the transforms behind the vectorizer, in ascending order."""
        self._features(vectorizer)
        row = self._found[vectorizer][1].row(Run(text), None)
        assert isinstance(row, Row)
        return row.entries()

    def answer(self, text: str) -> Answer:
        """Scores and all that follows from them, in one pass over the text."""
        run = Run(text)
        scored = self._stages.scored(run, None)
        return Answer(
            scores=scored.scores,
            probabilities=scored.probabilities,
            labels=scored.labels,
            known=run.known,
            sizes=scored.sizes,
            replaced=replace_surrogates(text)[1],
            source=scored.source,
            engine=scored.engine,
        )

    def scores(self, text: str) -> list[float]:
        """Stage "scores": K decision scores."""
        return self.answer(text).scores

    def probabilities(self, text: str) -> list[float] | None:
        """P probabilities; None where the source has only decision scores."""
        return self.answer(text).probabilities

    def explain(self, text: str) -> Explanation:
        """Spans with offsets in code points of the original text, and their weight for each class."""
        return explain(text, self.model, self._stages, [features for features, _ in self._found])

    def _features(self, vectorizer: int) -> Features:
        if not 0 <= vectorizer < len(self._found):
            raise InputError(f"vectorizer {vectorizer} is asked for, the model has {len(self._found)} (from 0)")
        return self._found[vectorizer][0]
