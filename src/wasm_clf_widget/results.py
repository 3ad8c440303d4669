"""What a classifier answers: plain frozen dataclasses without numpy."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from .model.spec import Label, Targets

if TYPE_CHECKING:
    from rich.table import Table

Labels = Label | tuple[Label, ...]
ClassIndex = int | tuple[int, ...]
Stage = Literal["normalize", "tokens", "ngrams", "features", "scores"]


@dataclass(frozen=True, slots=True)
class ClassificationResult:
    """One text's answer.

    ``label`` is the class as it was typed; of a multilabel model the tuple of the classes that are on, of several
    outputs a tuple with one label for each; ``class_index`` likewise. ``confidence`` is the label's probability, None
    where the source has only decision scores, or several labels; ``all_scores`` lists ``{"label", "score"}`` in
    ``classes_`` order (probabilities, else decision scores or votes: −s and s of a binary head), of several outputs
    with ``"output"``, its number, in each;
    ``known_features`` counts the features of all vectorizers that the text has, before selection or any other step
    drops or mixes them; ``is_uncertain`` says that the confidence lies in the model's declared "not sure" band and
    never replaces ``label``.
    """

    label: Labels
    class_index: ClassIndex
    confidence: float | None
    score_kind: Literal["probability", "decision"]
    all_scores: list[dict[str, Any]]
    known_features: int
    replaced_surrogates: int
    is_uncertain: bool
    ran_on: str
    variant: str
    model_sha256: str

    def to_dict(self) -> dict[str, Any]:
        """The same as a plain dict."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Span:
    """An occurrence of a feature: code points [start, end) of the original text, n-gram, weight for each class."""

    start: int
    end: int
    ngram: str
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Per class, the spans' weights and the remainder (the intercept, rounding) add up to ``scores``.

    A binary linear head has one decision score s: the two columns are −s and s. Of calibrated models and of soft votes
    ``scores`` are the (weighted) mean of the members' decision scores.
    """

    text: str
    classes: tuple[Label, ...]
    spans: list[Span]
    remainder: tuple[float, ...]
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FirstDifference:
    """Where two implementations part: which text and at which stage, with what each had.

    ``start`` and ``end`` are code points of ``text``: the shortest piece found in which both still part at that stage.
    Only ``compare`` looks for it; elsewhere they are None.
    """

    text_index: int
    stage: Stage
    expected: str
    got: str
    text: str = ""
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class ParityReport:
    """The outcome of a replay or a comparison. ``first_difference`` is None where ``ok``.

    ``kept`` counts the texts in the certificate, ``live_checked`` those that the twin scored beside the tab,
    ``not_comparable`` those whose characters this Python's Unicode version reads differently (never a difference).
    """

    ok: bool
    checked: int
    live_checked: int
    max_abs_diff: float
    label_mismatches: int
    kept: int
    first_difference: FirstDifference | None
    not_comparable: int
    against: str

    def __rich__(self) -> Table:
        from .parity_report import sheet

        return sheet(self).rich()

    def _repr_html_(self) -> str:
        from .parity_report import html

        return html(self)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a model file says of itself; sizes in bytes. ``classes`` of several outputs are a tuple for each."""

    name: str
    version: str
    targets: Targets
    classes: tuple[Label, ...] | tuple[tuple[Label, ...], ...]
    n_features: int
    outputs: int
    weights: str
    bound: float | None
    promise: str
    uncertain_below: float | None
    source: str
    unicode: str
    pipeline: tuple[str, ...]
    certificate_texts: int
    size: int
    sha256: str
