"""Which spans of a text speak for which class, and how much."""

from __future__ import annotations

from collections import defaultdict

from ..model.spec import Model
from ..results import Explanation, Span
from .alignment import align, original_span
from .analyzer import Analyzer, Occurrence, replace_surrogates
from .head import Head
from .row import Features, transformed


def explain(text: str, model: Model, analyzer: Analyzer, features: Features, head: Head) -> Explanation:
    """Spans in scikit-learn's order of the n-grams; per class they and the remainder add up to the score.

    A feature's contribution xᵢ·wᵢ is shared equally by its occurrences. Where hashing counts some of them as −1, each
    gets its share with its sign, unless the signs cancel; ``binary`` asks only whether there was an occurrence.
    """
    vectorizer = analyzer.spec
    row = transformed(features.counts(text), model.pipeline.transforms)
    scores, _ = head.scores(row)
    contributions = {index: [value * weight for weight in head.coefficients(index)] for index, value in row}

    clean, _ = replace_surrogates(text)
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
    spans: list[Span] = []
    sums = [0.0] * len(scores)
    for (ngram, lo, hi), index, sign in found:
        by_sign = signs[index] != 0 and not vectorizer.binary
        share = sign / signs[index] if by_sign else 1.0 / occurrences[index]
        weights = [contribution * share for contribution in contributions[index]]
        for output, weight in enumerate(weights):
            sums[output] += weight
        start, end = original_span(origins, lo, hi, words=vectorizer.analyzer == "word")
        spans.append(Span(start, end, ngram, _columns(weights)))
    remainder = [score - total for score, total in zip(scores, sums, strict=True)]
    return Explanation(text, model.classes, spans, _columns(remainder), _columns(scores))


def _columns(outputs: list[float]) -> tuple[float, ...]:
    """One column a class: a binary head's one score s stands for −s and s."""
    return (-outputs[0], outputs[0]) if len(outputs) == 1 else tuple(outputs)
