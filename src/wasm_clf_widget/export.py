"""From a converted model to a certified file: look-up table, trial by many texts, certificate."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from .comparison import endless, exact_machine, loosened
from .convert import certify
from .engines import Batch, Engine, open_engine
from .engines.wasm_engine import WasmEngine
from .errors import InputError, TooManyStepsError, UnsupportedPipelineError
from .model.file import dump, parse, with_certificate
from .model.limits import UNICODE_VERSIONS
from .model.shape import Shape, shape_of
from .model.spec import Certificate, Classes, ConstantHead, Model, Pipeline, Vectorizer
from .model.tree import vectorizers
from .parity import Answer, Stages, Tally, answer_at, own_answer
from .twin import Slack, Twin


@dataclass(frozen=True, slots=True)
class _Source:
    """Whose answers are certified: rows of scores, probabilities (or None) and labels, and the stages behind them.

    ``refused``: indices of texts on which the source raises.
    """

    by: str
    scores: Sequence[Sequence[float]]
    probabilities: Sequence[Sequence[float]] | None
    labels: Sequence[Sequence[int]]
    refused: frozenset[int]
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
    import sklearn

    from .convert.sklearn import model_from_sklearn, source_answers
    from .convert.stages import SourceStages
    from .convert.weights import check_has_confidence, check_name, check_uncertain_below

    check_name("name", name)
    check_name("version", version)
    check_uncertain_below(uncertain_below)

    def ask(texts: list[str]) -> _Source:
        answers = source_answers(pipeline, texts)
        return _Source(
            by=f"scikit-learn {sklearn.__version__}",
            scores=answers.scores.tolist(),
            probabilities=None if answers.probabilities is None else answers.probabilities.tolist(),
            labels=answers.labels.tolist(),
            refused=answers.refused,
            stages=SourceStages(pipeline),
            exact=exact_machine(),
        )

    model = model_from_sklearn(pipeline, name=name, weights=weights, version=version)
    model = replace(model, uncertain_below=uncertain_below)
    check_has_confidence(model)
    data, tried_on = _written(model, certificate_texts)
    del model  # its arrays are copies, which stand in the file now
    return _certified(data, tried_on, ask)


def from_model(model: Model, certificate_texts: Sequence[str]) -> bytes:
    """The certified file of a model that has no source but its own numbers: the twin is its source, and it says so."""
    data, tried_on = _written(model, certificate_texts)
    return _certified(data, tried_on, lambda texts: _of_twin(model, texts))


def _of_twin(model: Model, texts: list[str]) -> _Source:
    twin = Twin(model)
    shape = shape_of(model)
    nothing = Answer([math.nan] * shape.scores, [math.nan] * shape.probabilities, [0] * shape.labels)
    answers: list[Answer] = []
    refused = set()
    for i, text in enumerate(texts):
        try:
            answers.append(own_answer(twin.answer(text)))
        except InputError:
            refused.add(i)
            answers.append(nothing)
    return _Source(
        by="twin",
        scores=[a.scores for a in answers],
        probabilities=[a.probabilities or [] for a in answers] if shape.probabilities else None,
        labels=[a.labels for a in answers],
        refused=frozenset(refused),
        stages=twin,
        exact=True,
    )


def _written(model: Model, own: Sequence[str]) -> tuple[bytes, list[str]]:
    """The file without a certificate, and the texts to try it on."""
    if model.unicode not in UNICODE_VERSIONS:
        raise UnsupportedPipelineError(
            "python",
            "unicodedata",
            f"this Python follows Unicode {model.unicode}, the engine knows {', '.join(UNICODE_VERSIONS)}",
            "a Python from 3.11 to 3.14",
        )
    return dump(replace(model, certificate=None, tables=_tables(model))), _texts(model, own)


def _certified(data: bytes, texts: list[str], ask: Callable[[list[str]], _Source]) -> bytes:
    """The file with its certificate, once engine, source and twin agree."""
    # Of all that the trial needed only the certificate is left when the file is copied: both at once were too much.
    return with_certificate(data, *_tried(data, texts, ask))


def _tried(data: bytes, texts: list[str], ask: Callable[[list[str]], _Source]) -> tuple[Shape, Certificate]:
    """Engine and twin read the very bytes of the file."""
    model = parse(data)
    engine = _open(data, model)
    try:
        _refuse_endless(model, engine, texts)
        source = ask(texts)
        kept = [i for i in range(len(texts)) if i not in source.refused]
        batch = engine.classify([texts[i] for i in kept])
        twin = Twin(model)
        allowed = _try_all(model, engine, twin, texts, kept, batch, source)
        _refuse_alike(engine, twin, [texts[i] for i in sorted(source.refused)], source.by)
    except TooManyStepsError as error:  # the twin's, which has fewer
        raise _catastrophic(str(error)) from None
    finally:
        engine.dispose()
    certificate = certify.certificate(
        model,
        source.by,
        [texts[i] for i in kept],
        scores=[source.scores[i] for i in kept],
        probabilities=None if source.probabilities is None else [source.probabilities[i] for i in kept],
        labels=[source.labels[i] for i in kept],
        tolerances=allowed,
        engine=batch,
    )
    return shape_of(model), certificate


def _texts(model: Model, own: Sequence[str]) -> list[str]:
    """The caller's texts, then ours."""
    from .convert.ugly_texts import ugly_texts

    return certify.usable([*own, *ugly_texts(model)])


