"""Random estimators of everything that the converter accepts, for the property test: hypothesis draws all options.

The texts come from ``strategies``; here stand vectorizers, unions, transforms, heads, and what is wrapped
around them, up to one classifier within another.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import TruncatedSVD
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.feature_selection import SelectFromModel, SelectKBest, SelectPercentile, VarianceThreshold, chi2, f_classif
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Perceptron, RidgeClassifier, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import BernoulliNB, ComplementNB, MultinomialNB
from sklearn.neighbors import NearestCentroid
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import Binarizer, MaxAbsScaler, Normalizer
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from strategies import LABELS, corpus

Draw = Callable[..., Any]

PATTERNS = (
    r"(?u)\b\w\w+\b",
    r"(?u)\b\w+\b",
    r"\w+",
    r"\S+",
    r"[^\s]+",
    r"[a-zA-Z]{3,}",
    r"(?u)\b\w[\w'-]*\b",
    r"\w+|[^\w\s]",
    r"#?\w+",
    r"[\u4e00-\u9fff]|[a-z]+",
    r"(?i)[a-z]+",
    r"(?u)\b(\w+)\b",
    r"(?<=\s)\w+|\w+(?=!)",
)


@dataclass(frozen=True)
class Recipe:
    """An estimator to be fitted, and on what; its repr is what a failing test prints."""

    estimator: Any
    targets: str
    label_type: str
    n_classes: int
    seed: int

    def fit(self) -> Any | None:
        """The fitted estimator; None where scikit-learn itself cannot fit it (no words left, a class too small)."""
        rng = random.Random(self.seed)
        texts, labels = corpus(rng, 45, LABELS[self.label_type][: self.n_classes])
        y: Any = np.array(labels)
        if self.targets == "multilabel":
            y = np.array([[rng.randrange(2) for _ in range(3)] for _ in texts])
        elif self.targets == "multioutput":
            y = np.column_stack([y, [rng.choice(LABELS[self.label_type][:2]) for _ in texts]])
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                return self.estimator.fit(texts, y)
            except (ValueError, IndexError):
                return None


@st.composite
def recipes(draw: Draw) -> Recipe:
    """Any estimator of what issues 3 and 4 name."""
    label_type = draw(st.sampled_from(["str", "int", "bool"]))
    n_classes = 2 if label_type == "bool" else draw(st.sampled_from([2, 3, 4]))
    targets = draw(st.sampled_from(["single", "single", "single", "multilabel", "multioutput"]))
    signed = draw(st.booleans())
    rows = _rows(draw, signed)
    dense = draw(st.integers(0, 5)) == 0
    if dense:
        rows = [*rows, ("svd", TruncatedSVD(3, random_state=0))]
        if draw(st.booleans()):
            rows = [*rows, ("norm", Normalizer(draw(st.sampled_from(["l2", "l1", "max"]))))]
    signed = signed or dense
    head = _several(draw, signed, targets) if targets != "single" else _head(draw, signed, depth=1)
    outer = draw(st.integers(0, 7)) == 0 and targets == "single"
    estimator: Any = Pipeline([*rows, ("clf", head)])
    if outer:
        estimator = CalibratedClassifierCV(estimator, cv=2, ensemble=draw(st.booleans()))
    elif draw(st.integers(0, 9)) == 0:
        estimator = GridSearchCV(estimator, {}, cv=2)
    return Recipe(estimator, targets, label_type, n_classes, draw(st.integers(0, 2**32 - 1)))


def _vectorizer(draw: Draw, signed: bool) -> Any:
    analyzer = draw(st.sampled_from(["word", "word", "char", "char_wb"]))
    low = draw(st.integers(1, 2))
    options: dict[str, Any] = {
        "analyzer": analyzer,
        "ngram_range": (low, low + draw(st.integers(0, 1))),
        "lowercase": draw(st.booleans()),
        "strip_accents": draw(st.sampled_from([None, "ascii", "unicode"])),
        "binary": draw(st.booleans()),
    }
    if analyzer == "word":
        options["token_pattern"] = draw(st.sampled_from(PATTERNS))
        options["stop_words"] = draw(st.sampled_from([None, "english", ["good", "the", "不"]]))
    kind = draw(st.sampled_from(["count", "tfidf", "hashing"]))
    if kind == "hashing":
        norm = draw(st.sampled_from(["l1", "l2", None]))
        n = draw(st.sampled_from([3, 64, 1024]))
        return HashingVectorizer(n_features=n, norm=norm, alternate_sign=signed, **options)
    options["max_features"] = draw(st.sampled_from([None, 40, 200]))
    if kind == "count":
        return CountVectorizer(**options)
    norm = draw(st.sampled_from(["l1", "l2", None]))
    return TfidfVectorizer(norm=norm, use_idf=draw(st.booleans()), sublinear_tf=draw(st.booleans()), **options)


def _rows(draw: Draw, signed: bool) -> list[tuple[str, Any]]:
    if draw(st.integers(0, 2)):
        steps = [("text", _vectorizer(draw, signed))]
    else:
        count = draw(st.integers(1, 3))
        names = ["a", "b", "c"][:count]
        branches = [(name, _branch(draw, signed)) for name in names]
        weights = {name: draw(st.sampled_from([0.5, 1, 2.0, 1e-3])) for name in names if draw(st.booleans())}
        steps = [("text", FeatureUnion(branches, transformer_weights=weights or None))]
    for number in range(draw(st.integers(0, 2))):
        steps.append((f"step{number}", _transformer(draw, signed)))
    return steps


def _branch(draw: Draw, signed: bool) -> Any:
    vectorizer = _vectorizer(draw, signed)
    if draw(st.booleans()):
        return vectorizer
    return Pipeline([("v", vectorizer), ("t", _transformer(draw, signed))])


def _transformer(draw: Draw, signed: bool) -> Any:
    kinds: list[Callable[[], Any]] = [
        lambda: Normalizer(draw(st.sampled_from(["l1", "l2", "max"]))),
        lambda: TfidfTransformer(norm=draw(st.sampled_from(["l1", "l2", None]))),
        lambda: MaxAbsScaler(),
        lambda: Binarizer(threshold=draw(st.sampled_from([0.0, 0.1]))),
        lambda: VarianceThreshold(draw(st.sampled_from([0.0, 1e-3]))),
        lambda: SelectKBest(f_classif if signed else chi2, k=draw(st.sampled_from([2, 10]))),
        lambda: SelectPercentile(f_classif if signed else chi2, percentile=draw(st.sampled_from([20, 60]))),
        lambda: SelectFromModel(LinearSVC(), max_features=draw(st.sampled_from([None, 5]))),
        lambda: "passthrough",
        lambda: FeatureUnion([("same", "passthrough"), ("scaled", MaxAbsScaler())], transformer_weights={"same": 0.25}),
    ]
    return draw(st.sampled_from(kinds))()


def _head(draw: Draw, signed: bool, depth: int, probabilities: bool = False) -> Any:
    simple: list[Callable[[], Any]] = [
        lambda: LogisticRegression(C=draw(st.sampled_from([1.0, 100.0])), max_iter=20),
        lambda: SGDClassifier(loss=draw(st.sampled_from(["log_loss", "modified_huber"])), max_iter=5, random_state=0),
        lambda: _trees(draw),
        lambda: MLPClassifier(
            hidden_layer_sizes=draw(st.sampled_from([(3,), (4, 2)])),
            activation=draw(st.sampled_from(["identity", "logistic", "tanh", "relu"])),
            max_iter=4,
            random_state=0,
        ),
        lambda: DummyClassifier(strategy=draw(st.sampled_from(["prior", "most_frequent"]))),
        lambda: BernoulliNB(binarize=draw(st.sampled_from([0.0, 0.2]))),
    ]
    if not signed:
        simple.append(lambda: MultinomialNB(alpha=draw(st.sampled_from([1.0, 0.01]))))
        simple.append(lambda: ComplementNB(norm=draw(st.booleans())))
    if not probabilities:
        simple.append(lambda: LinearSVC(max_iter=50))
        simple.append(lambda: RidgeClassifier())
        simple.append(lambda: Perceptron(max_iter=5))
        simple.append(lambda: NearestCentroid(metric=draw(st.sampled_from(["euclidean", "manhattan"]))))
        simple.append(lambda: GradientBoostingClassifier(n_estimators=2, random_state=0))
    if depth == 0 or draw(st.integers(0, 2)):
        return draw(st.sampled_from(simple))()
    inner = lambda p=False: _head(draw, signed, depth - 1, p)  # noqa: E731
    soft = draw(st.booleans())
    members: list[Callable[[], Any]] = [
        lambda: CalibratedClassifierCV(
            _member(inner()), method=draw(st.sampled_from(["sigmoid", "isotonic"])), cv=2, ensemble=draw(st.booleans())
        ),
        lambda: OneVsRestClassifier(_member(inner())),
        lambda: VotingClassifier(
            [("a", _member(inner(soft))), ("b", inner(soft))],
            voting="soft" if soft else "hard",
            weights=draw(st.sampled_from([None, [2, 1.5]])),
        ),
    ]
    if not probabilities:
        members.append(lambda: OneVsOneClassifier(_member(inner())))
    return draw(st.sampled_from(members))()


def _member(head: Any) -> Any:
    """A centroid by city blocks has neither scores nor probabilities: scikit-learn takes it nowhere within."""
    return LogisticRegression() if isinstance(head, NearestCentroid) and head.metric == "manhattan" else head


def _trees(draw: Draw) -> Any:
    depth = draw(st.sampled_from([None, 2]))
    kinds: list[Callable[[], Any]] = [
        lambda: DecisionTreeClassifier(max_depth=depth, random_state=0),
        lambda: RandomForestClassifier(draw(st.sampled_from([1, 4])), max_depth=depth, random_state=0),
        lambda: ExtraTreesClassifier(3, max_depth=depth, random_state=0),
    ]
    return draw(st.sampled_from(kinds))()


def _several(draw: Draw, signed: bool, targets: str) -> Any:
    wrapped = draw(st.booleans())
    if targets == "multilabel" and not wrapped:
        kinds: list[Callable[[], Any]] = [
            lambda: RidgeClassifier(),
            lambda: MLPClassifier((3,), max_iter=4, random_state=0),
            lambda: _trees(draw),
        ]
        return draw(st.sampled_from(kinds))()
    inner = _member(_head(draw, signed, depth=0))
    if targets == "multilabel" and draw(st.booleans()):
        return OneVsRestClassifier(inner)
    return MultiOutputClassifier(inner)


def frozen(estimator: Any) -> Any:
    """The same, wrapped as it may come from a registry of models."""
    return FrozenEstimator(estimator)
