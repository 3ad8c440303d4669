"""Vectorizers and transforms, to and from the document and its tensors. ``pipelines`` knows the order and unions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args

from ..errors import InputError
from . import limits, packed
from .reading import JsonObject, Reader, short
from .spec import (
    LEFT_OUT,
    TOKEN_PATTERNS,
    Accents,
    Analyzer,
    Binarize,
    Idf,
    Norm,
    Normalize,
    Scale,
    Select,
    SublinearTf,
    Svd,
    Transform,
    Union,
    Vectorizer,
)
from .writing import Writer

Json = dict[str, Any]
_PROGRAM = "token_program"
KINDS = ("sublinear_tf", "idf", "norm", "select", "scale", "binarize", "svd", "union")


def write_vectorizer(out: Writer, v: Vectorizer, table: bytes | memoryview | None) -> Json:
    """The ``vectorize`` stage."""
    if v.ngram_range[1] > limits.MAX_NGRAM:
        raise InputError(f"ngram_range {v.ngram_range} goes beyond {limits.MAX_NGRAM}, the file format's limit")
    prefix, about = out.place("vectorize")
    if v.vocabulary is not None:
        out.texts(f"{prefix}vocabulary", v.vocabulary, "vocabulary entry")
    if table is not None:
        out.raw(f"{prefix}vocabulary.table", table)
    if v.stop_words:
        out.texts(f"{prefix}stop_words", v.stop_words, "stop word")
    if v.program is not None:
        out.raw(f"{prefix}{_PROGRAM}", v.program)
    return {
        "stage": "vectorize",
        "method": "hashing" if v.vocabulary is None else "vocabulary",
        "analyzer": v.analyzer,
        "ngram_range": list(v.ngram_range),
        "lowercase": v.lowercase,
        "strip_accents": v.strip_accents,
        "token_pattern": v.token_pattern,
        **({} if v.program is None else {"program": _PROGRAM}),
        "binary": v.binary,
        "n_features": v.n_features,
        "alternate_sign": v.alternate_sign,
        **about,
    }


def read_vectorizer(reader: Reader, stage: JsonObject) -> Vectorizer:
    """The vectorizer with its words; its table goes to the reader's list."""
    if len(reader.tables) == limits.MAX_VECTORIZERS:
        raise stage.fault(f"a file has at most {limits.MAX_VECTORIZERS:,} vectorizers")
    prefix = reader.prefix(stage)
    hashing = stage.choice("method", ("vocabulary", "hashing")) == "hashing"
    analyzer: Analyzer = stage.choice("analyzer", get_args(Analyzer))
    pair = stage.list("ngram_range")
    if len(pair) != 2 or not all(type(n) is int for n in pair) or not 1 <= pair[0] <= pair[1] <= limits.MAX_NGRAM:
        allowed = f"[min, max] with 1 ≤ min ≤ max ≤ {limits.MAX_NGRAM}"
        raise stage.fault(f"ngram_range: found {short(pair)}, it must be {allowed}")
    accents: Accents | None = stage.choice("strip_accents", (None, *get_args(Accents)))
    stopping = f"{prefix}stop_words.offsets" in reader.tensors
    pattern, program = _pattern(reader, stage, prefix, analyzer)
    v = Vectorizer(
        analyzer=analyzer,
        ngram_range=(pair[0], pair[1]),
        lowercase=stage.boolean("lowercase"),
        strip_accents=accents,
        token_pattern=pattern,
        stop_words=tuple(reader.texts(f"{prefix}stop_words")) if stopping else (),
        binary=stage.boolean("binary"),
        n_features=stage.integer("n_features", 1, limits.MAX_FEATURES),
        vocabulary=None,
        alternate_sign=stage.boolean("alternate_sign"),
        program=program,
    )
    reader.spend(v.n_features, stage.where)
    reader.tables.append(reader.raw(f"{prefix}vocabulary.table", limits.MAX_FILE))
    if hashing:
        return v
    vocabulary = reader.texts(f"{prefix}vocabulary", v.n_features, longest=limits.MAX_ENTRY)
    if (twice := packed.has_duplicates(vocabulary)) is not None:
        raise stage.fault(f"the vocabulary has {twice!r} twice, each entry must be another")
    return replace(v, vocabulary=vocabulary)


