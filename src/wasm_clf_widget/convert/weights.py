"""A model from its numbers: ``Classifier.from_weights``. Standard library only; arrays of numpy are taken as well."""

from __future__ import annotations

import platform
import unicodedata
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, get_args

from ..errors import InputError, UnsupportedPipelineError
from ..model import packed
from ..model.limits import MAX_CLASSES, MAX_ENTRY, MAX_FEATURES, MAX_NGRAM, MAX_WEIGHTS
from ..model.numbers import doubles, first_not_finite
from ..model.shape import shape_of
from ..model.spec import (
    TOKEN_PATTERNS,
    Accents,
    Analyzer,
    Classes,
    ClassType,
    Idf,
    Label,
    LabelRule,
    LinearHead,
    Link,
    Model,
    Norm,
    Normalize,
    Pipeline,
    Source,
    SublinearTf,
    Transform,
    Vectorizer,
)
from ..texts import has_surrogate
from .patterns import PatternError, compile_pattern
from .precision import choose_weights

HeadName = Literal["softmax", "sigmoid", "decision", "naive_bayes"]


def model_from_weights(
    vocabulary: Sequence[str] | Mapping[str, int] | None,
    coef: Any,
    intercept: Any,
    classes: Any,
    *,
    name: str,
    head: HeadName = "softmax",
    weights: Literal["auto", "float64", "float32"] = "auto",
    idf: Any = None,
    analyzer: Analyzer = "word",
    ngram_range: tuple[int, int] = (1, 1),
    lowercase: bool = True,
    norm: Norm | None = None,
    strip_accents: Accents | None = None,
    stop_words: Iterable[str] | None = None,
    token_pattern: str | None = None,
    binary: bool = False,
    sublinear_tf: bool = False,
    n_features: int | None = None,
    alternate_sign: bool = True,
    uncertain_below: float | None = None,
    version: str = "1",
) -> Model:
    r"""The model of these numbers, without certificate and look-up table.

    Args:
        vocabulary: n-grams in the order of the features, or a dict n-gram → index; None for hashing.
        coef: (classes, features), or (1, features) for two classes. A feature's value is its count in the text, then
            1 + ln of it (``sublinear_tf``), times ``idf``, and the row divided by its ``norm``.
        intercept: a number for each row of ``coef``, or one number for all.
        classes: labels in the order of the rows; all str, all int or all bool, no duplicates.
        name: the model's name.
        head: from scores to probabilities. "softmax"; "sigmoid": σ of each score, divided by their sum; of one row both
            are [1 − σ(s), σ(s)]; "decision": none; "naive_bayes": ``coef`` holds log probabilities, ``intercept`` the
            class log priors; one row for each class.
        weights: "float64", "float32", or "auto": float32 where it is proved to change no probability by more than 1e-6.
        idf: a number for each feature, or None.
        analyzer: "word", "char" or "char_wb", as in scikit-learn's CountVectorizer.
        ngram_range: (shortest, longest) n-gram.
        lowercase: lower the text first, as Python does.
        norm: "l1", "l2", "max" or None.
        strip_accents: "ascii", "unicode" or None.
        stop_words: words that are dropped before n-grams are made (analyzer "word").
        token_pattern: a pattern of Python's re with one capture group at most (analyzer "word"); the default is
            r"(?u)\b\w\w+\b".
        binary: count a feature once.
        sublinear_tf: 1 + ln of the counts.
        n_features: how many features are hashed to; only with ``vocabulary=None``.
        alternate_sign: hashing adds 1 or −1, as the hash says.
        uncertain_below: a confidence below this is "not sure".
        version: the model's version.

    Raises:
        InputError: an argument that cannot be used, with what is allowed.
    """
    check_name("name", name)
    check_name("version", version)
    check_uncertain_below(uncertain_below)
    _choice("head", head, get_args(HeadName))
    _choice("weights", weights, ("auto", "float64", "float32"))
    _choice("analyzer", analyzer, get_args(Analyzer))
    _choice("norm", norm, (None, *get_args(Norm)))
    _choice("strip_accents", strip_accents, (None, *get_args(Accents)))
    for key, flag in (
        ("lowercase", lowercase),
        ("binary", binary),
        ("sublinear_tf", sublinear_tf),
        ("alternate_sign", alternate_sign),
    ):
        if not isinstance(flag, bool):
            raise InputError(f"{key}: found {_short(flag)}, allowed are True and False")
    class_type, labels = _classes(classes)
    words = None if vocabulary is None else _vocabulary(vocabulary)
    features = _n_features(words, n_features)
    matrix, outputs = _coef(coef, len(labels), features, head)
    transforms: list[Transform] = []
    if sublinear_tf:
        transforms.append(SublinearTf())
    if idf is not None:
        transforms.append(Idf(_numbers("idf", idf, features)))
    if norm is not None:
        transforms.append(Normalize(norm))
    linear = LinearHead(
        kind="naive_bayes" if head == "naive_bayes" else "linear",
        link=_link(head, outputs),
        label=_label_rule(outputs),
        outputs=outputs,
        coef=matrix,
        intercept=_intercept(intercept, outputs),
    )
    pattern, program = _token_pattern(analyzer, token_pattern)
    vectorizer = Vectorizer(
        analyzer=analyzer,
        ngram_range=_ngram_range(ngram_range),
        lowercase=lowercase,
        strip_accents=strip_accents,
        token_pattern=pattern,
        stop_words=_stop_words(analyzer, stop_words),
        binary=binary,
        n_features=features,
        vocabulary=words,
        alternate_sign=alternate_sign and words is None,
        program=program,
    )
    whole = Pipeline(vectorizer, tuple(transforms), linear)
    try:
        chosen, bound = choose_weights(whole, weights)
    except UnsupportedPipelineError as error:
        raise InputError(f"weights={weights!r}: {error.reason}; use {error.suggestion}") from None
    model = Model(
        name=name,
        version=version,
        source=Source("weights", version, platform.python_version()),
        unicode=unicodedata.unidata_version,
        class_sets=(Classes(class_type, labels),),
        weights=chosen,
        bound=bound,
        uncertain_below=None if uncertain_below is None else float(uncertain_below),
        pipeline=whole,
    )
    check_has_confidence(model)
    return model


