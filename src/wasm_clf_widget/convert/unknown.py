"""Refusals of estimators that cannot be converted, each with the one that comes nearest."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.svm import LinearSVC

from ..errors import UnsupportedPipelineError
from .heads import HEADS, META
from .transformers import TRANSFORMERS
from .vectorizers import VECTORIZERS

# class name → (why not, what instead)
_NO_HEAD: Final = "a model file has no such classifier"
_DENSE: Final = "it needs a dense row: every feature of the vocabulary for each text, also those that it does not hold"
_STEPWISE: Final = "it asks several classifiers in a way that is no stage of a model file"
_KERNEL: Final = "its kernel compares a text with training texts, which no model file holds"
_CLASSIFIERS: Final[Mapping[str, tuple[str, Callable[[Any], Any]]]] = {
    "GaussianNB": (
        f"{_DENSE}; each has a mean and a variance in every class, so nothing may be left out of the sum",
        # Not another naive Bayes: those that remain take no row with numbers below 0.
        lambda e: LogisticRegression(),
    ),
    "SVC": (_KERNEL, lambda e: _without_kernel(e)),
    "NuSVC": (_KERNEL, lambda e: _without_kernel(e)),
    "KNeighborsClassifier": (
        "it compares a text with all training texts, which no model file holds",
        lambda e: NearestCentroid(),
    ),
    "RadiusNeighborsClassifier": (
        "it compares a text with all training texts, which no model file holds",
        lambda e: NearestCentroid(),
    ),
    "HistGradientBoostingClassifier": (_DENSE, lambda e: GradientBoostingClassifier()),
    "XGBClassifier": ("its trees are not scikit-learn's", lambda e: GradientBoostingClassifier()),
    "LGBMClassifier": ("its trees are not scikit-learn's", lambda e: GradientBoostingClassifier()),
    "CatBoostClassifier": ("its trees are not scikit-learn's", lambda e: GradientBoostingClassifier()),
    "AdaBoostClassifier": (_STEPWISE, lambda e: GradientBoostingClassifier()),
    "BaggingClassifier": (_STEPWISE, lambda e: _inner(e)),
    "SelfTrainingClassifier": ("it gives labels to texts in fit, which no model file does", lambda e: _inner(e)),
    "StackingClassifier": (_STEPWISE, lambda e: LogisticRegression()),
    "ClassifierChain": (
        "each of its classifiers is given the labels of those before",
        lambda e: MultiOutputClassifier(e.estimator),
    ),
    "OutputCodeClassifier": (_STEPWISE, lambda e: OneVsRestClassifier(e.estimator)),
    "LinearDiscriminantAnalysis": (_DENSE, lambda e: LogisticRegression()),
    "QuadraticDiscriminantAnalysis": (_DENSE, lambda e: LogisticRegression()),
}
_TRANSFORMERS: Final[Mapping[str, tuple[str, Callable[[Any], Any]]]] = {
    "FunctionTransformer": ("it calls Python code, which cannot be carried into a model file", lambda e: "passthrough"),
    "PCA": ("it subtracts the mean of every feature", lambda e: TruncatedSVD(_components(e))),
    "NMF": ("it solves an optimisation for each text", lambda e: TruncatedSVD(_components(e))),
    "LatentDirichletAllocation": ("it solves an optimisation for each text", lambda e: TruncatedSVD(_components(e))),
    "MinMaxScaler": ("a model file has no such stage", lambda e: "passthrough"),
    "RobustScaler": ("a model file has no such stage", lambda e: "passthrough"),
}
_FRONTS: Final[Mapping[str, tuple[str, Callable[[Any], Any]]]] = {
    "ColumnTransformer": ("it takes tables; a classifier here is given texts", lambda e: _of_columns(e)),
    "DictVectorizer": ("it takes dicts; a classifier here is given texts", lambda e: TfidfVectorizer()),
    "FeatureHasher": ("it takes dicts or tokens; a classifier here is given texts", lambda e: TfidfVectorizer()),
    "FunctionTransformer": ("it calls Python code, which cannot be carried into a model file", lambda e: "passthrough"),
}


def _without_kernel(estimator: Any) -> Any:
    """Whoever asked for probabilities needs them, in a soft vote for instance."""
    kind = LogisticRegression if getattr(estimator, "probability", False) is True else LinearSVC
    # NuSVC has no C.
    same = {name: getattr(estimator, name) for name in ("C", "class_weight") if hasattr(estimator, name)}
    return kind(**same)


def _inner(estimator: Any) -> Any:
    """The classifier of which several are asked, where it can be converted by itself."""
    inner = getattr(estimator, "estimator", None)
    return inner if type(inner) in (*HEADS, *META) else LogisticRegression()


def _components(estimator: Any) -> int:
    # Fitted, PCA knows how many a share of the variance came to.
    n = getattr(estimator, "n_components_", getattr(estimator, "n_components", None))
    return int(n) if isinstance(n, int | np.integer) else 100


def _of_columns(transformer: Any) -> Any:
    """What a ColumnTransformer does with its texts: its vectorizers, side by side where there are several."""
    fronts = [(name, e) for name, e, _ in transformer.transformers if isinstance(_front(e), VECTORIZERS)]
    if len(fronts) > 1:
        weights = transformer.transformer_weights or {}
        kept = {name: weights[name] for name, _ in fronts if name in weights}
        return FeatureUnion(fronts, transformer_weights=kept or None)
    return fronts[0][1] if fronts else TfidfVectorizer()


def _of_one_column(transformer: Any) -> str:
    """How to fit what takes its place: on the texts themselves."""
    columns = [columns for _, e, columns in transformer.transformers if isinstance(_front(e), VECTORIZERS)]
    if len(columns) > 1:
        return ", fitted on one text for each row: join its columns yourself, before fit and before classify"
    column = repr(columns[0]) if columns and isinstance(columns[0], str) else "…"
    return f", fitted on the texts: pipeline.fit(frame[{column}], labels); all other columns are dropped"


def _front(estimator: Any) -> Any:
    while isinstance(estimator, Pipeline) and estimator.steps:
        estimator = estimator.steps[0][1]
    return estimator


def refuse_classifier(path: str, estimator: Any, *, dense: bool = False) -> UnsupportedPipelineError:
    """The refusal of what stands where a classifier should. ``dense``: the row that it is given is."""
    kind = type(estimator)
    # A StackingClassifier has no predict before it is fitted.
    answers = hasattr(estimator, "predict") or isinstance(estimator, ClassifierMixin)
    if not path and not answers:
        return UnsupportedPipelineError(
            path,
            kind.__name__,
            f"a {kind.__name__} was given; only what goes from texts to labels can be converted",
            "make_pipeline(vectorizer, classifier)",
        )
    if hasattr(estimator, "transform") and not answers:
        return UnsupportedPipelineError(
            path,
            "steps",
            f"the pipeline ends in a {kind.__name__}, without a classifier",
            "add LogisticRegression() or another classifier as the last step",
            edit={"": make_pipeline(estimator, LogisticRegression())},
        )
    known = _CLASSIFIERS
    if dense:
        known = {name: (_NO_HEAD if _DENSE in why else why, instead) for name, (why, instead) in known.items()}
    return _refusal(path, estimator, "as a classifier", known, (*HEADS, *META), LogisticRegression())


def refuse_composition(path: str, estimator: Any, plain: Any) -> UnsupportedPipelineError:
    """The refusal of a subclass of Pipeline or FeatureUnion, such as imbalanced-learn's Pipeline."""
    kind, name = type(estimator), type(plain).__name__
    samplers = [step for step, one in getattr(estimator, "steps", ()) if hasattr(one, "fit_resample")]
    advice = f"scikit-learn's own {name} of the same steps, which are fitted already where this one is"
    if samplers:
        advice = (
            f"Pipeline([(name, step) for name, step in p.steps if not hasattr(step, 'fit_resample')]) of the fitted "
            f"steps, where p is this {kind.__name__}: samplers ({', '.join(samplers)}) do nothing when labels are "
            "predicted, so no new fit is needed"
        )
    return UnsupportedPipelineError(
        path,
        kind.__name__,
        f"{kind.__module__}.{kind.__name__} is a subclass of scikit-learn's {name} and may compute something else",
        advice,
        edit={"": plain},
    )


