"""A fitted scikit-learn pipeline → a model with the same answers, or a refusal with a way out.

Only what is known to be exact is accepted, by the class itself and not by its ancestors: a subclass may
compute anything.
"""

from __future__ import annotations

import platform
import unicodedata
from typing import Any, Literal

import sklearn

from ..errors import UnsupportedPipelineError
from ..model.limits import MAX_TRANSFORMS
from ..model.spec import Classes, Model, Pipeline, Source, Transform
from .heads import HEADS, convert_head
from .precision import choose_weights
from .source import SourceAnswers, source_answers
from .steps import steps_of
from .vectorizers import TRANSFORMERS, VECTORIZERS, convert_transformer, convert_vectorizer

__all__ = ["SourceAnswers", "model_from_sklearn", "source_answers"]


def model_from_sklearn(
    pipeline: Any,
    *,
    name: str,
    weights: Literal["auto", "float64", "float32"] = "auto",
    version: str = "1",
) -> Model:
    """The model that answers as ``pipeline`` does.

    Args:
        pipeline: a fitted ``Pipeline``: CountVectorizer, TfidfVectorizer or HashingVectorizer; any number of
            TfidfTransformer and Normalizer; LogisticRegression, SGDClassifier, LinearSVC, RidgeClassifier, Perceptron
            or MultinomialNB. Steps of any name; ``"passthrough"`` steps and pipelines within it are followed.
        name: the model's name, kept in its file.
        weights: "float64" for the same bits as scikit-learn's, "float32" for half the size and more speed, "auto" for
            float32 where its error is proved to be at most 1e-6 in every probability (see ``precision``).
        version: the model's version, kept in its file.

    Returns:
        The model, without certificate and look-up table.

    Raises:
        UnsupportedPipelineError: what is in the way, why, and what would work.
    """
    steps = list(steps_of(pipeline))
    if not steps:
        raise UnsupportedPipelineError(
            "pipeline",
            "steps",
            "it has no steps that do anything",
            "make_pipeline(TfidfVectorizer(), LogisticRegression())",
        )
    (first, vectorizer), *between = steps
    if type(vectorizer) not in VECTORIZERS:
        raise _unknown(first, vectorizer, "as the first step", VECTORIZERS)
    if not between:
        raise UnsupportedPipelineError(
            first, "steps", "the pipeline ends without a classifier", f"add one of {_names(HEADS)}"
        )
    *transformers, (last, classifier) = between
    spec, transforms = convert_vectorizer(first, vectorizer)
    for step, transformer in transformers:
        if type(transformer) not in TRANSFORMERS:
            raise _unknown(step, transformer, "between vectorizer and classifier", TRANSFORMERS)
        transforms.extend(convert_transformer(step, transformer, spec.n_features))
    if type(classifier) not in HEADS:
        raise _unknown(last, classifier, "as the last step", HEADS)
    if len(transforms) > MAX_TRANSFORMS:
        raise UnsupportedPipelineError(
            transformers[-1][0],
            "steps",
            f"{len(transforms)} transforms stand before the classifier; a model file holds {MAX_TRANSFORMS}",
            "fewer steps (TfidfTransformer is one transform each for sublinear_tf, idf and norm)",
        )
    head, class_type, classes = convert_head(last, classifier, spec.n_features)
    chain: tuple[Transform, ...] = tuple(transforms)
    chosen, bound = choose_weights(chain, head, len(classes), weights, step=last)
    return Model(
        name=name,
        version=version,
        source=Source("scikit-learn", sklearn.__version__, platform.python_version()),
        unicode=unicodedata.unidata_version,
        class_sets=(Classes(class_type, classes),),
        weights=chosen,
        bound=bound,
        uncertain_below=None,
        pipeline=Pipeline(spec, chain, head),
    )


def _unknown(step: str, estimator: Any, where: str, allowed: tuple[type, ...]) -> UnsupportedPipelineError:
    kind = type(estimator)
    ancestors = [base.__name__ for base in allowed if isinstance(estimator, base)]
    reason = (
        f"{kind.__name__} is a subclass of {ancestors[0]} and may compute something else"
        if ancestors
        else f"{kind.__name__} is not supported {where}"
    )
    return UnsupportedPipelineError(step, kind.__name__, reason, ancestors[0] if ancestors else _names(allowed))


def _names(kinds: tuple[type, ...]) -> str:
    *most, last = [kind.__name__ for kind in kinds]
    return f"{', '.join(most)} or {last}"
