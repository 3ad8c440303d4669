"""Do two implementations answer alike? Tolerances, the replay of a certificate, and the stage where answers part.

The tolerances are those of the arithmetic promise (docs, "Arithmetic"); the twin gives them with its answers
(``twin.doubt``). A label may differ only where what decides it is closer together than that.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from .engines.base import Batch, Engine
from .errors import WasmClfError
from .model.shape import shape_of
from .model.spec import Certificate, Model, Pipeline, SublinearTf, Svd, Vectorizer
from .model.tree import pipelines, stages_of, vectorizers
from .results import FirstDifference, ParityReport, Stage
from .texts import has_surrogate
from .twin import Answer as TwinAnswer
from .twin import Slack, Twin
from .twin.unicode_changes import not_comparable

# Where rounding may differ (float32, logarithms of no counts) feature values of equal texts still agree this well.
_FEATURE_TOLERANCE = 1e-11
# Behind TruncatedSVD sums of either sign may come to nearly nothing.
_DENSE_TOLERANCE = 1e-10
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """One text's K scores, P probabilities (None where there are none) and L labels."""

    scores: Sequence[float]
    probabilities: Sequence[float] | None
    labels: Sequence[int]


class Stages(Protocol):
    """Something that shows its work: an engine, the twin, or scikit-learn (None: it has no such stage).

    The stages are those of one vectorizer, counted from 0 in the order of the document.
    """

    def normalize(self, text: str, vectorizer: int = 0) -> str | None: ...
    def tokens(self, text: str, vectorizer: int = 0) -> list[str] | None: ...
    def ngrams(self, text: str, vectorizer: int = 0) -> list[str] | None: ...
    def features(self, text: str, vectorizer: int = 0) -> list[tuple[int, float]] | None: ...


def answer_at(model: Model, batch: Batch, i: int) -> Answer:
    """Text ``i`` of a batch."""
    k, p, n = shape_of(model)
    probabilities = None if batch.probabilities is None else batch.probabilities[i * p : (i + 1) * p]
    return Answer(batch.scores[i * k : (i + 1) * k], probabilities, list(batch.labels[i * n : (i + 1) * n]))


def recorded(model: Model, certificate: Certificate, i: int) -> tuple[Answer, Sequence[float]]:
    """What the source answered to text ``i`` of the certificate, and the tolerance of its scores."""
    k, p, n = shape_of(model)
    table = certificate.probabilities
    answer = Answer(
        certificate.scores[i * k : (i + 1) * k],
        None if table is None else table[i * p : (i + 1) * p],
        list(certificate.labels[i * n : (i + 1) * n]),
    )
    return answer, certificate.tolerance[i * k : (i + 1) * k]


def own_answer(answer: TwinAnswer) -> Answer:
    """The twin's answer as one to compare with."""
    return Answer(answer.scores, answer.probabilities, answer.labels)


def tolerances(model: Model, twin: Twin, text: str) -> tuple[Slack, Slack]:
    """How far the answer to ``text`` may be (from the source's, between twin and engine)."""
    answer = twin.answer(text)
    return answer.source, answer.engine


def twin_tolerance(model: Model, twin: Twin, text: str) -> Slack:
    """How far twin and engine may be apart."""
    return tolerances(model, twin, text)[1]


def difference(expected: Answer, got: Answer, tolerance: Slack) -> tuple[float, bool, bool]:
    """(largest difference of a score or probability, whether it is within the promise, whether labels may stand)."""
    apart = [abs(a - b) for a, b in zip(expected.scores, got.scores, strict=True)]
    close = all(d <= t for d, t in zip(apart, tolerance.scores, strict=True))
    largest = max(apart)
    if (expected.probabilities is None) != (got.probabilities is None):
        return math.inf, False, False
    if expected.probabilities is not None and got.probabilities is not None:
        furthest = max(abs(a - b) for a, b in zip(expected.probabilities, got.probabilities, strict=True))
        largest = max(largest, furthest)
        close = close and furthest <= tolerance.probabilities
    labels = zip(expected.labels, got.labels, tolerance.open, strict=True)
    return largest, close and not math.isnan(largest), all(a == b or may_differ for a, b, may_differ in labels)