def check_name(key: str, value: Any) -> None:
    """A name or version: a non-empty text."""
    if not isinstance(value, str) or not value or has_surrogate(value):
        raise InputError(f"{key}: found {_short(value)}, it must be a non-empty str")


def check_uncertain_below(value: Any) -> None:
    """The end of the "not sure" band: None or a number from 0 to 1."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, float | int) or not 0 <= value <= 1):
        raise InputError(f"uncertain_below: found {_short(value)}, allowed are None and numbers from 0 to 1")


def check_has_confidence(model: Model) -> None:
    """InputError where a "not sure" band was declared for a model whose answers have no confidence."""
    if model.uncertain_below is None or (model.targets == "single" and shape_of(model).probabilities):
        return
    why = "gives decision scores, no probabilities" if model.targets == "single" else "answers with several labels"
    raise InputError(
        f"uncertain_below={model.uncertain_below!r} is given, but this model {why}: there is no confidence that could "
        "be below it. Leave it out" + (", or use a classifier with probabilities" if model.targets == "single" else "")
    )


def _choice(key: str, value: Any, allowed: tuple[Any, ...]) -> None:
    if not (value is None or isinstance(value, str)) or value not in allowed:
        raise InputError(f"{key}: found {_short(value)}, allowed are {', '.join(map(repr, allowed))}")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _list(key: str, value: Any, what: str) -> list[Any]:
    """Any array or iterable as a list of Python's own values."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise InputError(f"{key}: found {type(value).__name__} {_short(value)}, it must be {what}")
    return list(value)


def _check_ordered(key: str, value: Any) -> None:
    if isinstance(value, set | frozenset):
        raise InputError(f"{key}: found a {type(value).__name__}, whose order is another in every process: give a list")


def _classes(classes: Any) -> tuple[ClassType, tuple[Label, ...]]:
    _check_ordered("classes", classes)
    labels = _list("classes", classes, "a list of labels")
    if not 2 <= len(labels) <= MAX_CLASSES:
        raise InputError(f"classes: found {len(labels):,} labels, allowed are 2 to {MAX_CLASSES:,}")
    kinds: tuple[tuple[ClassType, type], ...] = (("str", str), ("bool", bool), ("int", int))
    for name, kind in kinds:
        if all(isinstance(label, kind) and (kind is bool or not isinstance(label, bool)) for label in labels):
            values = tuple(kind(label) for label in labels)
            if len(set(values)) != len(values):
                twice = next(v for v in values if values.count(v) > 1)
                raise InputError(f"classes: {_short(twice)} stands twice, each label must be another")
            if any(isinstance(v, str) and has_surrogate(v) for v in values):
                raise InputError("classes: a label holds a lone surrogate, which no file can store")
            return name, values
    found = sorted({type(label).__name__ for label in labels})
    raise InputError(f"classes: found labels of type {', '.join(found)}; they must be all str, all int or all bool")


