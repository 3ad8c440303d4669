"""A scikit-learn vectorizer or transformer as stages of the model file, or a refusal that names the option.

The parameters are read where scikit-learn reads them when it transforms (TfidfVectorizer keeps a fitted
TfidfTransformer of its own, so ``set_params(norm=…)`` after ``fit`` changes nothing), never from where they were typed.
"""

from __future__ import annotations

import copy
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from operator import index
from typing import Any, Final

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import (
    ENGLISH_STOP_WORDS,
    CountVectorizer,
    HashingVectorizer,
    TfidfVectorizer,
)

from ..errors import UnsupportedPipelineError
from ..model.limits import MAX_ENTRY, MAX_FEATURES, MAX_FILE, MAX_NGRAM
from ..model.packed import PackedTexts
from ..model.spec import TOKEN_PATTERNS, Accents, Analyzer, Transform, Vectorizer
from .findings import Findings
from .nearest import analyzer_edit, preprocessor_edit, tokenizer_edit
from .options import with_possible_options
from .patterns import PatternError, compile_pattern
from .transformers import norm_of, tfidf
from .unfitted import refuse_unfitted

VECTORIZERS: Final = (CountVectorizer, TfidfVectorizer, HashingVectorizer)

# Counts in these types are exact; a narrower one wraps around or rounds.
_COUNT_TYPES: Final = tuple(np.dtype(t) for t in ("float64", "int64", "int32", "uint64", "uint32"))


def convert_vectorizer(
    found: Findings, step: str, estimator: Any
) -> tuple[Vectorizer | None, list[Transform], int | None]:
    """The stage, the transforms that the vectorizer does itself, and the number of features.

    None where an option is in the way; each such option is noted in ``found``.
    """
    before = found.refusals
    estimator = with_possible_options(found, step, estimator)
    hashing = type(estimator) is HashingVectorizer
    found.attempt(_check_input, step, estimator)
    analyzer = found.attempt(_analyzer, step, estimator)
    accents = found.attempt(_strip_accents, step, estimator)
    if analyzer is not None:  # a callable one is given the text, and calls neither preprocessor nor tokenizer
        found.attempt(_check_preprocessor, step, estimator)
    token_pattern, program, stop_words = None, None, None
    if analyzer == "word":  # those of characters look at none of these
        found.attempt(_check_tokenizer, step, estimator)
        if estimator.tokenizer is None:
            token_pattern, program = found.attempt(_token_pattern, step, estimator) or (None, None)
        stop_words = found.attempt(_stop_words, step, estimator)
    found.attempt(_check_counts if type(estimator) is CountVectorizer else _check_float64, step, estimator)
    vocabulary = None if hashing else found.attempt(_vocabulary, step, estimator)
    n_features = int(estimator.n_features) if hashing else None if vocabulary is None else len(vocabulary)
    if n_features is not None:
        found.attempt(_check_size, step, estimator, n_features)
    ngrams = None if analyzer is None else found.attempt(_ngram_range, step, estimator, analyzer, vocabulary)
    transforms: list[Transform] = []
    if hashing:
        transforms = found.attempt(norm_of, step, estimator.norm) or []
    elif type(estimator) is TfidfVectorizer and vocabulary is not None:
        if hasattr(estimator, "_tfidf"):
            transforms = tfidf(found, step, estimator._tfidf, n_features)
        else:
            found.attempt(_check_smooth_idf, step, estimator)
            found.add(refuse_unfitted(step, estimator))
    if found.refusals > before:
        return None, transforms, n_features
    assert analyzer is not None
    assert ngrams is not None
    assert n_features is not None
    spec = Vectorizer(
        analyzer=analyzer,
        ngram_range=ngrams,
        lowercase=bool(estimator.lowercase),
        strip_accents=accents,
        token_pattern=token_pattern,
        stop_words=stop_words or (),
        binary=bool(estimator.binary),
        n_features=n_features,
        vocabulary=vocabulary,
        alternate_sign=hashing and bool(estimator.alternate_sign),
        program=program,
    )
    return spec, transforms, n_features


