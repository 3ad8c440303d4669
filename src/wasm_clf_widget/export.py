"""From a converted model to a certified file: look-up table, trial by many texts, certificate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from .comparison import exact_machine, loosened
from .convert import certify
from .engines import Batch, Engine, open_engine
from .engines.wasm_engine import WasmEngine
from .errors import InputError, TooManyStepsError, UnsupportedPipelineError
from .model.file import dump, parse
from .model.limits import UNICODE_VERSIONS
from .model.shape import shape_of
from .model.spec import Model
from .model.tree import vectorizers
from .parity import Answer, Stages, Tally, answer_at, own_answer
from .twin import Twin


@dataclass(frozen=True, slots=True)
class _Source:
    """Whose answers are certified: rows of scores, probabilities (or None) and labels, and the stages behind them."""

    by: str
    scores: Sequence[Sequence[float]]
    probabilities: Sequence[Sequence[float]] | None
    labels: Sequence[Sequence[int]]
    stages: Stages
    exact: bool

    def answer(self, i: int) -> Answer:
        p = None if self.probabilities is None else self.probabilities[i]
        return Answer(self.scores[i], p, self.labels[i])


def from_sklearn(
    pipeline: Any,
    *,
    name: str,
    weights: Literal["auto", "float64", "float32"],
    certificate_texts: Sequence[str],
    version: str,
    uncertain_below: float | None,
) -> bytes:
    """The certified file of a fitted pipeline."""
    from .convert.sklearn import model_from_sklearn, source_answers
    from .convert.stages import SourceStages
    from .convert.weights import check_name, check_uncertain_below

    check_name("name", name)
    check_name("version", version)
    check_uncertain_below(uncertain_below)
    model = model_from_sklearn(pipeline, name=name, weights=weights, version=version)
    model = replace(model, uncertain_below=uncertain_below)
    texts = _texts(model, certificate_texts)
    answers = source_answers(pipeline, texts)
    kept = [i for i in range(len(texts)) if i not in answers.refused]
    source = _Source(
        by=f"{model.source.library} {model.source.version}",
        scores=answers.scores[kept].tolist(),
        probabilities=None if answers.probabilities is None else answers.probabilities[kept].tolist(),
        labels=answers.labels[kept].tolist(),
        stages=SourceStages(pipeline),
        exact=exact_machine(),
    )
    return _certified(model, [texts[i] for i in kept], source, [texts[i] for i in sorted(answers.refused)])


def from_model(model: Model, certificate_texts: Sequence[str]) -> bytes:
    """The certified file of a model that has no source but its own numbers: the twin is its source, and it says so."""
    twin = Twin(model)
    texts, refused, answers = [], [], []
    for text in _texts(model, certificate_texts):
        try:
            answers.append(twin.answer(text))
            texts.append(text)
        except InputError:
            refused.append(text)
    source = _Source(
        by="twin",
        scores=[a.scores for a in answers],
        probabilities=[a.probabilities or [] for a in answers] if shape_of(model).probabilities else None,
        labels=[a.labels for a in answers],
        stages=twin,
        exact=True,
    )
    return _certified(model, texts, source, refused)


def _texts(model: Model, own: Sequence[str]) -> list[str]:
    """The caller's texts, then ours."""
    from .convert.ugly_texts import ugly_texts

    texts = certify.usable([*own, *ugly_texts(model)])
    _refuse_endless(model, texts)
    return texts


def _refuse_endless(model: Model, texts: list[str]) -> None:
    """Let the engine meet every text first: where a token pattern is catastrophic it stops, which re does not."""
    if all(v.program is None for v in vectorizers(model)):
        return
    plain = dump(replace(model, certificate=None, tables=()))
    engine = _open(plain, parse(plain))
    try:
        for text in texts:
            try:
                engine.classify((text,))
            except TooManyStepsError:
                patterns = " and ".join(repr(v.token_pattern) for v in vectorizers(model) if v.program is not None)
                raise UnsupportedPipelineError(
                    "vectorizer",
                    "token_pattern",
                    f"the pattern {patterns} needs too many steps on the text {text[:80]!r} ({len(text):,} "
                    "characters): Python's re itself would hardly come to an end",
                    "a pattern without repeats inside of repeats, or with possessive ones (a++ for a+)",
                ) from None
            except InputError:
                continue
    finally:
        engine.dispose()


