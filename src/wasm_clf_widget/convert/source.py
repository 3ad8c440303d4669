"""What scikit-learn itself answers: the reference that every engine is held against."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.naive_bayes import MultinomialNB

from .heads import Matrix
from .steps import steps_of


@dataclass(frozen=True, slots=True)
class SourceAnswers:
    """scikit-learn's answers to n texts.

    ``scores`` (n, K) float64: decision scores, K = 1 for two classes of a linear head; the joint log-likelihood of
    naive Bayes. ``probabilities`` (n, C) float64, None where the source has none. ``labels`` (n,): index into
    ``classes_`` of what ``predict`` says. ``refused``: indices of texts on which scikit-learn itself raises (their rows
    are NaN, label 0): a lone surrogate to be hashed, the logarithm of a count that is not positive, an overflow.
    """

    scores: Matrix
    probabilities: Matrix | None
    labels: np.ndarray[Any, np.dtype[np.intp]]
    refused: frozenset[int]


def source_answers(pipeline: Any, texts: Sequence[str]) -> SourceAnswers:
    """Answers of a fitted pipeline that :func:`~.sklearn.model_from_sklearn` accepts.

    The features stay sparse all the way, where scikit-learn gives each text the same bits alone and in a batch.
    """
    *before, (_, head) = steps_of(pipeline)
    classes = {label: index for index, label in enumerate(np.asarray(head.classes_).tolist())}
    outputs = 1 if len(classes) == 2 and not isinstance(head, MultinomialNB) else len(classes)
    with_probabilities = hasattr(head, "predict_proba")
    scores = np.full((len(texts), outputs), np.nan)
    probabilities = np.full((len(texts), len(classes)), np.nan) if with_probabilities else None
    labels = np.zeros(len(texts), dtype=np.intp)
    refused: set[int] = set()

    def answer(start: int, stop: int) -> None:
        if start == stop:
            return
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore", RuntimeWarning)
                rows: Any = texts[start:stop]
                for _, step in before:
                    rows = step.transform(rows)
                decided = (
                    head.predict_joint_log_proba(rows)
                    if isinstance(head, MultinomialNB)
                    else head.decision_function(rows)
                )
                scores[start:stop] = decided.reshape(stop - start, outputs)
                if probabilities is not None:
                    probabilities[start:stop] = head.predict_proba(rows)
                labels[start:stop] = [classes[label] for label in np.asarray(head.predict(rows)).tolist()]
        except ValueError:  # UnicodeEncodeError is one
            if stop - start == 1:
                refused.add(start)
                return
            # One bad text spoils a batch: find it by halves.
            middle = (start + stop) // 2
            answer(start, middle)
            answer(middle, stop)

    answer(0, len(texts))
    for index in refused:
        scores[index] = np.nan
    if probabilities is not None:
        # Where every sigmoid of one-vs-rest underflows, scikit-learn before 1.9 divides 0 by 0; we answer as 1.9 does.
        probabilities[np.isnan(probabilities).any(axis=1) & np.isfinite(scores).all(axis=1)] = 1.0 / len(classes)
    return SourceAnswers(scores, probabilities, labels, frozenset(refused))
