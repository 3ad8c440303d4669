"""What an evaluation finds: plain frozen dataclasses that show themselves in a notebook."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..model.spec import Label
from ..results import Explanation, Labels


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Of one class. Where it was never predicted (or never occurs) precision (or recall) is 0."""

    label: Label
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Of answers whose confidence lies in a tenth, the mean confidence, the share that is right, and their number."""

    confidence: tuple[float, ...]
    accuracy: tuple[float, ...]
    count: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A text with another label than expected.

    ``label`` is the one that is wrong: what it was called or, of a multilabel model, the label that was given wrongly
    or is missing with the most confidence. ``confidence`` is the model's in that error, None without probabilities.
    ``explanation`` is None where the model cannot be explained; its weights number ``column`` are those of ``label``.
    """

    index: int
    text: str
    expected: Labels
    got: Labels
    label: Label
    confidence: float | None
    explanation: Explanation | None
    column: int

    @property
    def missing(self) -> bool:
        """Whether the label should have been there; else it should not."""
        return isinstance(self.got, tuple) and self.label not in self.got


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One label a text. In a notebook it shows itself with plots.

    ``confusion[i, j]`` counts texts of class i that were called j, in the order of ``classes``; ``calibration`` is None
    where the model has no probabilities. ``baseline`` is the accuracy of always answering the most frequent class,
    ``macro_f1`` the mean of the classes' F1. ``worst`` are the mistakes made with the most confidence (without
    probabilities: with the largest lead in score over the right class), the worst first.
    """

    name: str
    count: int
    classes: tuple[Label, ...]
    accuracy: float
    baseline: float
    macro_f1: float
    per_class: tuple[ClassScores, ...]
    confusion: Any
    calibration: Calibration | None
    worst: tuple[Mistake, ...]
    _confidence: Any = field(repr=False)
    _right: Any = field(repr=False)

    def plot(self) -> Any:
        """A matplotlib Figure: confusion, reliability, and how confident right and wrong answers are.

        Raises:
            InputError: matplotlib is not installed.
        """
        from .plots import single

        return single(self)

    def _repr_html_(self) -> str:
        from .view import single

        return single(self)


@dataclass(frozen=True, slots=True)
class MultilabelEvaluation:
    """Any set of labels a text. In a notebook it shows itself with plots.

    ``accuracy`` is the share of texts with exactly the right set, ``hamming`` the share of all (text, label) decisions
    that are wrong, ``micro_f1`` that of all decisions together, ``macro_f1`` the mean over the labels.
    ``confusion[k]`` is [[right off, wrongly on], [missed, right on]] of label k, as ``multilabel_confusion_matrix``
    has it. ``calibrations`` holds for each label how often it is there where the model gives it a probability; None
    without probabilities. ``worst`` are the texts with the most confident error in a label, the worst first.
    """

    name: str
    count: int
    classes: tuple[Label, ...]
    accuracy: float
    hamming: float
    micro_f1: float
    macro_f1: float
    per_class: tuple[ClassScores, ...]
    confusion: Any
    calibrations: tuple[Calibration, ...] | None
    worst: tuple[Mistake, ...]
    _probabilities: Any = field(repr=False)
    _expected: Any = field(repr=False)

    def plot(self) -> Any:
        """A matplotlib Figure: each label's confusion, their reliability, and the probabilities they were given.

        Of many labels the six with the lowest F1.

        Raises:
            InputError: matplotlib is not installed.
        """
        from .plots import multilabel

        return multilabel(self)

    def _repr_html_(self) -> str:
        from .view import multilabel

        return multilabel(self)


@dataclass(frozen=True, slots=True)
class MultioutputEvaluation:
    """Several outputs a text, an evaluation for each. ``accuracy`` is the share of texts with all outputs right."""

    name: str
    count: int
    accuracy: float
    outputs: tuple[Evaluation, ...]

    def plot(self) -> list[Any]:
        """A matplotlib Figure for each output."""
        return [output.plot() for output in self.outputs]

    def _repr_html_(self) -> str:
        from .view import multioutput

        return multioutput(self)