def _check_smooth_idf(step: str, estimator: Any) -> None:
    """Before fitting: of words that were learned none is missing in all texts, of those that were given one may be."""
    if estimator.use_idf and not estimator.smooth_idf and estimator.vocabulary is not None:
        raise UnsupportedPipelineError(
            step,
            "smooth_idf",
            "a word of the given vocabulary that no training text holds would have an infinite idf weight",
            "smooth_idf=True, and fit again",
            edit={"smooth_idf": True},
        )


def _check_size(step: str, estimator: Any, n_features: int) -> None:
    if n_features > MAX_FEATURES:
        hashing = type(estimator) is HashingVectorizer
        raise UnsupportedPipelineError(
            step,
            "n_features" if hashing else "vocabulary",
            f"it has {n_features:,} features; a model file holds at most {MAX_FEATURES:,}",
            "a smaller n_features" if hashing else "max_features= or a larger min_df=, and fit again",
            edit={"n_features": 2**20} if hashing else _learn_fewer(estimator, max_features=2**20),
        )


def _learn_fewer(estimator: Any, **options: int) -> dict[str, int]:
    """Options by which ``fit`` learns fewer words; none where the vocabulary is given: there they do nothing."""
    return options if estimator.vocabulary is None else {}


def _check_input(step: str, estimator: Any) -> None:
    if estimator.input != "content":
        raise UnsupportedPipelineError(
            step,
            "input",
            f"input={estimator.input!r} reads files; a classifier here gets the text itself",
            "input='content'",
            edit={"input": "content"},
        )


def _dtype(step: str, estimator: Any, default: type) -> np.dtype[Any]:
    try:
        dtype: np.dtype[Any] = np.dtype(estimator.dtype)
    except (TypeError, ValueError):
        raise UnsupportedPipelineError(
            step,
            "dtype",
            f"{estimator.dtype!r} is no type of numbers",
            f"dtype=numpy.{default.__name__} (the default), and fit again",
            edit={"dtype": default},
        ) from None
    return dtype


def _check_float64(step: str, estimator: Any) -> None:
    dtype = _dtype(step, estimator, np.float64)
    if dtype != np.float64:
        raise UnsupportedPipelineError(
            step,
            "dtype",
            f"with dtype={dtype.name} scikit-learn computes features in that type: its scores cannot be had exactly",
            "dtype=numpy.float64 (the default), and fit again; weights='float32' makes the file as small",
            edit={"dtype": np.float64},
        )


def _check_counts(step: str, estimator: Any) -> None:
    dtype = _dtype(step, estimator, np.int64)
    if dtype not in _COUNT_TYPES:
        raise UnsupportedPipelineError(
            step,
            "dtype",
            f"counts in {dtype.name} round or wrap around",
            "dtype=numpy.int64 (the default) or numpy.float64, and fit again",
            edit={"dtype": np.int64},
        )


def _analyzer(step: str, estimator: Any) -> Analyzer:
    if callable(estimator.analyzer):
        edit, words = analyzer_edit(estimator)
        raise _callable(step, "analyzer", estimator.analyzer, words, edit)
    names: tuple[Analyzer, ...] = ("word", "char", "char_wb")
    for name in names:
        if estimator.analyzer == name:
            return name
    raise UnsupportedPipelineError(
        step,
        "analyzer",
        f"{estimator.analyzer!r} is no analyzer",
        "'word', 'char' or 'char_wb'",
        edit={"analyzer": "word"},
    )


def _check_preprocessor(step: str, estimator: Any) -> None:
    if estimator.preprocessor is not None:
        edit, words = preprocessor_edit(estimator)
        raise _callable(step, "preprocessor", estimator.preprocessor, words, edit)


def _check_tokenizer(step: str, estimator: Any) -> None:
    if estimator.tokenizer is not None:
        edit, words = tokenizer_edit(estimator)
        raise _callable(step, "tokenizer", estimator.tokenizer, words, edit)