def refuse_cleaner(path: str, estimator: Any) -> UnsupportedPipelineError:
    """The refusal of a step that makes texts of texts, in front of a vectorizer."""
    kind = type(estimator).__name__
    return UnsupportedPipelineError(
        path,
        kind,
        f"{kind} changes the texts before the vectorizer by Python code, which cannot be carried into a model file",
        "leave this step out, and do what it does to the texts before fit and before classify",
        edit={"": "passthrough"},
    )


def refuse_transformer(path: str, estimator: Any, *, first: bool) -> UnsupportedPipelineError:
    """The refusal of a step before the classifier."""
    if first:
        return _refusal(path, estimator, "where the text comes in", _FRONTS, VECTORIZERS, TfidfVectorizer())
    return _refusal(
        path, estimator, "between vectorizer and classifier", _TRANSFORMERS, tuple(TRANSFORMERS), "passthrough"
    )


def _refusal(
    path: str,
    estimator: Any,
    where: str,
    known: Mapping[str, tuple[str, Callable[[Any], Any]]],
    allowed: tuple[type, ...],
    otherwise: Any,
) -> UnsupportedPipelineError:
    kind = type(estimator)
    ancestor = next((base for base in kind.__mro__ if base in allowed), None)
    if kind.__name__ in known and ancestor is None:
        why, instead = known[kind.__name__]
        reason, replacement = f"{kind.__name__} cannot be converted {where}: {why}", instead(estimator)
    elif ancestor is not None and kind in allowed:
        reason, replacement = f"a {kind.__name__} cannot stand {where}", otherwise
    elif ancestor is not None:
        reason = f"{kind.__name__} is a subclass of {ancestor.__name__} and may compute something else"
        replacement = _as(ancestor, estimator)
    else:
        reason, replacement = f"{kind.__name__} is not supported {where}", otherwise
    advice = "leave this step out" if isinstance(replacement, str) else _words(replacement, allowed, otherwise)
    if isinstance(estimator, ColumnTransformer):
        advice += _of_one_column(estimator)
    elif isinstance(estimator, SelfTrainingClassifier):
        advice += (
            ", fitted on the texts that have labels; or, without a new fit, the estimator_ of the fitted one itself"
        )
    return UnsupportedPipelineError(path, kind.__name__, reason, advice, edit={"": replacement})


def _words(replacement: Any, allowed: Iterable[type], otherwise: Any) -> str:
    if replacement is otherwise:
        return f"one of {', '.join(kind.__name__ for kind in allowed)}"
    return repr(replacement)


def _as(ancestor: type, estimator: Any) -> Any:
    """The ancestor with the parameters that both have, whether the subclass's own signature names them or not."""
    names = inspect.signature(ancestor).parameters
    return ancestor(**{name: getattr(estimator, name) for name in names if hasattr(estimator, name)})