def _certified(model: Model, texts: list[str], source: _Source, refused: list[str]) -> bytes:
    if model.unicode not in UNICODE_VERSIONS:
        raise UnsupportedPipelineError(
            "python",
            "unicodedata",
            f"this Python follows Unicode {model.unicode}, the engine knows {', '.join(UNICODE_VERSIONS)}",
            "a Python from 3.11 to 3.14",
        )
    plain = dump(replace(model, certificate=None, tables=()))
    # From here on the model is what a reader of the file will have, checked as every file is.
    model = parse(plain)
    engine = _open(plain, model)
    try:
        words = [v.vocabulary is not None for v in vectorizers(model)]
        tables = tuple(engine.build_table(i) if has_words else None for i, has_words in enumerate(words))
        engine.dispose()
        model = replace(model, tables=tables if any(words) else ())
        engine = _open(dump(model), model)
        batch = engine.classify(texts)
        allowed = _try_all(model, engine, texts, batch, source, refused)
    finally:
        engine.dispose()
    certificate = certify.certificate(
        model,
        source.by,
        texts,
        scores=source.scores,
        probabilities=source.probabilities,
        labels=source.labels,
        tolerances=allowed,
        engine=batch,
    )
    return dump(replace(model, certificate=certificate))


def _open(data: bytes, model: Model) -> WasmEngine:
    """The engine whose bits every host is held to: it has to be there when a file is made."""
    engine = open_engine("wasm", data, model)
    assert isinstance(engine, WasmEngine)
    return engine


def _try_all(
    model: Model, engine: Engine, texts: list[str], batch: Batch, source: _Source, refused: list[str]
) -> list[Sequence[float]]:
    """Hold source, engine and twin against each other on every text; the tolerances of the scores."""
    twin = Twin(model)
    against_source = Tally(model, engine, source.by)
    against_twin = Tally(model, engine, "twin")
    result: list[Sequence[float]] = []
    for i, text in enumerate(texts):
        own = twin.answer(text)
        tolerance = own.source
        if not source.exact:
            tolerance = loosened(tolerance, own.sizes)
        result.append(tolerance.scores)
        got = answer_at(model, batch, i)
        against_source.checked += 1
        against_source.hold(i, text, source.answer(i), got, tolerance, source.stages)
        against_twin.checked += 1
        against_twin.hold(i, text, own_answer(own), got, own.engine, twin)
        if against_source.first or against_twin.first:
            break
    for tally in (against_source, against_twin):
        if tally.first is not None:
            text = texts[tally.first.text_index]
            raise UnsupportedPipelineError(
                "pipeline",
                tally.first.stage,
                f"the engine does not answer as {tally.against} on the text {text[:80]!r}: at the stage "
                f"{tally.first.stage!r} {tally.against} has {tally.first.expected}, the engine {tally.first.got}",
                "please report this pipeline: a classifier that disagrees is never returned",
            )
    _refuse_alike(engine, twin, refused, source.by)
    return result


def _refuse_alike(engine: Engine, twin: Twin, refused: list[str], by: str) -> None:
    """Where the source raises, engine and twin have to."""
    for text in refused:
        for name, ask in (("engine", lambda t: engine.classify((t,))), ("twin", twin.answer)):
            try:
                ask(text)
            except InputError:
                continue
            raise UnsupportedPipelineError(
                "pipeline",
                "scores",
                f"{by} refuses the text {text[:80]!r}, the {name} answers",
                "please report this pipeline: a classifier that disagrees is never returned",
            )