def _callable(step: str, option: str, value: Any, advice: str, edit: Mapping[str, Any]) -> UnsupportedPipelineError:
    name = getattr(value, "__qualname__", None) or repr(value)
    return UnsupportedPipelineError(
        step, option, f"{name} is Python code, which cannot be carried into a model file", advice, edit=edit
    )


def _strip_accents(step: str, estimator: Any) -> Accents | None:
    value = estimator.strip_accents
    if callable(value):
        advice = "strip_accents='unicode', 'ascii' or None"
        raise _callable(step, "strip_accents", value, advice, {"strip_accents": "unicode"})
    if not value:
        return None
    names: tuple[Accents, ...] = ("ascii", "unicode")
    for name in names:
        if value == name:
            return name
    raise UnsupportedPipelineError(
        step,
        "strip_accents",
        f"{value!r} is not known",
        "'unicode', 'ascii' or None",
        edit={"strip_accents": "unicode"},
    )


def _token_pattern(step: str, estimator: Any) -> tuple[str, bytes | None]:
    """The pattern and, of any but those that the engine knows by heart, its program."""
    value = estimator.token_pattern
    for pattern in TOKEN_PATTERNS:
        # For str the flag (?u) is the default of Python's re: the same pattern without it.
        if value in (pattern, pattern.removeprefix("(?u)")):
            return pattern, None
    if not isinstance(value, str):
        raise UnsupportedPipelineError(
            step,
            "token_pattern",
            f"{value!r} is no pattern for text",
            repr(TOKEN_PATTERNS[0]),
            edit={"token_pattern": TOKEN_PATTERNS[0]},
        )
    try:
        return value, compile_pattern(value)
    except PatternError as error:
        raise UnsupportedPipelineError(
            step,
            "token_pattern",
            f"the pattern {value!r} cannot be translated exactly: {error.reason}",
            f"{error.suggestion}; or {TOKEN_PATTERNS[0]!r}",
            edit={"token_pattern": TOKEN_PATTERNS[0]},
        ) from None


def _stop_words(step: str, estimator: Any) -> tuple[str, ...]:
    value = estimator.stop_words
    if value is None:
        return ()
    if isinstance(value, str):
        if value != "english":
            raise UnsupportedPipelineError(
                step,
                "stop_words",
                f"{value!r} is not a built-in list",
                "'english', a list of words, or None",
                edit={"stop_words": None},
            )
        value = ENGLISH_STOP_WORDS
    if not isinstance(value, Iterable):
        raise UnsupportedPipelineError(
            step,
            "stop_words",
            f"{value!r} is no list of words",
            "'english', a list of words, or None",
            edit={"stop_words": None},
        )
    # A token is a str without surrogates (they are no word characters): what else stands in the list never matches.
    return tuple(sorted({str(word) for word in value if isinstance(word, str) and not _has_surrogate(word)}))


def _ngram_range(step: str, estimator: Any, analyzer: Analyzer, vocabulary: Sequence[str] | None) -> tuple[int, int]:
    try:
        low, high = map(index, estimator.ngram_range)
    except (TypeError, ValueError):
        raise UnsupportedPipelineError(
            step,
            "ngram_range",
            f"{estimator.ngram_range!r} is no pair of whole numbers",
            "(n, m) with 1 ≤ n ≤ m",
            edit={"ngram_range": (1, 1)},
        ) from None
    if low > high:
        swapped = (min(max(high, 1), MAX_NGRAM), min(max(low, 1), MAX_NGRAM))
        raise UnsupportedPipelineError(
            step, "ngram_range", f"({low}, {high}) is empty", "(n, m) with 1 ≤ n ≤ m", edit={"ngram_range": swapped}
        )
    if analyzer == "word" and high == 1:
        low = 1  # scikit-learn makes single words of every range that ends at 1
    if low < 1:
        raise UnsupportedPipelineError(
            step,
            "ngram_range",
            f"({low}, {high}) asks for n-grams of no length",
            f"(1, {min(max(high, 1), MAX_NGRAM)}), and fit again",
            edit={"ngram_range": (1, min(max(high, 1), MAX_NGRAM))},
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
            edit={"ngram_range": (min(low, MAX_NGRAM), MAX_NGRAM)},
        )
    return low, high