def first_stage(
    model: Model, expected: Stages, got: Stages, text: str, tolerance: float
) -> tuple[Stage, str, str] | None:
    """The first stage before the scores at which two implementations part, with what each had; None where none does.

    With several vectorizers a stage is looked at in all of them before the next one is.
    """
    several = range(len(vectorizers(model)))
    names: tuple[Stage, ...] = ("normalize", "tokens", "ngrams", "features")
    for stage in names:
        for number in several:
            a, b = _ask(expected, stage, text, number), _ask(got, stage, text, number)
            if a is None or b is None or a == b:
                continue
            if stage == "features" and isinstance(a, list) and isinstance(b, list) and _same_row(a, b, tolerance):
                continue
            where = f"vectorizer {number}: " if len(several) > 1 else ""
            one, other = _shown(a, b)
            return stage, where + one, where + other
    return None


def _ask(stages: Stages, name: str, text: str, vectorizer: int) -> object:
    """What a stage gives; an error it raises on purpose is an answer too."""
    try:
        return getattr(stages, name)(text, vectorizer)
    except WasmClfError as error:
        return f"{type(error).__name__}: {error}"


def _same_row(a: list[tuple[int, float]], b: list[tuple[int, float]], tolerance: float) -> bool:
    first, second = sorted(a), sorted(b)
    return [i for i, _ in first] == [i for i, _ in second] and all(
        x == y or abs(x - y) <= tolerance * max(abs(x), 1.0 if tolerance > _FEATURE_TOLERANCE else 0.0)
        for (_, x), (_, y) in zip(first, second, strict=True)
    )


def _shown(a: object, b: object) -> tuple[str, str]:
    """Both sides in short, from a little before the place where they part."""
    if isinstance(a, list) and isinstance(b, list):
        at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
        at = max(0, at - 2)
        return _cut(repr(a[at:]), at), _cut(repr(b[at:]), at)
    return _cut(a if isinstance(a, str) else repr(a), 0), _cut(b if isinstance(b, str) else repr(b), 0)


def _cut(text: str, skipped: int) -> str:
    text = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return f"…{text}" if skipped else text


def feature_tolerance(model: Model) -> float:
    """How far feature values of two right implementations may be apart, relatively; behind an SVD absolutely."""
    if stages_of(model.pipeline, Svd):
        return _DENSE_TOLERANCE
    plain = model.weights == "float64" and not any(_second_hand_logarithm(p) for p in pipelines(model.pipeline))
    return 0.0 if plain else _FEATURE_TOLERANCE


def _second_hand_logarithm(pipeline: Pipeline) -> bool:
    """Whether a logarithm is taken of what is no count any more."""
    counts = isinstance(pipeline.front, Vectorizer)
    return any(
        isinstance(transform, SublinearTf) and (position > 0 or not counts)
        for position, transform in enumerate(pipeline.transforms)
    )


