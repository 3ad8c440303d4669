"""The JSON document in a model file's header: writing it, and reading it into types that cannot be wrong.

Every value is checked here, once; what it says about tensors (``file``) is checked against them there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from ..errors import InputError, ModelFileError
from . import limits
from .safetensors import load_json
from .spec import (
    TOKEN_PATTERNS,
    Accents,
    Analyzer,
    ClassType,
    Idf,
    Label,
    LabelRule,
    LinearHead,
    Link,
    Model,
    Norm,
    Normalize,
    Source,
    SublinearTf,
    Vectorizer,
    Weights,
)
from .tree import plain


@dataclass(frozen=True, slots=True)
class IdfTensor:
    """An ``idf`` stage whose numbers stand in the tensor ``name``."""

    name: str


@dataclass(frozen=True, slots=True)
class Head:
    """A ``linear`` stage without its numbers."""

    kind: Literal["linear", "naive_bayes"]
    link: Link
    label: LabelRule
    outputs: int


@dataclass(frozen=True, slots=True)
class Document:
    """All that the document says. ``vectorizer`` has neither vocabulary nor stop words yet."""

    name: str
    version: str
    source: Source
    unicode: str
    class_type: ClassType
    classes: tuple[Label, ...]
    weights: Weights
    bound: float | None
    uncertain_below: float | None
    certificate_texts: int
    certificate_by: str
    hashing: bool
    vectorizer: Vectorizer
    transforms: tuple[SublinearTf | IdfTensor | Normalize, ...]
    head: Head


def write(model: Model) -> str:
    """The document of a model, as the JSON text that goes into the header."""
    certificate = model.certificate
    document = {
        "format": limits.FORMAT,
        "name": model.name,
        "version": model.version,
        "source": {
            "library": model.source.library,
            "version": model.source.version,
            "python": model.source.python,
        },
        "unicode": model.unicode,
        "classes": {"type": model.class_sets[0].type, "values": list(model.classes)},
        "weights": model.weights,
        "bound": model.bound,
        "uncertain_below": model.uncertain_below,
        "certificate": None if certificate is None else {"texts": len(certificate.texts), "by": certificate.by},
        "pipeline": _stages(model),
    }
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError("a class label or the model's name holds a lone surrogate, which no file can store") from None
    return text


def _stages(model: Model) -> list[dict[str, Any]]:
    found = plain(model)
    assert found is not None
    v, transforms, h = found
    stages: list[dict[str, Any]] = [
        {
            "stage": "vectorize",
            "method": "hashing" if v.vocabulary is None else "vocabulary",
            "analyzer": v.analyzer,
            "ngram_range": list(v.ngram_range),
            "lowercase": v.lowercase,
            "strip_accents": v.strip_accents,
            "token_pattern": v.token_pattern,
            "binary": v.binary,
            "n_features": v.n_features,
            "alternate_sign": v.alternate_sign,
        }
    ]
    for i, transform in enumerate(transforms):
        match transform:
            case SublinearTf():
                stages.append({"stage": "sublinear_tf"})
            case Idf():
                stages.append({"stage": "idf", "tensor": idf_tensor(i)})
            case Normalize(norm):
                stages.append({"stage": "norm", "norm": norm})
    stages.append({"stage": "linear", "kind": h.kind, "link": h.link, "label": h.label, "outputs": h.outputs})
    return stages


def idf_tensor(stage: int) -> str:
    """Name of the tensor for the idf at place ``stage`` of the transforms."""
    return f"idf.{stage}"


class _Object:
    """A JSON object whose values are taken by type; an error names the place in the document."""

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise ModelFileError(f"{where}: {_short(value)}, it must be an object")
        self.value: dict[str, Any] = value
        self.where = where

    def take(self, key: str, allowed: str, test: Callable[[Any], bool]) -> Any:
        """The value of ``key``, which must pass ``test``."""
        if key not in self.value:
            raise ModelFileError(f"{self.where}: the key {key!r} is missing, it must be {allowed}")
        value = self.value[key]
        if not test(value):
            raise ModelFileError(f"{self.where}.{key}: found {_short(value)}, it must be {allowed}")
        return value

    def string(self, key: str) -> str:
        return cast(str, self.take(key, "a string", lambda v: isinstance(v, str)))

    def boolean(self, key: str) -> bool:
        return cast(bool, self.take(key, "true or false", lambda v: isinstance(v, bool)))

    def integer(self, key: str, low: int, high: int) -> int:
        test = lambda v: type(v) is int and low <= v <= high  # noqa: E731
        return cast(int, self.take(key, f"an integer from {low} to {high:,}", test))

    def choice(self, key: str, choices: tuple[Any, ...]) -> Any:
        return self.take(key, "one of " + ", ".join(map(repr, choices)), lambda v: v in choices and type(v) is not bool)

    def number_or_null(self, key: str, low: float, high: float) -> float | None:
        def test(v: Any) -> bool:
            return v is None or (type(v) in (int, float) and low <= v <= high)

        value = self.take(key, f"null or a number from {low} to {high}", test)
        return None if value is None else float(value)

    def object(self, key: str) -> _Object:
        return _Object(self.take(key, "an object", lambda v: isinstance(v, dict)), f"{self.where}.{key}")

    def list(self, key: str) -> list[Any]:
        return cast("list[Any]", self.take(key, "a list", lambda v: isinstance(v, list)))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def read_json(text: str) -> _Object:
    """The JSON of the document; its format is looked at first, since a later one may change all else."""
    document = _Object(load_json(text, "the document (wcw)"), "document")
    found = document.take("format", "an integer from 1", lambda v: type(v) is int and v >= 1)
    if found > limits.FORMAT:
        raise ModelFileError(
            f"the file is of format {found}, this version reads format {limits.FORMAT}: "
            "upgrade wasm-clf-widget, or save the model again with this version"
        )
    return document


def read(document: _Object) -> Document:
    """The whole document, checked."""
    source = document.object("source")
    class_type, classes = _classes(document.object("classes"))
    certificate = document.value.get("certificate")
    texts, by = 0, ""
    if certificate is not None:
        about = _Object(certificate, "document.certificate")
        texts, by = about.integer("texts", 0, limits.MAX_FEATURES), about.string("by")
    stages = document.list("pipeline")
    if len(stages) < 2:
        raise ModelFileError(f"document.pipeline has {len(stages)} stages, it goes from vectorize to linear")
    if len(stages) - 2 > limits.MAX_TRANSFORMS:
        raise ModelFileError(
            f"document.pipeline has {len(stages) - 2} stages between vectorizer and head, at most "
            f"{limits.MAX_TRANSFORMS} are allowed"
        )
    vectorizer, hashing = _vectorizer(_Object(stages[0], "document.pipeline[0]"))
    last = len(stages) - 1
    head = _head(_Object(stages[last], f"document.pipeline[{last}]"), len(classes))
    if vectorizer.n_features * head.outputs > limits.MAX_WEIGHTS:
        raise ModelFileError(
            f"{vectorizer.n_features:,} features × {head.outputs:,} outputs exceed {limits.MAX_WEIGHTS:,} weights"
        )
    return Document(
        name=document.string("name"),
        version=document.string("version"),
        source=Source(source.string("library"), source.string("version"), source.string("python")),
        unicode=document.choice("unicode", limits.UNICODE_VERSIONS),
        class_type=class_type,
        classes=classes,
        weights=document.choice("weights", get_args(Weights)),
        bound=document.number_or_null("bound", 0.0, 1e300),
        uncertain_below=document.number_or_null("uncertain_below", 0.0, 1.0),
        certificate_texts=texts,
        certificate_by=by,
        hashing=hashing,
        vectorizer=vectorizer,
        transforms=tuple(
            _transform(_Object(stage, f"document.pipeline[{i}]")) for i, stage in enumerate(stages[1:last], 1)
        ),
        head=head,
    )


def _classes(about: _Object) -> tuple[ClassType, tuple[Label, ...]]:
    kind: ClassType = about.choice("type", get_args(ClassType))
    values = about.list("values")
    wanted = {"str": str, "int": int, "bool": bool}[kind]
    for i, value in enumerate(values):
        if type(value) is not wanted:
            raise ModelFileError(f"document.classes.values[{i}]: found {_short(value)}, the type is {kind}")
    if not 2 <= len(values) <= limits.MAX_CLASSES:
        raise ModelFileError(f"document.classes has {len(values):,} values, allowed are 2 to {limits.MAX_CLASSES:,}")
    if len(set(values)) != len(values):
        twice = next(v for v in values if values.count(v) > 1)
        raise ModelFileError(f"document.classes has {_short(twice)} twice")
    return kind, tuple(values)


def _vectorizer(stage: _Object) -> tuple[Vectorizer, bool]:
    stage.choice("stage", ("vectorize",))
    hashing = stage.choice("method", ("vocabulary", "hashing")) == "hashing"
    analyzer: Analyzer = stage.choice("analyzer", get_args(Analyzer))
    pair = stage.list("ngram_range")
    if len(pair) != 2 or not all(type(n) is int for n in pair) or not 1 <= pair[0] <= pair[1] <= limits.MAX_NGRAM:
        raise ModelFileError(
            f"{stage.where}.ngram_range: found {_short(pair)}, "
            f"it must be [min, max] with 1 ≤ min ≤ max ≤ {limits.MAX_NGRAM}"
        )
    patterns: tuple[Any, ...] = TOKEN_PATTERNS if analyzer == "word" else (None,)
    accents: Accents | None = stage.choice("strip_accents", (None, *get_args(Accents)))
    vectorizer = Vectorizer(
        analyzer=analyzer,
        ngram_range=(pair[0], pair[1]),
        lowercase=stage.boolean("lowercase"),
        strip_accents=accents,
        token_pattern=stage.choice("token_pattern", patterns),
        stop_words=(),
        binary=stage.boolean("binary"),
        n_features=stage.integer("n_features", 1, limits.MAX_FEATURES),
        vocabulary=None,
        alternate_sign=stage.boolean("alternate_sign"),
    )
    return vectorizer, hashing


def _transform(stage: _Object) -> SublinearTf | IdfTensor | Normalize:
    kind = stage.choice("stage", ("sublinear_tf", "idf", "norm"))
    if kind == "sublinear_tf":
        return SublinearTf()
    if kind == "idf":
        return IdfTensor(stage.string("tensor"))
    return Normalize(stage.choice("norm", get_args(Norm)))


def _head(stage: _Object, classes: int) -> Head:
    stage.choice("stage", ("linear",))
    outputs = stage.integer("outputs", 1, limits.MAX_CLASSES)
    allowed = (1, 2) if classes == 2 else (classes,)
    if outputs not in allowed:
        raise ModelFileError(
            f"{stage.where}.outputs: {outputs} for {classes} classes, it must be {' or '.join(map(str, allowed))}"
        )
    rules = ("sign",) if outputs == 1 else ("argmax",)
    links = {"logistic", "softmax_pair"} if outputs != 1 else {"softmax", "ovr"}
    return Head(
        kind=stage.choice("kind", ("linear", "naive_bayes")),
        link=stage.choice("link", tuple(link for link in get_args(Link) if link not in links)),
        label=stage.choice("label", rules),
        outputs=outputs,
    )


def linear_head(head: Head, coef: Any, intercept: Any) -> LinearHead:
    """The head with its numbers."""
    return LinearHead(head.kind, head.link, head.label, head.outputs, coef, intercept)