def _vocabulary(step: str, estimator: Any) -> PackedTexts:
    """Feature i's text at index i. Reads a ``vocabulary=`` as scikit-learn does, without touching the user's object."""
    if not hasattr(estimator, "vocabulary_"):
        estimator = copy.copy(estimator)
        try:
            estimator._check_vocabulary()
        except NotFittedError:
            raise refuse_unfitted(step, estimator) from None
        except (ValueError, TypeError) as error:  # TypeError: words that cannot be told apart, such as lists
            raise UnsupportedPipelineError(
                step, "vocabulary", str(error), "a vocabulary that scikit-learn accepts"
            ) from None
    items: Mapping[Any, Any] = estimator.vocabulary_
    if not items:
        raise UnsupportedPipelineError(step, "vocabulary", "it is empty", "fit on texts that have words")
    entries = list(items)
    if set(map(type, entries)) != {str}:
        for entry in entries:
            if not isinstance(entry, str):
                raise UnsupportedPipelineError(
                    step, "vocabulary", f"the entry {entry!r} is of type {type(entry).__name__}", "entries of type str"
                )
        entries = list(map(str, entries))  # of a subclass, numpy's perhaps
    # In bulk: there may be millions.
    places = np.fromiter(items.values(), dtype=np.int64, count=len(items))
    seen = np.zeros(len(items), dtype=bool)
    inside = (places >= 0) & (places < len(items))
    seen[places[inside]] = True
    if not inside.all() or not seen.all():
        counts = Counter(places.tolist())
        entry, index = next((e, i) for e, i in items.items() if not 0 <= i < len(items) or counts[i] > 1)
        raise UnsupportedPipelineError(
            step,
            "vocabulary",
            f"the index {index} of {entry!r} is out of range or used twice",
            "indices 0 … n−1, each once",
        )
    ordered = np.empty(len(items), dtype=object)
    ordered[places] = entries
    return _packed(step, estimator, ordered.tolist())


def _packed(step: str, estimator: Any, entries: list[str]) -> PackedTexts:
    """The entries as a file has them; an error names the one that cannot be stored."""
    whole = "".join(entries)
    if whole.isascii():
        sizes, data = list(map(len, entries)), whole.encode()
    else:
        try:
            pieces = [entry.encode() for entry in entries]
        except UnicodeEncodeError:
            entry = next(entry for entry in entries if _has_surrogate(entry))
            raise UnsupportedPipelineError(
                step,
                "vocabulary",
                f"the entry {entry[:40]!r} holds a lone surrogate, which is no text and cannot be stored as UTF-8",
                "clean the training texts, for example by text.encode('utf-8', 'replace').decode(), and fit again",
            ) from None
        sizes, data = list(map(len, pieces)), b"".join(pieces)
    if (longest := max(sizes)) > MAX_ENTRY:
        entry = entries[sizes.index(longest)]
        raise UnsupportedPipelineError(
            step,
            "vocabulary",
            f"the entry {entry[:40]!r}… has {longest:,} bytes; at most {MAX_ENTRY:,} are held",
            "min_df=2 or max_features=, or remove such words from the training texts, and fit again",
            edit=_learn_fewer(estimator, min_df=2),
        )
    if len(data) > MAX_FILE:
        raise UnsupportedPipelineError(
            step,
            "vocabulary",
            f"its entries take {len(data):,} bytes; a model file has at most {MAX_FILE:,}",
            "min_df=2 or max_features=, and fit again",
            edit=_learn_fewer(estimator, min_df=2),
        )
    return PackedTexts(data, array("I", accumulate(sizes, initial=0)))


def _has_surrogate(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)
