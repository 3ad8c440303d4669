"""``compare``: an engine's answers held against those of the live scikit-learn pipeline, on the caller's own texts.

Both sides answer in batches, and a batch's answers are compared as arrays: where they are closer than the smallest
tolerance that any text could have, nothing more is asked. Only the others are looked at one by one, with the tolerance
that the file promises for that very text; so a hundred thousand texts cost little more than scikit-learn's own answers.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from .engines import Batch, Engine, open_engine
from .errors import EngineError, InputError, TooManyStepsError, WasmClfError
from .model.file import dump
from .model.shape import shape_of
from .model.spec import LinearHead, Model, Svd
from .model.tree import stages_of, vectorizers
from .parity import Answer, Stages, Tally, answer_at, feature_tolerance, first_stage, skip_live
from .results import FirstDifference, ParityReport
from .twin import Slack, Twin
from .twin.steps import STEPS

_CHUNK = 4096
_ENOUGH = 200  # so many texts are looked at one by one behind the first difference; of the rest labels are counted


def exact_machine() -> bool:
    """Elsewhere scipy's compiler may fuse multiply and add, and numpy have other logarithms."""
    return platform.machine().lower() in ("x86_64", "amd64")


def compare_live(model: Model, engine: Engine, pipeline: Any, texts: Sequence[str]) -> ParityReport:
    """Hold an engine's answers against those of the pipeline in this process.

    Raises:
        InputError: the pipeline's classes are others than the model's.
        TooManyStepsError: a text takes the token pattern beyond the engine's budget; scikit-learn was not asked.
    """
    import sklearn

    from .convert.stages import SourceStages

    _check_classes(model, pipeline)
    tally = Tally(model, engine, f"scikit-learn {sklearn.__version__}, live")
    indices = [i for i, text in enumerate(texts) if not skip_live(text, model)]
    tally.not_comparable = len(texts) - len(indices)
    comparison = _Comparison(model, engine, pipeline, tally, Twin(model), SourceStages(pipeline))
    for start in range(0, len(indices), _CHUNK):
        chunk = indices[start : start + _CHUNK]
        comparison.hold(chunk, [texts[i] for i in chunk])
    if tally.first is not None:
        tally.first = comparison.located(tally.first, texts[tally.first.text_index])
    kept = 0 if model.certificate is None else len(model.certificate.texts)
    return tally.report(kept=kept)


class _Comparison:
    """One comparison under way."""

    def __init__(self, model: Model, engine: Engine, pipeline: Any, tally: Tally, twin: Twin, stages: Stages) -> None:
        self._model, self._engine, self._pipeline = model, engine, pipeline
        self._tally, self._twin, self._stages = tally, twin, stages
        self._exact = exact_machine()
        self._shape = shape_of(model)
        self._looked_at = 0
        dense = stages_of(model.pipeline, Svd)
        self._guard = _guard(model, engine)
        self._linear = model.head if isinstance(model.head, LinearHead) and not dense else None

    def hold(self, indices: Sequence[int], texts: list[str]) -> None:
        """One batch of texts, all comparable."""
        from .convert.source import source_answers

        self._refuse_endless(indices, texts)
        try:
            batch = self._engine.classify(texts)
        except WasmClfError:
            batch = None
        answers = source_answers(self._pipeline, texts)
        if batch is None or answers.refused:
            for row in range(len(texts)):
                self._one(indices[row], texts[row], answers, row, None)
            return
        self._tally.checked += len(texts)
        for row in self._suspicious(answers, batch, texts):
            if self._tally.first is not None and self._looked_at >= _ENOUGH:
                own = list(_labels(batch, row, self._shape.labels))
                self._tally.label_mismatches += answers.labels[row].tolist() != own
                continue
            self._one(indices[row], texts[row], answers, row, batch)

    def _refuse_endless(self, indices: Sequence[int], texts: list[str]) -> None:
        """The engine stops where a token pattern is catastrophic; Python's re in scikit-learn does not."""
        if self._guard is None:
            return
        try:
            self._guard.classify(texts)
        except TooManyStepsError:
            for index, text in zip(indices, texts, strict=True):
                try:
                    self._guard.classify((text,))
                except TooManyStepsError:
                    raise TooManyStepsError(
                        f"texts[{index}]: {endless(self._model, text)}; leave this text out, or use a pattern without "
                        "repeats inside of repeats, and fit and convert again"
                    ) from None
                except WasmClfError:
                    continue
        except WasmClfError:
            # One text of a batch that cannot be answered hides the others: each for itself.
            if len(texts) > 1:
                for index, text in zip(indices, texts, strict=True):
                    self._refuse_endless([index], [text])

    def _suspicious(self, answers: Any, batch: Batch, texts: list[str]) -> list[int]:
        """Rows that are not alike at a glance."""
        import numpy as np

        n = len(texts)
        apart = np.abs(np.asarray(batch.scores, dtype=float).reshape(n, -1) - answers.scores)
        self._tally.max_abs_diff = max(self._tally.max_abs_diff, float(np.nan_to_num(apart, nan=0.0).max(initial=0.0)))
        least = self._at_least(answers)
        same = (apart <= least).all(axis=1)
        labels = np.asarray(batch.labels).reshape(n, -1)
        same &= (labels == answers.labels).all(axis=1)
        if (batch.probabilities is None) != (answers.probabilities is None):
            same[:] = False
        elif batch.probabilities is not None:
            p = np.abs(np.asarray(batch.probabilities, dtype=float).reshape(n, -1) - answers.probabilities)
            furthest = p.max(axis=1, initial=0.0)
            # No link gives less of two scores' tolerances than a quarter of the greater.
            same &= furthest <= 1e-14 + 0.25 * least.max(axis=1, initial=0.0)
            self._tally.max_abs_diff = max(self._tally.max_abs_diff, float(np.nan_to_num(furthest).max(initial=0.0)))
        return [int(row) for row in np.flatnonzero(~same)]

    def _at_least(self, answers: Any) -> Any:
        """What the file promises of each score at least: (n, K)."""
        import numpy as np

        if self._linear is None or self._model.weights == "float64" or answers.rows is None:
            return np.zeros_like(answers.scores)
        coef = np.abs(np.asarray(self._linear.coef, dtype=float).reshape(-1, self._linear.outputs))
        return 2.0**-23 * (abs(answers.rows) @ coef) + 2.0**-52 * np.abs(answers.scores)

    def _one(self, index: int, text: str, answers: Any, row: int, batch: Batch | None) -> None:
        """One text, with the tolerance that is promised for it."""
        tally, refused = self._tally, row in answers.refused
        got: Answer | None = None
        if batch is not None:
            self._looked_at += 1
            got = answer_at(self._model, batch, row)
        else:
            tally.checked += 1
            try:
                got = answer_at(self._model, self._engine.classify((text,)), 0)
            except WasmClfError as error:
                if not refused:
                    tally.part(index, text, "an answer", f"{type(error).__name__}: {error}", self._stages)
                return
        if refused:
            tally.part(index, text, "an error", "an answer", self._stages)
            return
        tally.hold(index, text, _answer(answers, row), got, self._allowed(text), self._stages)

    def _allowed(self, text: str) -> Slack:
        own = self._twin.answer(text)
        return own.source if self._exact else loosened(own.source, own.sizes)

    def located(self, first: FirstDifference, text: str) -> FirstDifference:
        """The first difference with the shortest piece of its text in which both sides still part at that stage."""
        piece = shortest(text, lambda part: self._stage(part) == first.stage)
        return first if piece is None else replace(first, text=text, start=piece[0], end=piece[1])

    def _stage(self, text: str) -> str | None:
        """The stage at which both sides part on a text."""
        from .convert.source import source_answers

        found = first_stage(self._model, self._stages, self._engine, text, feature_tolerance(self._model))
        if found is not None:
            return found[0]
        answers = source_answers(self._pipeline, [text])
        tally = Tally(self._model, self._engine, "")
        try:
            got = answer_at(self._model, self._engine.classify((text,)), 0)
        except WasmClfError:
            return None if answers.refused else "scores"
        if answers.refused:
            return "scores"
        tally.hold(0, text, _answer(answers, 0), got, self._allowed(text), self._stages)
        return None if tally.first is None else tally.first.stage


