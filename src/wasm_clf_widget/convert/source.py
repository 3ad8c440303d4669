"""What scikit-learn itself answers: the reference that every engine is held against."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.ensemble import VotingClassifier
from sklearn.metrics.pairwise import pairwise_distances
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import NearestCentroid

from .arrays import Matrix
from .heads.linear import BAYES
from .steps import flat_steps

Labels = np.ndarray[Any, np.dtype[np.intp]]


@dataclass(frozen=True, slots=True)
class SourceAnswers:
    """scikit-learn's answers to n texts.

    ``scores`` (n, K) float64: decision scores, K = 1 for two classes of a linear head; the joint log-likelihood of
    naive Bayes; the probabilities (or votes) of what has no decision function. ``probabilities`` (n, P) float64, None
    where the source has none. ``labels`` (n, L): index into the classes of what ``predict`` says, 0 or 1 for each class
    of several. ``refused``: indices of texts on which scikit-learn itself raises (their rows are NaN, label 0): a lone
    surrogate to be hashed, the logarithm of a count that is not positive, an overflow. ``rows``: the features before
    the head, where that is given features.
    """

    scores: Matrix
    probabilities: Matrix | None
    labels: Labels
    refused: frozenset[int]
    rows: Any = None


@dataclass(frozen=True, slots=True)
class _Answers:
    """A head's answers to one batch."""

    scores: Matrix
    probabilities: Matrix | None
    labels: Labels


def source_answers(estimator: Any, texts: Sequence[str]) -> SourceAnswers:
    """Answers of what :func:`~.sklearn.model_from_sklearn` accepts.

    The features stay sparse all the way, where scikit-learn gives each text the same bits alone and in a batch.
    """
    *before, head = flat_steps(estimator)
    parts: dict[int, tuple[int, _Answers, Any]] = {}
    refused: set[int] = set()

    def answer(start: int, stop: int) -> None:
        if start == stop:
            return
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                rows: Any = list(texts[start:stop])
                for step in before:
                    rows = step.transform(rows)
                parts[start] = (stop, _ask(head, rows, stop - start), rows if before else None)
        except ValueError:  # UnicodeEncodeError is one
            if stop - start == 1:
                refused.add(start)
                return
            # One bad text spoils a batch: find it by halves.
            middle = (start + stop) // 2
            answer(start, middle)
            answer(middle, stop)

    answer(0, len(texts))
    return _joined(len(texts), parts, frozenset(refused))


def _joined(n: int, parts: dict[int, tuple[int, _Answers, Any]], refused: frozenset[int]) -> SourceAnswers:
    found = [answers for _, answers, _ in parts.values()]
    if not found:
        return SourceAnswers(np.full((n, 1), np.nan), None, np.zeros((n, 1), dtype=np.intp), refused)
    first = found[0]
    scores = np.full((n, first.scores.shape[1]), np.nan)
    labels = np.zeros((n, first.labels.shape[1]), dtype=np.intp)
    probabilities = None if first.probabilities is None else np.full((n, first.probabilities.shape[1]), np.nan)
    for start, (stop, answers, _) in parts.items():
        scores[start:stop] = answers.scores
        labels[start:stop] = answers.labels
        if probabilities is not None and answers.probabilities is not None:
            probabilities[start:stop] = answers.probabilities
    rows = next(iter(parts.values()))[2] if not refused and len(parts) == 1 else None
    return SourceAnswers(scores, probabilities, labels, refused, rows)


def _ask(head: Any, rows: Any, n: int) -> _Answers:
    """One classifier's scores, probabilities and labels for rows of features (or for texts)."""
    *before, last = flat_steps(head)
    for step in before:
        rows = step.transform(rows)
    if isinstance(last, MultiOutputClassifier):
        return _side_by_side([_ask(one, rows, n) for one in last.estimators_])
    classes = last.classes_
    probabilities = _probabilities(last, rows, n)
    if isinstance(classes, list):  # trees, and constants, of several outputs
        answered = np.asarray(last.predict(rows)).reshape(n, len(classes))
        labels = np.column_stack([_indices(one, answered[:, k]) for k, one in enumerate(classes)])
        assert probabilities is not None
        return _Answers(probabilities, probabilities, labels)
    predicted = last.predict(rows)
    if sparse.issparse(predicted) or np.ndim(predicted) == 2:
        dense: Any = predicted.toarray() if sparse.issparse(predicted) else np.asarray(predicted)
        labels = dense.astype(np.intp)
    else:
        labels = _indices(classes, predicted)[:, None]
    if probabilities is not None and isinstance(last, OneVsRestClassifier):
        # As 1.7 and later leave a row of zeros. Before the scores, which may be these.
        probabilities = np.nan_to_num(probabilities, nan=0.0)
    scores = _scores(last, rows, n, probabilities)
    if probabilities is not None and not isinstance(last, OneVsRestClassifier):
        # Where every sigmoid underflows, scikit-learn before 1.9 divides 0 by 0; we answer as 1.9 does.
        bad = np.isnan(probabilities).any(axis=1) & np.isfinite(scores).all(axis=1)
        probabilities[bad] = 1.0 / probabilities.shape[1]
    return _Answers(scores, probabilities, labels)


def _probabilities(estimator: Any, rows: Any, n: int) -> Matrix | None:
    if not hasattr(estimator, "predict_proba"):
        return None
    found = estimator.predict_proba(rows)
    table = np.hstack(found) if isinstance(found, list) else np.asarray(found)
    return table.astype(np.float64).reshape(n, -1)


def _scores(estimator: Any, rows: Any, n: int, probabilities: Matrix | None) -> Matrix:
    if isinstance(estimator, BAYES):
        return np.asarray(estimator.predict_joint_log_proba(rows), dtype=np.float64)
    if hasattr(estimator, "decision_function"):
        return np.asarray(estimator.decision_function(rows), dtype=np.float64).reshape(n, -1)
    if isinstance(estimator, NearestCentroid):
        return -np.asarray(pairwise_distances(rows, estimator.centroids_, metric=estimator.metric))
    if isinstance(estimator, VotingClassifier) and estimator.voting == "hard":
        return _votes(estimator, rows, n)
    assert probabilities is not None
    return probabilities


def _votes(estimator: Any, rows: Any, n: int) -> Matrix:
    weights = estimator._weights_not_none or [1.0] * len(estimator.estimators_)
    votes = np.zeros((n, len(estimator.classes_)))
    for weight, one in zip(weights, estimator.estimators_, strict=True):
        votes[np.arange(n), np.asarray(one.predict(rows))] += weight
    return votes


def _indices(classes: Any, predicted: Any) -> Labels:
    places = {label: index for index, label in enumerate(np.asarray(classes).tolist())}
    return np.array([places[label] for label in np.asarray(predicted).tolist()], dtype=np.intp)


def _side_by_side(answers: Sequence[_Answers]) -> _Answers:
    tables = [one.probabilities for one in answers]
    known = [table for table in tables if table is not None]
    return _Answers(
        np.hstack([one.scores for one in answers]),
        np.hstack(known) if len(known) == len(tables) else None,
        np.hstack([one.labels for one in answers]),
    )