def _refuse_endless(model: Model, engine: Engine, texts: list[str]) -> None:
    """Let the engine meet every text first: where a token pattern is catastrophic it stops, which re does not."""
    if all(v.program is None for v in vectorizers(model)):
        return
    for text in texts:
        try:
            engine.classify((text,))
        except TooManyStepsError:
            raise _catastrophic(endless(model, text)) from None
        except InputError:
            continue


def _catastrophic(reason: str) -> UnsupportedPipelineError:
    return UnsupportedPipelineError(
        "vectorizer",
        "token_pattern",
        reason,
        "a pattern without repeats inside of repeats, or with possessive ones (a++ for a+)",
    )


def _tables(model: Model) -> tuple[bytes | None, ...]:
    """The look-up table of each vectorizer that has words."""
    return tuple(_table(model, v) if v.vocabulary is not None or v.stop_words else None for v in vectorizers(model))


def _table(model: Model, vectorizer: Vectorizer) -> bytes:
    """Built by the engine, which needs nothing of the model for it but the vectorizer itself."""
    alone = replace(
        model,
        class_sets=(Classes("int", (0,)),),
        targets="single",
        weights="float64",
        certificate=None,
        tables=(),
        pipeline=Pipeline(vectorizer, (), ConstantHead([1.0], [0])),
    )
    engine = _open(dump(alone), alone)
    try:
        return engine.build_table()
    finally:
        engine.dispose()


def _open(data: bytes, model: Model) -> WasmEngine:
    """The engine whose bits every host is held to: it has to be there when a file is made."""
    engine = open_engine("wasm", data, model)
    assert isinstance(engine, WasmEngine)
    return engine


def _try_all(
    model: Model, engine: Engine, twin: Twin, texts: list[str], kept: list[int], batch: Batch, source: _Source
) -> list[Slack]:
    """Hold source, engine and twin against each other on every text kept; the tolerances of the scores."""
    against_source = Tally(model, engine, source.by)
    against_twin = Tally(model, engine, "twin")
    result: list[Slack] = []
    for row, i in enumerate(kept):
        text = texts[i]
        own = twin.answer(text)
        tolerance = own.source
        if not source.exact:
            tolerance = loosened(tolerance, own.sizes)
        result.append(tolerance)
        got = answer_at(model, batch, row)
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
