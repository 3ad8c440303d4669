"""One pipeline for everything that the converter accepts, by name: what the versions of scikit-learn are compared on.

Made of scikit-learn 1.6's options only, so that the same cases run under the oldest and the newest supported version.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import TruncatedSVD
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer
from sklearn.feature_extraction.text import TfidfVectorizer as Tfidf
from sklearn.feature_selection import SelectFromModel, SelectKBest, SelectPercentile, VarianceThreshold, chi2
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, RidgeClassifier, SGDClassifier
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.model_selection._search_successive_halving import HalvingGridSearchCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import BernoulliNB, ComplementNB, MultinomialNB
from sklearn.neighbors import NearestCentroid
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion
from sklearn.pipeline import make_pipeline as pipe
from sklearn.preprocessing import Binarizer, MaxAbsScaler, Normalizer, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier

TEXTS = [
    "a good film, a very good film",
    "not a good film at all",
    "bad bad BAD product",
    "这个产品 非常 好用 推荐",
    "服务 态度差 再也 不来了",
    "the weather is fine today",
    "Straße café ΟΔΥΣΣΕΥΣ İstanbul",
    "neither good nor bad, the film is a film",
] * 4
OTHERS = ["", "x", "good good bad film", "bad", "good", "推荐 good", "the the the", "a film"]
TWO = ["neg", "pos", "neg", "pos", "neg", "pos", "pos", "neg"] * 4
THREE = [0, 1, 2, 1, 0, 2, 1, 0] * 4
SEVERAL = np.array([[1, 0, 1], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 0, 0], [1, 0, 0], [0, 1, 1], [1, 1, 1]] * 4)
NEVER_AND_ALWAYS = np.hstack([SEVERAL, np.ones((32, 1), int), np.zeros((32, 1), int)])
OUTPUTS = np.array([["x", "u"], ["y", "v"], ["x", "w"], ["y", "u"], ["x", "v"], ["y", "w"], ["x", "u"], ["y", "v"]] * 4)


def fitted(estimator: Any, y: Any) -> Any:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        if isinstance(estimator, FrozenEstimator):
            return FrozenEstimator(estimator.estimator.fit(TEXTS, y))
        return estimator.fit(TEXTS, y)


def _union(**weights: float) -> FeatureUnion:
    chars = CountVectorizer(analyzer="char_wb", ngram_range=(2, 3))
    return FeatureUnion([("words", Tfidf()), ("chars", chars)], transformer_weights=weights or None)


def _normed() -> FeatureUnion:
    chars = Tfidf(analyzer="char", ngram_range=(1, 3))
    return FeatureUnion([("words", Tfidf()), ("chars", chars)], transformer_weights={"words": 0.7, "chars": 2})


def rows(y: Any) -> Iterator[tuple[str, Any]]:
    """Everything between the text and the classifier."""
    lr = LogisticRegression
    selected = pipe(CountVectorizer(), SelectKBest(chi2, k=5), TfidfTransformer())
    handed_on = [("id", "passthrough"), ("tfidf", TfidfTransformer()), ("best", SelectKBest(chi2, k=4))]
    yield "union", pipe(_union(), lr())
    yield "union-weights", pipe(_union(words=0.5, chars=3.0), lr())
    yield "union-normed", pipe(_normed(), lr())
    yield "union-norm", pipe(_union(), Normalizer(), LinearSVC())
    yield "union-dropped", pipe(FeatureUnion([("a", Tfidf()), ("b", "drop")]), lr())
    yield (
        "union-hashing",
        pipe(
            FeatureUnion([("hash", HashingVectorizer(n_features=64)), ("best", selected)]),
            SGDClassifier(loss="log_loss", random_state=0),
        ),
    )
    yield (
        "union-within",
        pipe(CountVectorizer(), FeatureUnion(handed_on, transformer_weights={"id": 0.5}), MultinomialNB()),
    )
    yield "select-k-best", pipe(Tfidf(), SelectKBest(chi2, k=7), lr())
    yield "select-percentile", pipe(CountVectorizer(), SelectPercentile(chi2, percentile=30), lr())
    yield "select-from-model", pipe(Tfidf(), SelectFromModel(LinearSVC(random_state=0)), RidgeClassifier())
    yield "variance", pipe(Tfidf(), VarianceThreshold(0.01), Binarizer(threshold=0.2), lr())
    yield "max-abs", pipe(Tfidf(), MaxAbsScaler(), lr())
    yield "standard", pipe(CountVectorizer(), StandardScaler(with_mean=False), lr())
    yield "svd", pipe(Tfidf(), TruncatedSVD(5, random_state=0), Normalizer(), lr())
    yield "svd-linear", pipe(Tfidf(), TruncatedSVD(5, random_state=0), LinearSVC())
    yield "svd-bernoulli", pipe(Tfidf(), TruncatedSVD(4, random_state=0), BernoulliNB(binarize=0.01))
    yield "svd-binarizer", pipe(Tfidf(), TruncatedSVD(4, random_state=0), Binarizer(threshold=0.01), LinearSVC())
    yield "nested", pipe(pipe(CountVectorizer(), "passthrough", TfidfTransformer()), pipe(Normalizer(), lr()))
    yield "pattern", pipe(Tfidf(token_pattern=r"[a-z]+|[^\w\s]"), lr())
    yield "group", pipe(Tfidf(token_pattern=r"(?u)\b(\w)\w+"), lr())


def heads(y: Any) -> Iterator[tuple[str, Any]]:
    """Every classifier of one label."""
    lr = LogisticRegression
    yield "complement", pipe(CountVectorizer(), ComplementNB(norm=True))
    yield "complement-tfidf", pipe(Tfidf(), ComplementNB())
    yield "bernoulli", pipe(CountVectorizer(), BernoulliNB())
    yield "bernoulli-as-is", pipe(CountVectorizer(binary=True), BernoulliNB(binarize=None))
    yield "logistic-cv", pipe(Tfidf(), LogisticRegressionCV(Cs=2, cv=2))
    for activation in ("identity", "logistic", "tanh", "relu"):
        net = MLPClassifier((6, 4), activation=activation, max_iter=20, random_state=0)
        yield f"mlp-{activation}", pipe(Tfidf(), net)
    yield "mlp-svd", pipe(Tfidf(), TruncatedSVD(4, random_state=0), MLPClassifier((3,), max_iter=20, random_state=0))
    for method in ("sigmoid", "isotonic"):
        for ensemble in (True, False):
            options = {"method": method, "ensemble": ensemble, "cv": 2}
            name = f"{method}-{'ensemble' if ensemble else 'one'}"
            yield f"calibrated-{name}", pipe(Tfidf(), CalibratedClassifierCV(LinearSVC(), **options))
            yield f"calibrated-outer-{name}", CalibratedClassifierCV(pipe(Tfidf(), LinearSVC()), **options)
        yield f"calibrated-bayes-{method}", pipe(Tfidf(), CalibratedClassifierCV(MultinomialNB(), method=method, cv=2))
        frozen = FrozenEstimator(fitted(pipe(Tfidf(), lr()), y))
        yield f"calibrated-frozen-{method}", CalibratedClassifierCV(frozen, method=method)
    forest = RandomForestClassifier(5, random_state=0)
    yield "calibrated-forest", pipe(Tfidf(), CalibratedClassifierCV(forest, method="isotonic", cv=2))
    yield "rest-logistic", pipe(Tfidf(), OneVsRestClassifier(lr()))
    yield "rest-svc", pipe(Tfidf(), OneVsRestClassifier(LinearSVC()))
    yield "rest-bayes", pipe(Tfidf(), OneVsRestClassifier(MultinomialNB()))
    yield "rest-huber", pipe(Tfidf(), OneVsRestClassifier(SGDClassifier(loss="modified_huber", random_state=0)))
    yield "rest-outer", OneVsRestClassifier(pipe(Tfidf(), lr()))
    yield "rest-calibrated", pipe(Tfidf(), OneVsRestClassifier(CalibratedClassifierCV(LinearSVC(), cv=2)))
    yield "one-one-svc", pipe(Tfidf(), OneVsOneClassifier(LinearSVC()))
    yield "one-one-bayes", pipe(Tfidf(), OneVsOneClassifier(MultinomialNB()))
    two = [("a", lr()), ("b", MultinomialNB())]
    yield "vote-soft", pipe(Tfidf(), VotingClassifier(two, voting="soft", weights=[1, 2.5]))
    yield "vote-hard", pipe(Tfidf(), VotingClassifier([*two, ("c", LinearSVC())]))
    whole = [("a", pipe(Tfidf(), lr())), ("b", pipe(CountVectorizer(), MultinomialNB())), ("c", "drop")]
    yield "vote-outer-hard", VotingClassifier(whole, weights=[2, 3, 1])
    yield "vote-outer-soft", VotingClassifier(whole, voting="soft")
    yield "centroids", pipe(Tfidf(), NearestCentroid())
    yield "centroids-manhattan", pipe(Tfidf(), NearestCentroid(metric="manhattan"))
    yield "centroids-priors", pipe(Tfidf(), NearestCentroid(priors="empirical"))
    yield "centroids-shrunk", pipe(Tfidf(), NearestCentroid(shrink_threshold=0.1))
    for strategy in ("prior", "most_frequent"):
        yield f"dummy-{strategy}", pipe(Tfidf(), DummyClassifier(strategy=strategy))
    yield "dummy-constant", pipe(Tfidf(), DummyClassifier(strategy="constant", constant=y[1]))
    yield "tree", pipe(Tfidf(), DecisionTreeClassifier(random_state=0))
    yield "extra-tree", pipe(CountVectorizer(), ExtraTreeClassifier(random_state=0))
    yield "forest", pipe(Tfidf(), RandomForestClassifier(10, random_state=0))
    yield "extra-forest", pipe(CountVectorizer(), ExtraTreesClassifier(10, random_state=0))
    yield "boosting", pipe(Tfidf(), GradientBoostingClassifier(n_estimators=8, random_state=0))
    yield "boosting-zero", pipe(Tfidf(), GradientBoostingClassifier(n_estimators=4, init="zero", random_state=0))
    yield "forest-svd", pipe(Tfidf(), TruncatedSVD(5, random_state=0), RandomForestClassifier(5, random_state=0))
    yield "grid", GridSearchCV(pipe(Tfidf(), lr()), {"tfidfvectorizer__binary": [False, True]}, cv=2)
    yield "randomized", RandomizedSearchCV(pipe(Tfidf(), lr()), {"tfidfvectorizer__norm": ["l1", "l2"]}, n_iter=1, cv=2)
    yield (
        "halving",
        HalvingGridSearchCV(pipe(Tfidf(), lr()), {"logisticregression__C": [1, 10]}, cv=2, min_resources=16),
    )
    yield "grid-within", pipe(Tfidf(), GridSearchCV(lr(), {"C": [1, 10]}, cv=2))
    yield "frozen", FrozenEstimator(pipe(Tfidf(), lr()))


def several() -> Iterator[tuple[str, Any, Any]]:
    """Several labels a text."""
    for name, head in (
        ("logistic", LogisticRegression()),
        ("svc", LinearSVC()),
        ("bayes", MultinomialNB()),
        ("calibrated", CalibratedClassifierCV(LinearSVC(), cv=2)),
    ):
        yield f"labels-rest-{name}", pipe(Tfidf(), OneVsRestClassifier(head)), SEVERAL
        yield f"labels-outputs-{name}", pipe(Tfidf(), MultiOutputClassifier(head)), SEVERAL
        yield f"outputs-{name}", pipe(Tfidf(), MultiOutputClassifier(head)), OUTPUTS
    yield "outputs-outer", MultiOutputClassifier(pipe(Tfidf(), LogisticRegression())), OUTPUTS
    yield "labels-ridge", pipe(Tfidf(), RidgeClassifier()), SEVERAL
    yield "labels-mlp", pipe(Tfidf(), MLPClassifier((5,), max_iter=10, random_state=0)), SEVERAL
    yield "labels-tree", pipe(Tfidf(), DecisionTreeClassifier(random_state=0)), SEVERAL
    yield "outputs-forest", pipe(Tfidf(), RandomForestClassifier(5, random_state=0)), OUTPUTS
    yield "outputs-dummy", pipe(Tfidf(), DummyClassifier()), OUTPUTS
    for name, head in (("bayes", MultinomialNB()), ("svc", LinearSVC()), ("logistic", LogisticRegression())):
        yield f"labels-that-never-change-{name}", pipe(Tfidf(), OneVsRestClassifier(head)), NEVER_AND_ALWAYS


def cases() -> Iterator[tuple[str, Any, Any]]:
    """(name, estimator, targets)."""
    for suffix, y in (("-2", TWO), ("-3", THREE)):
        for name, estimator in (*rows(y), *heads(y)):
            yield name + suffix, estimator, y
    exponential = GradientBoostingClassifier(loss="exponential", n_estimators=5, random_state=0)
    yield "boosting-exponential", pipe(Tfidf(), exponential), TWO
    yield from several()