@dataclass(slots=True)
class Tally:
    """Collects comparisons of one report. ``against`` names what the answers were held against."""

    model: Model
    engine: Stages
    against: str
    checked: int = 0
    max_abs_diff: float = 0.0
    label_mismatches: int = 0
    not_comparable: int = 0
    first: FirstDifference | None = field(default=None)

    def hold(self, index: int, text: str, expected: Answer, got: Answer, tolerance: Slack, stages: Stages) -> None:
        """Compare one text's answers; on the first difference find its stage against ``stages``."""
        largest, close, label = difference(expected, got, tolerance)
        self.max_abs_diff = max(self.max_abs_diff, largest)
        self.label_mismatches += not label
        if (not close or not label) and self.first is None:
            self.part(index, text, _answer_text(expected), _answer_text(got), stages)

    def part(self, index: int, text: str, expected: str, got: str, stages: Stages) -> None:
        """Note a difference of the final answers, at the earliest stage that shows one."""
        found = first_stage(self.model, stages, self.engine, text, feature_tolerance(self.model))
        stage, a, b = found if found is not None else ("scores", expected, got)
        if self.first is None:
            self.first = FirstDifference(index, stage, a, b)

    def report(self, *, kept: int, live_checked: int = 0) -> ParityReport:
        """The report."""
        return ParityReport(
            ok=self.first is None and self.checked > 0,
            checked=self.checked,
            live_checked=live_checked,
            max_abs_diff=self.max_abs_diff,
            label_mismatches=self.label_mismatches,
            kept=kept,
            first_difference=self.first,
            not_comparable=self.not_comparable,
            against=self.against,
        )


def _answer_text(answer: Answer) -> str:
    scores = ", ".join(map(repr, answer.scores[:8]))
    more = ", …" if len(answer.scores) > 8 else ""
    return f"{shown_labels(answer.labels)}, scores [{scores}{more}]"


def shown_labels(labels: Sequence[int]) -> str:
    """Class indices in words."""
    return f"class {labels[0]}" if len(labels) == 1 else f"labels {list(labels[:16])}"


def replay(model: Model, engine: Engine, twin: Twin, *, is_twin: bool) -> ParityReport:
    """Replay the certificate on ``engine`` and the twin.

    The engine's scores must lie within the recorded tolerance of the source's and have the bits that the engine had at
    export; the twin must agree with the engine. ``is_twin``: the engine is the twin itself, whose probabilities may
    differ in the last bits, and which cannot judge texts of another Unicode version. A file without a certificate
    proves nothing and is not ``ok``.
    """
    certificate = model.certificate
    tally = Tally(model, engine, certificate.by if certificate else "nothing: the file has no certificate")
    if certificate is None:
        return tally.report(kept=0)
    kept = len(certificate.texts)
    batch = engine.classify(certificate.texts)
    for i, text in enumerate(certificate.texts):
        foreign = not_comparable(text, model.unicode)
        tally.not_comparable += foreign
        if foreign and is_twin:
            continue
        tally.checked += 1
        got = answer_at(model, batch, i)
        own = twin.answer(text)
        expected, kept_tolerance = recorded(model, certificate, i)
        # The recorded tolerance holds on the machine that exported; the twin elsewhere may round a logarithm otherwise.
        tally.hold(i, text, expected, got, own.source._replace(scores=kept_tolerance), twin)
        if not is_twin:
            _hold_bits(tally, certificate, i, text, got, twin)
            if not foreign:
                tally.hold(i, text, own_answer(own), got, own.engine, twin)
    return tally.report(kept=kept)


def _hold_bits(tally: Tally, certificate: Certificate, i: int, text: str, got: Answer, twin: Twin) -> None:
    """The engine's own answers have to come back to the bit."""
    k = len(got.scores)
    expected = Answer(certificate.engine_scores[i * k : (i + 1) * k], None, got.labels)
    same = _bits(expected.scores) == _bits(got.scores)
    if same and got.probabilities is not None and certificate.engine_probabilities is not None:
        c = len(got.probabilities)
        same = _bits(certificate.engine_probabilities[i * c : (i + 1) * c]) == _bits(got.probabilities)
    if not same and tally.first is None:
        tally.part(i, text, f"the engine's recorded bits: {_answer_text(expected)}", _answer_text(got), twin)


def _bits(values: Sequence[float]) -> bytes:
    return struct.pack(f"<{len(values)}d", *values)


def skip_live(text: str, model: Model) -> bool:
    """Whether scikit-learn on this Python may rightly answer otherwise: lone surrogates, another Unicode version."""
    return has_surrogate(text) or not_comparable(text, model.unicode)
