"""A scikit-learn vectorizer or transformer as stages of the model file, or a refusal that names the option.

The parameters are read where scikit-learn reads them when it transforms (TfidfVectorizer keeps a fitted
TfidfTransformer of its own, so ``set_params(norm=…)`` after ``fit`` changes nothing), never from where they were typed.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import (
    ENGLISH_STOP_WORDS,
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
)
from sklearn.preprocessing import Normalizer
from sklearn.utils.validation import check_is_fitted

from ..errors import UnsupportedPipelineError
from ..model.limits import MAX_ENTRY, MAX_FEATURES, MAX_NGRAM
from ..model.numbers import doubles
from ..model.spec import (
    TOKEN_PATTERNS,
    Accents,
    Analyzer,
    Idf,
    Norm,
    Normalize,
    SublinearTf,
    Transform,
    Vectorizer,
)

VECTORIZERS: Final = (CountVectorizer, TfidfVectorizer, HashingVectorizer)
TRANSFORMERS: Final = (TfidfTransformer, Normalizer)

# Counts in these types are exact; a narrower one wraps around or rounds.
_COUNT_TYPES: Final = tuple(np.dtype(t) for t in ("float64", "int64", "int32", "uint64", "uint32"))


def refuse_unfitted(step: str, estimator: Any) -> UnsupportedPipelineError:
    """The refusal of an estimator that has not been fitted."""
    kind = type(estimator).__name__
    return UnsupportedPipelineError(
        step,
        kind,
        f"this {kind} is not fitted",
        "call pipeline.fit(texts, labels) first and convert the fitted pipeline",
    )


def convert_vectorizer(step: str, estimator: Any) -> tuple[Vectorizer, list[Transform]]:
    """The first stage, with the transforms that the vectorizer does itself."""
    _check_input(step, estimator)
    analyzer = _analyzer(step, estimator)
    if type(estimator) is HashingVectorizer:
        _check_float64(step, estimator)
        vocabulary, n_features = None, int(estimator.n_features)
    else:
        _check_float64(step, estimator) if type(estimator) is TfidfVectorizer else _check_counts(step, estimator)
        vocabulary = _vocabulary(step, estimator)
        n_features = len(vocabulary)
    if n_features > MAX_FEATURES:
        raise UnsupportedPipelineError(
            step,
            "n_features" if vocabulary is None else "vocabulary",
            f"it has {n_features:,} features; a model file holds at most {MAX_FEATURES:,}",
            "a smaller n_features" if vocabulary is None else "max_features= or a larger min_df=, and fit again",
        )
    spec = Vectorizer(
        analyzer=analyzer,
        ngram_range=_ngram_range(step, estimator, analyzer, vocabulary),
        lowercase=bool(estimator.lowercase),
        strip_accents=_strip_accents(step, estimator),
        token_pattern=_token_pattern(step, estimator) if analyzer == "word" else None,
        stop_words=_stop_words(step, estimator) if analyzer == "word" else (),
        binary=bool(estimator.binary),
        n_features=n_features,
        vocabulary=vocabulary,
        alternate_sign=vocabulary is None and bool(estimator.alternate_sign),
    )
    if type(estimator) is HashingVectorizer:
        return spec, _norm(step, estimator.norm)
    if type(estimator) is TfidfVectorizer:
        if not hasattr(estimator, "_tfidf"):
            raise refuse_unfitted(step, estimator)
        return spec, convert_transformer(step, estimator._tfidf, n_features)
    return spec, []


def convert_transformer(step: str, estimator: Any, n_features: int) -> list[Transform]:
    """TfidfTransformer or Normalizer as transforms, in the order in which they are applied."""
    if type(estimator) is Normalizer:
        return _norm(step, estimator.norm)
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        raise refuse_unfitted(step, estimator) from None
    transforms: list[Transform] = [SublinearTf()] if estimator.sublinear_tf else []
    # scikit-learn multiplies where there is an idf_, whatever use_idf says by now.
    if hasattr(estimator, "idf_"):
        idf = np.asarray(estimator.idf_, dtype=np.float64).ravel()
        if idf.size != n_features:
            raise UnsupportedPipelineError(
                step,
                "idf_",
                f"it has {idf.size:,} weights for {n_features:,} features",
                "fit the whole pipeline again: its steps were fitted on different data",
            )
        if not np.isfinite(idf).all():
            raise UnsupportedPipelineError(
                step,
                "smooth_idf",
                f"{np.count_nonzero(~np.isfinite(idf)):,} of {n_features:,} idf weights are infinite or NaN (features "
                "that no training text holds): scikit-learn itself raises on a text with such a feature",
                "smooth_idf=True, and fit again",
            )
        transforms.append(Idf(doubles(idf)))
    return transforms + _norm(step, estimator.norm)


def _norm(step: str, norm: Any) -> list[Transform]:
    if norm is None:
        return []
    names: tuple[Norm, ...] = ("l1", "l2", "max")
    for name in names:
        if norm == name:
            return [Normalize(name)]
    raise UnsupportedPipelineError(step, "norm", f"{norm!r} is not a norm", "'l1', 'l2', 'max' (Normalizer) or None")


def _check_input(step: str, estimator: Any) -> None:
    if estimator.input != "content":
        raise UnsupportedPipelineError(
            step,
            "input",
            f"input={estimator.input!r} reads files; a classifier here gets the text itself",
            "input='content'",
        )


def _check_float64(step: str, estimator: Any) -> None:
    dtype = np.dtype(estimator.dtype)
    if dtype != np.float64:
        raise UnsupportedPipelineError(
            step,
            "dtype",
            f"with dtype={dtype.name} scikit-learn computes features in that type: its scores cannot be had exactly",
            "dtype=numpy.float64 (the default), and fit again; weights='float32' makes the file as small",
        )


def _check_counts(step: str, estimator: Any) -> None:
    dtype = np.dtype(estimator.dtype)
    if dtype not in _COUNT_TYPES:
        raise UnsupportedPipelineError(
            step,
            "dtype",
            f"counts in {dtype.name} round or wrap around",
            "dtype=numpy.int64 (the default) or numpy.float64, and fit again",
        )


def _analyzer(step: str, estimator: Any) -> Analyzer:
    if callable(estimator.analyzer):
        raise _callable(step, "analyzer", estimator.analyzer, "analyzer='word', 'char' or 'char_wb'")
    if estimator.preprocessor is not None:
        raise _callable(
            step, "preprocessor", estimator.preprocessor, "lowercase= and strip_accents=, or clean the texts before"
        )
    names: tuple[Analyzer, ...] = ("word", "char", "char_wb")
    for name in names:
        if estimator.analyzer == name:
            # The char analyzers never call a tokenizer, so one that is set there does nothing.
            if name == "word" and estimator.tokenizer is not None:
                raise _callable(step, "tokenizer", estimator.tokenizer, "the default tokenizer, or analyzer='char_wb'")
            return name
    raise UnsupportedPipelineError(
        step, "analyzer", f"{estimator.analyzer!r} is no analyzer", "'word', 'char' or 'char_wb'"
    )


def _callable(step: str, option: str, value: Any, suggestion: str) -> UnsupportedPipelineError:
    name = getattr(value, "__qualname__", None) or repr(value)
    return UnsupportedPipelineError(
        step, option, f"{name} is Python code, which cannot be carried into a model file", suggestion
    )


def _strip_accents(step: str, estimator: Any) -> Accents | None:
    value = estimator.strip_accents
    if callable(value):
        raise _callable(step, "strip_accents", value, "strip_accents='unicode', 'ascii' or None")
    if not value:
        return None
    names: tuple[Accents, ...] = ("ascii", "unicode")
    for name in names:
        if value == name:
            return name
    raise UnsupportedPipelineError(step, "strip_accents", f"{value!r} is not known", "'unicode', 'ascii' or None")


def _token_pattern(step: str, estimator: Any) -> str:
    value = estimator.token_pattern
    for pattern in TOKEN_PATTERNS:
        # For str the flag (?u) is the default of Python's re: the same pattern without it.
        if value in (pattern, pattern.removeprefix("(?u)")):
            return pattern
    allowed = " or ".join(repr(pattern) for pattern in TOKEN_PATTERNS)
    raise UnsupportedPipelineError(step, "token_pattern", f"the pattern {value!r} is not supported yet", allowed)


def _stop_words(step: str, estimator: Any) -> tuple[str, ...]:
    value = estimator.stop_words
    if value is None:
        return ()
    if isinstance(value, str):
        if value != "english":
            raise UnsupportedPipelineError(
                step, "stop_words", f"{value!r} is not a built-in list", "'english', a list of words, or None"
            )
        value = ENGLISH_STOP_WORDS
    # A token is a str without surrogates (they are no word characters): what else stands in the list never matches.
    return tuple(sorted({str(word) for word in value if isinstance(word, str) and not _has_surrogate(word)}))


def _ngram_range(step: str, estimator: Any, analyzer: Analyzer, vocabulary: list[str] | None) -> tuple[int, int]:
    low, high = (int(n) for n in estimator.ngram_range)
    if low > high:
        raise UnsupportedPipelineError(step, "ngram_range", f"({low}, {high}) is empty", "(n, m) with 1 ≤ n ≤ m")
    if analyzer == "word" and high == 1:
        low = 1  # scikit-learn makes single words of every range that ends at 1
    if low < 1:
        raise UnsupportedPipelineError(
            step, "ngram_range", f"({low}, {high}) asks for n-grams of no length", f"(1, {max(high, 1)}), and fit again"
        )
    if high > MAX_NGRAM and vocabulary is not None:
        # Longer n-grams than the longest feature are never looked at.
        longest = max(entry.count(" ") + 1 if analyzer == "word" else len(entry) for entry in vocabulary)
        high = max(low, min(high, longest))
    if high > MAX_NGRAM:
        raise UnsupportedPipelineError(
            step,
            "ngram_range",
            f"({low}, {high}) goes beyond the {MAX_NGRAM} words or characters that an n-gram may have in a model file",
            f"ngram_range=({min(low, MAX_NGRAM)}, {MAX_NGRAM}), and fit again",
        )
    return low, high


def _vocabulary(step: str, estimator: Any) -> list[str]:
    """Feature i's text at index i. Reads a ``vocabulary=`` as scikit-learn does, without touching the user's object."""
    if not hasattr(estimator, "vocabulary_"):
        estimator = copy.copy(estimator)
        try:
            estimator._check_vocabulary()
        except NotFittedError:
            raise refuse_unfitted(step, estimator) from None
        except ValueError as error:
            raise UnsupportedPipelineError(
                step, "vocabulary", str(error), "a vocabulary that scikit-learn accepts"
            ) from None
    items: Mapping[Any, Any] = estimator.vocabulary_
    if not items:
        raise UnsupportedPipelineError(step, "vocabulary", "it is empty", "fit on texts that have words")
    entries: list[str] = [""] * len(items)
    seen = bytearray(len(items))
    for entry, index in items.items():
        if not isinstance(entry, str):
            raise UnsupportedPipelineError(
                step, "vocabulary", f"the entry {entry!r} is of type {type(entry).__name__}", "entries of type str"
            )
        if not 0 <= index < len(items) or seen[index]:
            raise UnsupportedPipelineError(
                step,
                "vocabulary",
                f"the index {index} of {entry!r} is out of range or used twice",
                "indices 0 … n−1, each once",
            )
        seen[index] = 1
        entries[index] = str(entry)
    _check_entries(step, entries)
    return entries


def _check_entries(step: str, entries: Iterable[str]) -> None:
    for entry in entries:
        if _has_surrogate(entry):
            raise UnsupportedPipelineError(
                step,
                "vocabulary",
                f"the entry {entry[:40]!r} holds a lone surrogate, which is no text and cannot be stored as UTF-8",
                "clean the training texts, for example by text.encode('utf-8', 'replace').decode(), and fit again",
            )
        if len(entry) * 4 > MAX_ENTRY and len(entry.encode()) > MAX_ENTRY:
            raise UnsupportedPipelineError(
                step,
                "vocabulary",
                f"the entry {entry[:40]!r}… has {len(entry.encode()):,} bytes; at most {MAX_ENTRY:,} are held",
                "min_df=2 or max_features=, or remove such words from the training texts, and fit again",
            )


def _has_surrogate(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)