def _vocabulary(vocabulary: Any) -> tuple[str, ...]:
    if isinstance(vocabulary, Mapping):
        return _ordered(vocabulary)
    _check_ordered("vocabulary", vocabulary)
    words = _list("vocabulary", vocabulary, "a list of n-grams in the order of the features, a dict, or None")
    _check_words("vocabulary", words)
    if (twice := packed.has_duplicates(words)) is not None:
        raise InputError(f"vocabulary: {_short(twice)} stands twice, each n-gram must be another")
    return tuple(words)


def _ordered(vocabulary: Mapping[Any, Any]) -> tuple[str, ...]:
    """A dict n-gram → index, whose indices are 0, 1, 2, … in any order."""
    _check_words("vocabulary", list(vocabulary))
    words: list[str | None] = [None] * len(vocabulary)
    for word, index in vocabulary.items():
        try:
            place = index.__index__()
        except AttributeError:
            raise InputError(f"vocabulary: the index of {_short(word)} is {_short(index)}, it must be an int") from None
        if not 0 <= place < len(words) or words[place] is not None:
            raise InputError(
                f"vocabulary: the index of {_short(word)} is {place}; they must be 0 to {len(words) - 1}, each once"
            )
        words[place] = word
    return tuple(word for word in words if word is not None)


def _check_words(key: str, words: list[Any]) -> None:
    for i, word in enumerate(words):
        if not isinstance(word, str):
            raise InputError(f"{key}[{i}]: found {type(word).__name__} {_short(word)}, it must be str")
        if has_surrogate(word):
            raise InputError(f"{key}[{i}]: {_short(word)} holds a lone surrogate, which no file can store")
        if len(word) * 4 > MAX_ENTRY and len(word.encode()) > MAX_ENTRY:
            raise InputError(f"{key}[{i}]: {len(word.encode()):,} bytes, {MAX_ENTRY:,} are allowed")


def _n_features(words: tuple[str, ...] | None, n_features: Any) -> int:
    if words is None:
        if not isinstance(n_features, int) or isinstance(n_features, bool) or not 1 <= n_features <= MAX_FEATURES:
            raise InputError(
                f"n_features: found {_short(n_features)}; with vocabulary=None (hashing) it must be an int from 1 to "
                f"{MAX_FEATURES:,}"
            )
        return n_features
    if n_features is not None and n_features != len(words):
        raise InputError(f"n_features: found {_short(n_features)}, the vocabulary has {len(words):,}: leave it out")
    if not 1 <= len(words) <= MAX_FEATURES:
        raise InputError(f"vocabulary: {len(words):,} n-grams, allowed are 1 to {MAX_FEATURES:,}")
    return len(words)


def _row(key: str, row: Any) -> array[float]:
    """Numbers as float64."""
    _check_ordered(key, row)
    if isinstance(row, str | bytes | Mapping) or not (isinstance(row, Iterable) or hasattr(row, "tolist")):
        raise InputError(f"{key}: found {type(row).__name__} {_short(row)}, it must be a row of numbers")
    try:
        return doubles(row)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{key}: found what is no number ({error})") from None


def _numbers(key: str, values: Any, count: int) -> array[float]:
    if len(getattr(values, "shape", (0,))) != 1:
        raise InputError(f"{key}: found an array of shape {values.shape}, it must be ({count:,},)")
    row = _row(key, values)
    if len(row) != count:
        raise InputError(f"{key}: found {len(row):,} numbers, it must be {count:,}")
    _check_finite(key, row)
    return row


def _check_finite(key: str, row: array[float]) -> None:
    if (bad := first_not_finite(row)) is not None:
        raise InputError(f"{key}[{bad}]: found {row[bad]}, only finite numbers are allowed")


