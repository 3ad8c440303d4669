"""Which spans of a text speak for which class, and how much."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import InputError
from ..model.explained import why_not_explained
from ..model.spec import ConstantHead, LinearHead, Model, MultiOutputHead, OneVsRestHead, VoteHead
from ..results import Explanation, Span
from .alignment import align, original_span
from .analyzer import Occurrence, replace_surrogates
from .heads import Linear
from .pipelines import Stages
from .row import Features, Origin, Row, Run


@dataclass(frozen=True, slots=True)
class _Sum:
    """Scores, one a column, and what each feature gave to each. ``pair``: the columns are −s and s.

    ``constant``: no feature can give anything, whatever the text.
    """

    scores: list[float]
    given: list[tuple[Origin, list[float]]]
    pair: bool = False
    constant: bool = False


def explain(text: str, model: Model, stages: Stages, vectorizers: Sequence[Features]) -> Explanation:
    """Spans vectorizer by vectorizer in scikit-learn's order of the n-grams; per column they and the remainder add up.

    A feature's contribution is shared equally by its occurrences. Where hashing counts some of them as −1, each gets
    its share with its sign, unless the signs cancel; ``binary`` asks only whether there was an occurrence.
    """
    if (reason := why_not_explained(model)) is not None:
        raise InputError(f"the model {model.name!r} cannot be explained by n-grams: {reason}")
    clean, _ = replace_surrogates(text)
    found = _summed(stages, Run(text), None)
    contributions: dict[Origin, list[float]] = {}
    for origin, weights in found.given:
        before = contributions.get(origin)
        contributions[origin] = weights if before is None else [a + b for a, b in zip(before, weights, strict=True)]
    sums = [0.0] * len(found.scores)
    spans: list[Span] = []
    for features in vectorizers:
        for span in _spans(clean, features, contributions):
            spans.append(span)
            sums = [total + weight for total, weight in zip(sums, span.weights, strict=True)]
    remainder = tuple(score - total for score, total in zip(found.scores, sums, strict=True))
    return Explanation(text, model.classes, spans, remainder, tuple(found.scores))


def _spans(clean: str, features: Features, contributions: dict[Origin, list[float]]) -> list[Span]:
    """The spans of one vectorizer's n-grams."""
    analyzer, vectorizer = features.analyzer, features.spec
    found: list[tuple[Occurrence, int, int]] = []
    signs: defaultdict[int, int] = defaultdict(int)
    occurrences: defaultdict[int, int] = defaultdict(int)
    for occurrence in analyzer.occurrences(analyzer.analysed(analyzer.normalize(clean))):
        feature = features.lookup(occurrence[0])
        if feature is not None:
            index, sign = feature
            found.append((occurrence, index, sign))
            signs[index] += sign
            occurrences[index] += 1
    origins = align(clean, vectorizer)
    spans = []
    for (ngram, lo, hi), index, sign in found:
        given = contributions.get((features.number, index))
        if given is None:  # a transform left the feature out
            continue
        by_sign = signs[index] != 0 and not vectorizer.binary
        share = sign / signs[index] if by_sign else 1.0 / occurrences[index]
        start, end = original_span(origins, lo, hi, words=vectorizer.analyzer == "word")
        spans.append(Span(start, end, ngram, tuple(weight * share for weight in given)))
    return spans


def _summed(stages: Stages, run: Run, around: Row | None) -> _Sum:
    """A pipeline's scores as a sum over the features of all vectorizers."""
    row = stages.row(run, around)
    if isinstance(stages.head, Linear):
        assert row is not None
        assert row.origins is not None
        return _linear(stages.head, row, run)
    parts = [_summed(member, run, row) for member in stages.members]
    match stages.spec:
        case ConstantHead(probabilities):
            return _Sum([float(p) for p in probabilities], [], constant=True)
        case OneVsRestHead(label="sign"):
            return parts[0]
        case OneVsRestHead():
            return _side_by_side([_class_1(part) for part in parts])
        case MultiOutputHead():
            return _side_by_side(parts)
        case VoteHead(weights=weights) if weights is not None:
            return _mean(parts, [float(w) for w in weights])
        case _:  # calibrated, or a soft vote without weights
            return _mean(parts, [1.0] * len(parts))


def _linear(head: Linear, row: Row, run: Run) -> _Sum:
    scores = head.score(row, run).scores
    pair = _is_pair(head.spec)

    def columns(weights: list[float]) -> list[float]:
        return [-weights[0], weights[0]] if pair else weights

    given = [
        (origin, columns([value * weight for weight in head.coefficients(index)]))
        for origin, index, value in zip(row.origins or (), row.indices, row.values, strict=True)
    ]
    return _Sum(columns(scores), given, pair)


def _is_pair(head: LinearHead) -> bool:
    """One score of two classes stands for −s and s; that of one label that is on or off does not."""
    return head.outputs == 1 and head.label != "each"


def _class_1(part: _Sum) -> _Sum:
    """One column: s of −s and s, else the second less the first. A constant has nobody's share in it: its second."""
    last = part.pair or part.constant

    def column(weights: Sequence[float]) -> list[float]:
        return [weights[1] if last else weights[1] - weights[0]]

    return _Sum(column(part.scores), [(origin, column(weights)) for origin, weights in part.given])


def _side_by_side(parts: Sequence[_Sum]) -> _Sum:
    width = sum(len(part.scores) for part in parts)
    given: list[tuple[Origin, list[float]]] = []
    at = 0
    for part in parts:
        before, behind = [0.0] * at, [0.0] * (width - at - len(part.scores))
        given.extend((origin, [*before, *weights, *behind]) for origin, weights in part.given)
        at += len(part.scores)
    return _Sum([score for part in parts for score in part.scores], given)


def _mean(parts: Sequence[_Sum], weights: Sequence[float]) -> _Sum:
    whole = sum(weights)
    scores = [0.0] * len(parts[0].scores)
    given: list[tuple[Origin, list[float]]] = []
    for part, weight in zip(parts, weights, strict=True):
        scores = [total + score * weight / whole for total, score in zip(scores, part.scores, strict=True)]
        given.extend((origin, [own * weight / whole for own in columns]) for origin, columns in part.given)
    return _Sum(scores, given, all(part.pair for part in parts))
