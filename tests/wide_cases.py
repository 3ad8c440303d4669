"""One small pipeline for every stage and head beyond the plain ones, by name: what the twin, the engines and the file
are tried on. Fitted on a few made-up reviews, so that all of them together take seconds."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from functools import cache
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
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import BernoulliNB, ComplementNB, MultinomialNB
from sklearn.neighbors import NearestCentroid
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline, make_union
from sklearn.preprocessing import Binarizer, MaxAbsScaler, Normalizer
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier

WORDS = [
    *("good", "bad", "film", "plot", "really", "very", "not", "great", "awful", "the", "a", "of", "to", "is", "was"),
    *("actor", "scene", "music", "dull", "很好", "bright", "café"),
]


def documents() -> list[str]:
    rng = random.Random("wide")
    return [" ".join(rng.choices(WORDS, k=rng.randrange(3, 12))) for _ in range(120)]


TEXTS = documents()


def _two(text: str) -> str:
    return "pos" if text.count("good") + text.count("很好") >= text.count("bad") + text.count("dull") else "neg"


def _three(text: str) -> int:
    return (text.count("good") + 2 * text.count("film") + text.count("the")) % 3 * 10


TARGETS: dict[str, Any] = {
    "2": np.array([_two(text) for text in TEXTS]),
    "3": np.array([_three(text) for text in TEXTS]),
    # Any set of three labels; the third is rare.
    "many": np.array([["good" in t, "film" in t and "not" not in t, t.count("actor") > 1] for t in TEXTS]).astype(int),
    # Two outputs, of two and of three classes.
    "outputs": np.array([[_two(text), str(_three(text))] for text in TEXTS], dtype=object),
}


def _tfidf(**options: Any) -> Any:
    return TfidfVectorizer(**options)


def _union() -> Any:
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3), max_features=40)
    return FeatureUnion([("w", _tfidf()), ("c", characters)], transformer_weights={"w": 2.0, "c": 0.5})


def _svd(n: int) -> Any:
    return TruncatedSVD(n, random_state=0)


def _forest(kind: Any, n: int = 6) -> Any:
    return kind(n, max_depth=6, random_state=0)


def _mlp(*sizes: int, **options: Any) -> Any:
    return MLPClassifier(sizes, max_iter=60, random_state=0, **options)


def _votes(voting: str, weights: Any = None) -> Any:
    members = [("lr", LogisticRegression()), ("nb", MultinomialNB()), ("tree", DecisionTreeClassifier(random_state=0))]
    return VotingClassifier(members, voting=voting, weights=weights)


_ANY: dict[str, Callable[[], Any]] = {
    "union": lambda: make_pipeline(_union(), LogisticRegression()),
    "union-nested": lambda: make_pipeline(
        make_union(_union(), make_pipeline(HashingVectorizer(n_features=64), Normalizer("l1"))), LinearSVC()
    ),
    "union-of-rows": lambda: make_pipeline(
        _tfidf(), make_union(_svd(4), SelectKBest(k=5), "passthrough"), LogisticRegression()
    ),
    "select": lambda: make_pipeline(_tfidf(), SelectKBest(k=10), MaxAbsScaler(), LogisticRegression()),
    "variance": lambda: make_pipeline(CountVectorizer(), VarianceThreshold(0.2), MultinomialNB()),
    "binarize": lambda: make_pipeline(CountVectorizer(), Binarizer(threshold=1.0), LinearSVC()),
    "svd": lambda: make_pipeline(_tfidf(sublinear_tf=True), _svd(5), Normalizer(), LogisticRegression()),
    "layers-relu": lambda: make_pipeline(_tfidf(), _mlp(8, 4)),
    "layers-tanh": lambda: make_pipeline(_tfidf(), _mlp(6, activation="tanh")),
    "layers-logistic": lambda: make_pipeline(_svd_front(), _mlp(6, activation="logistic")),
    "layers-identity": lambda: make_pipeline(CountVectorizer(), _mlp(5, activation="identity")),
    "complement": lambda: make_pipeline(CountVectorizer(), ComplementNB(norm=True)),
    "bernoulli": lambda: make_pipeline(CountVectorizer(), BernoulliNB(binarize=1.0)),
    "calibrated": lambda: make_pipeline(_tfidf(), CalibratedClassifierCV(LinearSVC(), cv=3)),
    "calibrated-isotonic": lambda: make_pipeline(
        _tfidf(), CalibratedClassifierCV(LinearSVC(), cv=3, method="isotonic")
    ),
    "calibrated-pipelines": lambda: CalibratedClassifierCV(make_pipeline(_tfidf(), LinearSVC()), cv=3),
    "calibrated-bayes": lambda: make_pipeline(CountVectorizer(), CalibratedClassifierCV(MultinomialNB(), cv=2)),
    "calibrated-one": lambda: make_pipeline(_tfidf(), CalibratedClassifierCV(LogisticRegression(), ensemble=False)),
    "soft": lambda: make_pipeline(_tfidf(), _votes("soft", [1, 2, 0.5])),
    "soft-pipelines": lambda: VotingClassifier(
        [
            ("a", make_pipeline(_tfidf(), LogisticRegression())),
            ("b", make_pipeline(CountVectorizer(), MultinomialNB())),
        ],
        voting="soft",
    ),
    "hard": lambda: make_pipeline(_tfidf(), _votes("hard")),
    "rest": lambda: make_pipeline(_tfidf(), OneVsRestClassifier(LinearSVC())),
    "rest-bayes": lambda: make_pipeline(CountVectorizer(), OneVsRestClassifier(MultinomialNB())),
    "rest-layers": lambda: make_pipeline(_tfidf(), OneVsRestClassifier(_mlp(3))),
    "pairs": lambda: make_pipeline(_tfidf(), OneVsOneClassifier(LinearSVC())),
    "pairs-bayes": lambda: make_pipeline(CountVectorizer(), OneVsOneClassifier(MultinomialNB())),
    "centroid": lambda: make_pipeline(_tfidf(), NearestCentroid()),
    "centroid-manhattan": lambda: make_pipeline(CountVectorizer(), NearestCentroid(metric="manhattan")),
    "centroid-priors": lambda: make_pipeline(_tfidf(), NearestCentroid(priors="empirical")),
    "constant": lambda: make_pipeline(CountVectorizer(), DummyClassifier()),
    "tree": lambda: make_pipeline(_tfidf(), DecisionTreeClassifier(random_state=0)),
    "extra-tree": lambda: make_pipeline(CountVectorizer(), ExtraTreeClassifier(random_state=0)),
    "forest": lambda: make_pipeline(_tfidf(), _forest(RandomForestClassifier)),
    "extra-forest": lambda: make_pipeline(CountVectorizer(), _forest(ExtraTreesClassifier)),
    "forest-svd": lambda: make_pipeline(_tfidf(), _svd(4), _forest(RandomForestClassifier, 3)),
    "boosting": lambda: make_pipeline(
        _tfidf(sublinear_tf=True), GradientBoostingClassifier(n_estimators=5, random_state=0)
    ),
}
_TWO: dict[str, Callable[[], Any]] = {
    "boosting-exponential": lambda: make_pipeline(
        CountVectorizer(), GradientBoostingClassifier(n_estimators=5, loss="exponential", random_state=0)
    ),
}
_MANY: dict[str, Callable[[], Any]] = {
    "rest": lambda: make_pipeline(_tfidf(), OneVsRestClassifier(LogisticRegression(C=100))),
    "rest-svc": lambda: make_pipeline(_tfidf(), OneVsRestClassifier(LinearSVC())),
    "rest-bayes": lambda: make_pipeline(CountVectorizer(), OneVsRestClassifier(MultinomialNB())),
    "layers": lambda: make_pipeline(_tfidf(), _mlp(6)),
}
_OUTPUTS: dict[str, Callable[[], Any]] = {
    "linear": lambda: make_pipeline(_tfidf(), MultiOutputClassifier(SGDClassifier(loss="log_loss", random_state=0))),
    "svc": lambda: make_pipeline(_tfidf(), MultiOutputClassifier(LinearSVC())),
    "bayes": lambda: make_pipeline(CountVectorizer(), MultiOutputClassifier(MultinomialNB())),
    "forest": lambda: make_pipeline(_tfidf(), _forest(RandomForestClassifier)),
}


def _svd_front() -> Any:
    return make_pipeline(_tfidf(), _svd(5))


CASES: dict[str, tuple[Callable[[], Any], str]] = {
    **{f"{name}-{n}": (make, n) for name, make in _ANY.items() for n in ("2", "3")},
    **{name: (make, "2") for name, make in _TWO.items()},
    **{f"many-{name}": (make, "many") for name, make in _MANY.items()},
    **{f"outputs-{name}": (make, "outputs") for name, make in _OUTPUTS.items()},
}
ASKED = [
    *TEXTS[:20],
    "",
    "zzz qqq",
    "good",
    "the the the not good 很好!",
    "BAD dull, awful",
    "\ud800 good",
    " ".join(WORDS * 3),
]


@cache
def fitted(name: str) -> Any:
    """The case's pipeline, fitted."""
    make, targets = CASES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of convergence: what is learned does not matter
        return make().fit(TEXTS, TARGETS[targets])