def _pattern(reader: Reader, stage: JsonObject, prefix: str, analyzer: Analyzer) -> tuple[str | None, bytes | None]:
    """The token pattern, and the program that every other than the two of old needs."""
    if analyzer != "word":
        stage.choice("token_pattern", (None,))
        return None, None
    pattern = stage.string("token_pattern")
    if stage.value.get("program") is None:
        if pattern not in TOKEN_PATTERNS:
            known = " and ".join(map(repr, TOKEN_PATTERNS))
            raise stage.fault(f"token_pattern: {short(pattern)} needs a 'program', only {known} need none")
        return pattern, None
    name = prefix + stage.string("program")
    program = reader.raw(name, limits.MAX_PROGRAM)
    if program is None:
        raise stage.fault(f"program: tensor {name!r} is missing")
    _check_pattern(stage, pattern)
    return pattern, bytes(program)


def _check_pattern(stage: JsonObject, pattern: str) -> None:
    """The engine follows the program; the twin, and whoever reads the document, has only the pattern to go by."""
    try:
        groups = re.compile(pattern).groups
    except (re.error, OverflowError, RecursionError) as error:
        reason = str(error) or type(error).__name__
        raise stage.fault(f"token_pattern: {short(pattern)} is no pattern of Python's re: {reason}") from None
    if groups > 1:
        raise stage.fault(f"token_pattern: {short(pattern)} has {groups} capture groups, at most 1 is allowed")


def write_transform(out: Writer, transform: Transform, position: int, width: int) -> Json:
    """The stage of a transform (a union is written by ``pipelines``)."""
    match transform:
        case SublinearTf():
            return {"stage": "sublinear_tf"}
        case Idf(values):
            name = out.free_name("idf", position)
            out.numbers(name, values, width)
            return {"stage": "idf", "tensor": name}
        case Normalize(norm):
            return {"stage": "norm", "norm": norm}
        case Select(places, kept):
            prefix, about = out.place("select")
            out.u32(f"{prefix}select", places, width)
            return {"stage": "select", "n_features": kept, **about}
        case Scale(values):
            prefix, about = out.place("scale")
            out.numbers(f"{prefix}scale", values, len(values))
            return {"stage": "scale", **about}
        case Binarize(threshold):
            prefix, about = out.place("binarize")
            out.f64(f"{prefix}threshold", [threshold])
            return {"stage": "binarize", **about}
        case Svd(components, outputs):
            prefix, about = out.place("svd")
            out.numbers(f"{prefix}components", components, width, outputs)
            return {"stage": "svd", "n_features": outputs, **about}
        case Union():
            raise TypeError("unions are written by pipelines")


def read_transform(reader: Reader, stage: JsonObject, kind: str, width: int) -> Transform:
    """The transform of a row of ``width`` features."""
    prefix = reader.prefix(stage)
    if kind == "sublinear_tf":
        return SublinearTf()
    if kind == "idf":
        return Idf(reader.numbers(prefix + stage.string("tensor"), width))
    if kind == "norm":
        return Normalize(stage.choice("norm", get_args(Norm)))
    if kind == "select":
        return _select(reader, stage, prefix, width)
    if kind == "scale":
        name = f"{prefix}scale"
        return Scale(reader.numbers(name, 1 if reader.length(name) == 1 else width))
    if kind == "binarize":
        (threshold,) = reader.f64(f"{prefix}threshold", 1)
        if threshold < 0.0:
            raise stage.fault(f"the threshold is {threshold}, it must be 0 or more")
        return Binarize(threshold)
    outputs = stage.integer("n_features", 1, limits.MAX_FEATURES)
    check_weights(stage, width, outputs)
    return Svd(reader.numbers(f"{prefix}components", width, outputs), outputs)


def check_weights(stage: JsonObject, width: int, outputs: int) -> None:
    """A table of weights within the limits."""
    if width * outputs > limits.MAX_WEIGHTS:
        raise stage.fault(f"{width:,} features × {outputs:,} outputs exceed {limits.MAX_WEIGHTS:,} weights")


def _select(reader: Reader, stage: JsonObject, prefix: str, width: int) -> Select:
    kept = stage.integer("n_features", 1, width)
    places: Sequence[int] = reader.u32(f"{prefix}select", width)
    if [place for place in places if place != LEFT_OUT] != list(range(kept)):
        raise stage.fault(f"tensor '{prefix}select' must have 0 to {kept - 1:,}, ascending, and {LEFT_OUT:,} elsewhere")
    return Select(places, kept)
