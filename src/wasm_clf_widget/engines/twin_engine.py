"""The twin as an engine: the same answers, more slowly, wherever Python runs."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import pairwise

from ..errors import EngineError, InputError
from ..model.shape import shape_of
from ..model.spec import Model
from ..results import Explanation
from ..twin import Answer, Twin
from .base import Batch


class TwinEngine:
    """A model answered by its twin; satisfies ``engines.base.Engine``."""

    ran_on: str = "kernel-twin"
    variant: str = "twin"

    def __init__(self, model: Model) -> None:
        self._loaded: Twin | None = Twin(model)

    @property
    def _twin(self) -> Twin:
        if self._loaded is None:
            raise EngineError("this engine's model was released by dispose(); load the model again to classify")
        return self._loaded

    def classify(self, texts: Sequence[str]) -> Batch:
        """Classify texts one after the other."""
        answers = [self._answer(texts, index) for index in range(len(texts))]
        scores = array("d")
        probabilities = array("d")
        for answer in answers:
            scores.extend(answer.scores)
            probabilities.extend(answer.probabilities or ())
        return Batch(
            n=len(answers),
            scores=scores,
            probabilities=probabilities if shape_of(self._twin.model).probabilities else None,
            labels=array("I", (label for answer in answers for label in answer.labels)),
            known=array("I", (answer.known for answer in answers)),
            replaced=array("I", (answer.replaced for answer in answers)),
        )

    def classify_buffers(self, data: memoryview, offsets: bytes) -> Batch:
        """The same for UTF-8 bytes with n+1 native uint32 offsets."""
        try:
            texts = [str(data[a:b], "utf-8") for a, b in pairwise(memoryview(offsets).cast("I"))]
        except UnicodeDecodeError:
            raise InputError("the text is not UTF-8") from None
        return self.classify(texts)

    def classify_joined(self, data: memoryview, count: int) -> Batch | None:
        """The same for texts with a NUL between each two."""
        try:
            texts = str(data, "utf-8").split("\0")
        except UnicodeDecodeError:
            raise InputError("the text is not UTF-8") from None
        return self.classify(texts) if len(texts) == count else None

    def _answer(self, texts: Sequence[str], index: int) -> Answer:
        try:
            return self._twin.answer(texts[index])
        except InputError as error:
            if len(texts) == 1:
                raise
            raise InputError(f"texts[{index}]: {error}") from None

    def explain(self, text: str) -> Explanation:
        """Spans of one text with their weights."""
        return self._twin.explain(text)

    def normalize(self, text: str, vectorizer: int = 0) -> str:
        """Stage "normalize" of one text."""
        return self._twin.normalize(text, vectorizer)

    def tokens(self, text: str, vectorizer: int = 0) -> list[str]:
        """Stage "tokens" of one text."""
        return self._twin.tokens(text, vectorizer)

    def ngrams(self, text: str, vectorizer: int = 0) -> list[str]:
        """Stage "ngrams" of one text, in scikit-learn's order."""
        return self._twin.ngrams(text, vectorizer)

    def features(self, text: str, vectorizer: int = 0) -> list[tuple[int, float]]:
        """Stage "features": (index, value) after all transforms, in ascending order."""
        return self._twin.features(text, vectorizer)

    def dispose(self) -> None:
        """Release the model; any later call is an EngineError."""
        self._loaded = None
