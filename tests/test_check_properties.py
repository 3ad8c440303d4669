"""Whatever is in the way, and however much of it at once: the suggestion, once fitted, has nothing in the way."""

from __future__ import annotations

import contextlib
import os
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import GradientBoostingClassifier, VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import Binarizer, FunctionTransformer, MaxAbsScaler, StandardScaler
from sklearn.svm import SVC, LinearSVC

import wasm_clf_widget as wcw
from wasm_clf_widget.convert.sklearn import model_from_sklearn

TEXTS = ["a good film", "a bad film", "good good product", "bad product", "nice #tag day", "rainy day, no film"] * 3
EXAMPLES = 4_000 if os.environ.get("WCW_LONG") == "1" else 40

LABELS = ["pos", "neg", "pos", "neg", "pos", "neg"] * 3

# Each bad by itself; any of them may come together.
WORDS = {
    "preprocessor": [str.upper, str.strip],
    "tokenizer": [str.split, list, lambda text: [text[::-1]]],
    "analyzer": [str.split, "char", "char_wb", "maybe"],
    "strip_accents": [str.lower, "maybe"],
    "token_pattern": [r"(?i)(\w)\1+"],
    "ngram_range": [(2, 1), (0, 2), (1, 80), (2, 0)],
    "dtype": [np.float32],
    "input": ["filename"],
}
HASHED = {**WORDS, "n_features": [2**24 + 1]}


def options(bad: dict[str, list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in bad.items()})


def vectorizers() -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(lambda chosen: TfidfVectorizer(**chosen), options(WORDS)),
        st.builds(lambda chosen: CountVectorizer(**{**chosen, "dtype": np.int8}), options(WORDS)),
        st.builds(lambda chosen: HashingVectorizer(**{"n_features": 64, **chosen}), options(HASHED)),
    )


def fronts() -> st.SearchStrategy[Any]:
    branch = st.one_of(
        vectorizers(),
        st.just("passthrough"),
        st.builds(lambda: FunctionTransformer(str.strip)),
        st.builds(
            lambda v, t: Pipeline([("v", v), ("t", t)]),
            vectorizers(),
            st.sampled_from([StandardScaler(), TfidfTransformer()]),
        ),
        st.builds(lambda s: Pipeline([("f", FunctionTransformer(str.strip)), ("s", s)]), st.just(StandardScaler())),
    )
    union = st.builds(
        lambda one, two, weight: FeatureUnion([("a", one), ("b", two)], transformer_weights={"a": weight, "b": 2.0}),
        branch,
        branch,
        st.sampled_from([1.0, float("nan")]),
    )
    return st.one_of(vectorizers(), union, st.just(FunctionTransformer(str.strip)))


TRANSFORMERS = (
    "passthrough",
    StandardScaler(),
    MaxAbsScaler(),
    Binarizer(threshold=-1.0),
    FunctionTransformer(np.sqrt),
    SelectKBest(k=2),
)
HEADS = (
    LogisticRegression(),
    BernoulliNB(alpha=0.0, force_alpha=True, binarize=-1.0),
    GaussianNB(),
    SVC(),
    SVC(probability=True),
    KNeighborsClassifier(2),
    DummyClassifier(strategy="stratified"),
    NearestCentroid(metric="manhattan", priors=[0.9, 0.1]),
    GradientBoostingClassifier(n_estimators=2, init=DummyClassifier()),
)


def heads() -> st.SearchStrategy[Any]:
    plain = st.sampled_from(HEADS)
    return st.one_of(
        plain,
        st.builds(
            lambda a, b, voting: VotingClassifier([("a", a), ("b", b)], voting=voting),
            plain,
            st.just(LinearSVC()),
            st.sampled_from(["soft", "hard"]),
        ),
        st.builds(lambda inner: OneVsRestClassifier(inner), plain),
        st.builds(lambda inner: CalibratedClassifierCV(inner, cv=2, method="isotonic"), plain),
        st.builds(lambda inner: FixedThresholdClassifier(inner, threshold=0.3), plain),
    )


@st.composite
def broken(draw: Any) -> Any:
    wrap = draw(st.sampled_from(["none", "none", "search", "calibrated"]))
    # scikit-learn does not calibrate what has no scores, such as a vote.
    head = draw(st.sampled_from(HEADS) if wrap == "calibrated" else heads())
    steps = [("front", draw(fronts())), ("between", draw(st.sampled_from(TRANSFORMERS))), ("head", head)]
    pipeline = clone(Pipeline(steps))
    if wrap == "search":
        return GridSearchCV(pipeline, {"front": [clone(pipeline["front"])], "head": [clone(pipeline["head"])]}, cv=2)
    return CalibratedClassifierCV(pipeline, cv=2) if wrap == "calibrated" else pipeline


def fitted(estimator: Any) -> Any:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return estimator.fit(TEXTS, LABELS)


# scikit-learn calibrates nothing without scores; in its place came CalibratedClassifierCV(None), which reads no text.
WITHOUT_SCORES = CalibratedClassifierCV(
    Pipeline(
        [
            ("front", FunctionTransformer(str.strip)),
            ("between", StandardScaler()),
            ("head", NearestCentroid(metric="manhattan", priors=[0.9, 0.1])),
        ]
    ),
    cv=2,
)


@pytest.mark.filterwarnings("ignore")
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@example(pipeline=WITHOUT_SCORES, fit_first=True)
@example(
    pipeline=CalibratedClassifierCV(GridSearchCV(WITHOUT_SCORES.estimator, {"head": [NearestCentroid()]}, cv=2), cv=2),
    fit_first=False,
)
@example(pipeline=CalibratedClassifierCV(FixedThresholdClassifier(WITHOUT_SCORES.estimator), cv=2), fit_first=False)
@example(
    pipeline=CalibratedClassifierCV(Pipeline([*WITHOUT_SCORES.estimator.steps, ("end", "passthrough")]), cv=2),
    fit_first=False,
)
@example(pipeline=CalibratedClassifierCV(cv=2), fit_first=False)
# What was learned from a weight that is no number has no option to be edited.
@example(
    pipeline=Pipeline(
        [
            ("front", FeatureUnion([("a", CountVectorizer())], transformer_weights={"a": float("nan")})),
            ("between", MaxAbsScaler()),
            ("head", DummyClassifier(strategy="stratified")),
        ]
    ),
    fit_first=True,
)
@given(broken(), st.booleans())
def test_the_suggestion_converts_once_it_is_fitted(pipeline: Any, fit_first: bool) -> None:
    if fit_first:
        # What scikit-learn does not take either is checked as it stands.
        with contextlib.suppress(ValueError, TypeError, AttributeError, OSError):
            fitted(pipeline)
    report = wcw.check(pipeline)
    if report.suggestion is None:
        editable = [obstacle for obstacle in report.obstacles if "is not fitted" not in obstacle.reason]
        assert bool(report.unsettled) == bool(editable)
        assert not editable, report
        return
    assert not report.unsettled
    suggestion = fitted(report.suggestion)
    again = wcw.check(suggestion)
    assert again.ok, again
    model_from_sklearn(suggestion, name="m")
