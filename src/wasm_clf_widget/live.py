"""The twin beside the tab: where the kernel has a text, it scores it too and compares with what the tab sent.

A difference is first noted at the stage "scores", which is all that an answer shows; then the tab is asked what its
earlier stages give for that text, and the note is moved to the first stage that differs.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from .engines.wasm_abi import features, strings
from .errors import WasmClfError
from .labels import labels_from
from .model.shape import shape_of
from .model.spec import Model
from .parity import Answer, difference, feature_tolerance, first_stage, own_answer, shown_labels, skip_live
from .results import FirstDifference
from .twin import Twin

MAX_CHARACTERS = 100_000
"""The twin is plain Python and runs between the kernel's other work: longer texts are not checked live."""


@dataclass
class LiveCheck:
    """Counts and differences of one widget's live checks. The model is read when there is a first text to check."""

    load: Callable[[], Model]
    live_checked: int = 0
    not_comparable: int = 0
    max_abs_diff: float = 0.0
    label_mismatches: int = 0
    first: FirstDifference | None = field(default=None)

    @cached_property
    def model(self) -> Model:
        """The model as the twin reads it."""
        return self.load()

    @cached_property
    def twin(self) -> Twin:
        """The second implementation."""
        return Twin(self.model)

    def check(self, text: str, got: Answer) -> bool:
        """Compare one answer of the tab; False where it differs."""
        if len(text) > MAX_CHARACTERS:
            return True
        if skip_live(text, self.model):
            self.not_comparable += 1
            return True
        try:
            own = self.twin.answer(text)
        except WasmClfError as error:
            self._note(FirstDifference(self.live_checked, "features", f"{type(error).__name__}: {error}", _shown(got)))
            return False
        expected = own_answer(own)
        largest, close, label = difference(expected, got, own.engine)
        self.live_checked += 1
        self.max_abs_diff = max(self.max_abs_diff, largest)
        self.label_mismatches += not label
        if close and label:
            return True
        self._note(FirstDifference(self.live_checked - 1, "scores", _shown(expected), _shown(got)))
        return False

    def name_stage(self, text: str, outputs: Sequence[bytes]) -> None:
        """Move the noted difference to the first stage at which the tab's outputs part from the twin's."""
        if self.first is None:
            return
        found = first_stage(self.model, self.twin, _TabStages(outputs), text, feature_tolerance(self.model))
        if found is not None:
            stage, expected, got = found
            self.first = FirstDifference(self.first.text_index, stage, expected, got)

    def _note(self, found: FirstDifference) -> None:
        if self.first is None:
            self.first = found

    def joined(self, replay: dict[str, Any]) -> dict[str, Any]:
        """The tab's report of its replay (empty where it has not sent one) with the live checks in it."""
        base = {**_NOTHING, **replay}
        first = base["first_difference"]
        # Only scores are recorded, so a replay cannot see an earlier stage; the twin can.
        if self.first is not None and (first is None or self.first.stage != "scores"):
            first = asdict(self.first)
        return {
            **base,
            "ok": first is None and base["checked"] + self.live_checked > 0,
            "live_checked": self.live_checked,
            "max_abs_diff": max(base["max_abs_diff"], self.max_abs_diff),
            "label_mismatches": base["label_mismatches"] + self.label_mismatches,
            "first_difference": first,
            "not_comparable": base["not_comparable"] + self.not_comparable,
        }


_NOTHING: dict[str, Any] = {
    "checked": 0,
    "max_abs_diff": 0.0,
    "label_mismatches": 0,
    "kept": 0,
    "first_difference": None,
    "not_comparable": 0,
    "against": "the Python twin, live",
}


class _TabStages:
    """What the tab's engine gave at each stage, already fetched; satisfies ``parity.Stages``."""

    def __init__(self, outputs: Sequence[bytes]) -> None:
        self._outputs = outputs

    def normalize(self, text: str, vectorizer: int = 0) -> str | None:
        return None if vectorizer else self._outputs[0].decode("utf-8")

    def tokens(self, text: str, vectorizer: int = 0) -> list[str] | None:
        return None if vectorizer else strings(self._outputs[1])

    def ngrams(self, text: str, vectorizer: int = 0) -> list[str] | None:
        return None if vectorizer else strings(self._outputs[2])

    def features(self, text: str, vectorizer: int = 0) -> list[tuple[int, float]] | None:
        return None if vectorizer else features(self._outputs[3])


def answer_from(model: Model, class_index: object, buffers: Sequence[bytes]) -> Answer:
    """The tab's numbers: float64 scores and, where the model has them, float64 probabilities.

    ``class_index`` is as in results: an index, those of the classes that are on, or one for each output. Raises
    ValueError where that, or the sizes, are not the model's.
    """
    scores = array("d", buffers[0] if buffers else b"")
    probabilities = array("d", buffers[1]) if len(buffers) > 1 else None
    shape = shape_of(model)
    if (len(scores), 0 if probabilities is None else len(probabilities)) != (shape.scores, shape.probabilities):
        raise ValueError("the tab's answer does not have the model's shape")
    return Answer(scores, probabilities, labels_from(model, class_index))


def _shown(answer: Answer) -> str:
    return f"{shown_labels(answer.labels)}, scores {list(answer.scores[:8])!r}"
