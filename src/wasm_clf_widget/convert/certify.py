"""Which texts a file keeps with their answers: those that fit 256 texts and 64 kB, the caller's first."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from ..engines.base import Batch
from ..model.shape import shape_of
from ..model.spec import Certificate, Model
from ..texts import has_surrogate

MAX_TEXTS = 256
MAX_BYTES = 64 * 1024


def usable(texts: Sequence[str]) -> list[str]:
    """The texts that a file can hold, each once: no lone surrogates."""
    return [text for text in dict.fromkeys(texts) if not has_surrogate(text)]


def choose(model: Model, texts: Sequence[str]) -> list[int]:
    """Indices of the texts that fit, in order; a text too long for what is left is passed over.

    At least one is kept, the shortest: with thousands of classes one answer alone may be longer than all.
    """
    shape = shape_of(model)
    answer = 8 * (3 * shape.scores + 2 * shape.probabilities) + 4 * shape.labels + 4
    room = MAX_BYTES - 4
    chosen: list[int] = []
    for i, text in enumerate(texts):
        size = answer + len(text.encode())
        if size <= room:
            chosen.append(i)
            room -= size
        if len(chosen) == MAX_TEXTS:
            break
    if not chosen and texts:
        chosen = [min(range(len(texts)), key=lambda i: len(texts[i]))]
    return chosen


def certificate(
    model: Model,
    by: str,
    texts: Sequence[str],
    *,
    scores: Sequence[Sequence[float]],
    probabilities: Sequence[Sequence[float]] | None,
    labels: Sequence[Sequence[int]],
    tolerances: Sequence[Sequence[float]],
    engine: Batch,
) -> Certificate:
    """The certificate of those of the texts that fit; all answers are given for all texts."""
    chosen = choose(model, texts)
    k, c, _ = shape_of(model)
    p = engine.probabilities
    return Certificate(
        by=by,
        texts=tuple(texts[i] for i in chosen),
        scores=_flat(scores, chosen),
        probabilities=None if probabilities is None else _flat(probabilities, chosen),
        labels=array("I", (label for i in chosen for label in labels[i])),
        tolerance=_flat(tolerances, chosen),
        engine_scores=array("d", (engine.scores[i * k + j] for i in chosen for j in range(k))),
        engine_probabilities=None if p is None else array("d", (p[i * c + j] for i in chosen for j in range(c))),
    )


def _flat(rows: Sequence[Sequence[float]], chosen: Sequence[int]) -> array[float]:
    return array("d", (float(value) for i in chosen for value in rows[i]))