def _coef(coef: Any, classes: int, features: int, head: str) -> tuple[array[float], int]:
    """(features × outputs, feature-major; outputs)."""
    if hasattr(coef, "toarray"):
        coef = coef.toarray()
    elif hasattr(coef, "to_numpy"):  # a frame, whose items are columns
        coef = coef.to_numpy()
    elif hasattr(coef, "A"):  # numpy's matrix, whose rows are matrices
        coef = coef.A
    if isinstance(coef, str | bytes | Mapping) or not hasattr(coef, "__len__"):
        raise InputError(f"coef: found {type(coef).__name__}, it must be rows of numbers: (classes, features)")
    if len(getattr(coef, "shape", (0, 0))) > 2:
        raise InputError(f"coef: found an array of shape {coef.shape}, it must be (classes, features)")
    if len(coef) and not hasattr(coef[0], "__len__"):
        raise InputError(f"coef: found one flat row of {len(coef):,} numbers, it must be rows: write [coef]")
    rows = len(coef)
    allowed = [classes] if classes != 2 or head == "naive_bayes" else [1, 2]
    if rows not in allowed:
        raise InputError(
            f"coef: found {rows:,} rows for {classes:,} classes, "
            f"it must be ({' or '.join(map(str, allowed))}, {features:,})"
        )
    if features * rows > MAX_WEIGHTS:
        raise InputError(f"coef: {features:,} × {rows:,} weights, {MAX_WEIGHTS:,} are allowed")
    result = array("d", bytes(8 * features * rows))
    for k in range(rows):
        if len(coef[k]) != features:
            raise InputError(
                f"coef[{k}]: found {len(coef[k]):,} numbers, it must be {features:,}, one for each feature"
            )
        row = _row(f"coef[{k}]", coef[k])
        if len(row) != features:
            raise InputError(f"coef[{k}]: its items are no numbers, coef must have two dimensions")
        _check_finite(f"coef[{k}]", row)
        result[k::rows] = row
    return result, rows


def _intercept(intercept: Any, outputs: int) -> array[float]:
    if isinstance(intercept, float | int) and not isinstance(intercept, bool):
        intercept = [intercept] * outputs
    if getattr(intercept, "shape", None) == ():
        intercept = [float(intercept)] * outputs
    return _numbers("intercept", intercept, outputs)


def _link(head: str, outputs: int) -> Link:
    if head == "decision":
        return "none"
    if outputs == 1:
        # softmax over [0, s] is [1 − σ(s), σ(s)].
        return "logistic"
    return "ovr" if head == "sigmoid" else "softmax"


def _label_rule(outputs: int) -> LabelRule:
    return "sign" if outputs == 1 else "argmax"


def _ngram_range(value: Any) -> tuple[int, int]:
    pair = _list("ngram_range", value, "(shortest, longest)")
    if (
        len(pair) != 2
        or not all(isinstance(n, int) and not isinstance(n, bool) for n in pair)
        or not 1 <= pair[0] <= pair[1] <= MAX_NGRAM
    ):
        raise InputError(f"ngram_range: found {_short(value)}, it must be (m, n) with 1 ≤ m ≤ n ≤ {MAX_NGRAM}")
    return pair[0], pair[1]


def _token_pattern(analyzer: str, pattern: Any) -> tuple[str | None, bytes | None]:
    """The pattern, and the engine's program for it (None for the built-in ones)."""
    if analyzer != "word":
        if pattern is not None:
            raise InputError(
                f"token_pattern: found {_short(pattern)}; the analyzer {analyzer!r} has no tokens: leave it out"
            )
        return None, None
    if pattern is None:
        return TOKEN_PATTERNS[0], None
    if pattern in TOKEN_PATTERNS:
        return str(pattern), None
    if not isinstance(pattern, str):
        raise InputError(f"token_pattern: found {_short(pattern)}, it must be a pattern of type str")
    try:
        return pattern, compile_pattern(pattern)
    except PatternError as error:
        raise InputError(f"token_pattern: {_short(pattern)}: {error.reason}; use {error.suggestion}") from None


def _stop_words(analyzer: str, words: Any) -> tuple[str, ...]:
    if words is None:
        return ()
    if analyzer != "word":
        raise InputError(f"stop_words: the analyzer {analyzer!r} has no words to drop: leave them out")
    listed = _list("stop_words", words, "a list of words, or None")
    _check_words("stop_words", listed)
    return tuple(dict.fromkeys(listed))