def endless(model: Model, text: str) -> str:
    """That a text takes more steps than the engine's budget, in words."""
    patterns = " and ".join(repr(v.token_pattern) for v in vectorizers(model) if v.program is not None)
    return (
        f"the pattern {patterns} needs too many steps on the text {text[:80]!r} ({len(text):,} characters): more "
        f"than {STEPS:,}"
    )


def _guard(model: Model, engine: Engine) -> Engine | None:
    """The engine that meets each text first where a token pattern may be catastrophic: scikit-learn has no budget."""
    if all(v.program is None for v in vectorizers(model)):
        return None
    if engine.variant != "twin":
        return engine
    try:
        return open_engine("wasm", dump(replace(model, certificate=None)), model)
    except EngineError:
        return None  # no WebAssembly here, which may be why the twin was asked for


def shortest(text: str, parts: Callable[[str], bool], most: int = 64) -> tuple[int, int] | None:
    """(start, end) of a short piece of the text for which ``parts`` still holds; None where it does not hold at all.

    By halves from the end, then from the beginning: exact where a longer piece parts whenever a shorter one within it
    does. Where that is not so the piece found is longer than it need be, and is still one that parts.
    """
    if not text or not parts(text):
        return None
    low, high = 0, len(text)  # text[:high] parts
    for _ in range(most):
        if high - low <= 1:
            break
        middle = (low + high) // 2
        low, high = (low, middle) if parts(text[:middle]) else (middle, high)
    end = high
    low, high = 0, end  # text[low:end] parts
    for _ in range(most):
        if high - low <= 1:
            break
        middle = (low + high) // 2
        low, high = (middle, high) if parts(text[middle:end]) else (low, middle)
    return low, end


def loosened(tolerance: Slack, sizes: Sequence[float]) -> Slack:
    """The tolerances where the source's own bits depend on the machine."""
    scores = [max(t, 1e-12 * (1.0 + size)) for t, size in zip(tolerance.scores, sizes, strict=True)]
    return tolerance._replace(scores=scores)


def _answer(answers: Any, row: int) -> Answer:
    p = None if answers.probabilities is None else answers.probabilities[row].tolist()
    return Answer(answers.scores[row].tolist(), p, answers.labels[row].tolist())


def _labels(batch: Batch, row: int, width: int) -> Sequence[int]:
    return batch.labels[row * width : (row + 1) * width]


def _check_classes(model: Model, pipeline: Any) -> None:
    from .convert.classifier import convert_classifier
    from .convert.job import Job

    found = convert_classifier(Job(convert_classifier), "", pipeline, None)
    sets = None if found is None else found.class_sets
    if sets != model.class_sets:
        shown = "not to be had" if sets is None else [list(one.values)[:8] for one in sets]
        own = [list(one.values)[:8] for one in model.class_sets]
        raise InputError(f"the pipeline's classes are {shown}, the model's {own}: they are not of one fit")
