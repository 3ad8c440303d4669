"""The JSON document in a model file's header: what it says of the whole. ``pipelines`` reads and writes the stages.

Every value is checked here and there, once, into types that cannot be wrong.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, get_args

from ..errors import InputError, ModelFileError
from . import limits
from .edition import edition_of
from .pipelines import read_pipeline
from .reading import JsonObject, Reader, short
from .safetensors import load_json
from .shape import Shape, class_count, head_shape, shape_of
from .spec import (
    Certificate,
    Classes,
    ClassType,
    ConstantHead,
    Head,
    LinearHead,
    Model,
    MultiOutputHead,
    Pipeline,
    Source,
    Targets,
    Weights,
)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Certified:
    """How many texts the certificate replays, and whose answers they have."""

    texts: int
    by: str


def write(model: Model, stages: list[Json]) -> str:
    """The document of a model with the stages of its pipeline, as the JSON text that goes into the header."""
    certificate = model.certificate
    sets = [{"type": c.type, "values": list(c.values)} for c in model.class_sets]
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
        "classes": sets if model.targets == "multioutput" else sets[0],
        **_targets(model),
        "weights": model.weights,
        "bound": model.bound,
        "uncertain_below": model.uncertain_below,
        **({"engine": "linear"} if edition_of(model) == "linear" else {}),
        "certificate": None if certificate is None else _about(certificate),
        "pipeline": stages,
    }
    return _text(document)


def with_certificate(text: str, certificate: Certificate) -> str:
    """A document of :func:`write`, of a model without certificate, with one."""
    return _text(json.loads(text) | {"certificate": _about(certificate)})


def _about(certificate: Certificate) -> Json:
    return {"texts": len(certificate.texts), "by": certificate.by}


def _text(document: Json) -> str:
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError("a class label or the model's name holds a lone surrogate, which no file can store") from None
    return text


def _targets(model: Model) -> Json:
    """What is left out of the document where it goes without saying."""
    about: Json = {}
    if model.targets != "single":
        about["targets"] = model.targets
    if model.targets != "single" or not isinstance(model.head, LinearHead):
        about["outputs"] = shape_of(model)._asdict()
    if not model.decision:
        about["decision"] = False
    return about


def read_json(text: str) -> JsonObject:
    """The JSON of the document; its format is looked at first, since a later one may change all else."""
    document = JsonObject(load_json(text, "the document (wcw)"), "document")
    found = document.take("format", "an integer from 1", lambda v: type(v) is int and v >= 1)
    if found > limits.FORMAT:
        raise ModelFileError(
            f"the file is of format {found}, this version reads format {limits.FORMAT}: "
            "upgrade wasm-clf-widget, or save the model again with this version"
        )
    return document


def read(document: JsonObject, reader: Reader) -> tuple[Model, Certified | None]:
    """The whole document, checked, with the tensors of its stages; the certificate is still to be read."""
    source = document.object("source")
    targets: Targets = document.choice("targets", get_args(Targets)) if "targets" in document.value else "single"
    class_sets = _class_sets(document, targets)
    certified = None
    if document.value.get("certificate") is not None:
        about = document.object("certificate")
        certified = Certified(about.integer("texts", 0, limits.MAX_FEATURES), about.string("by"))
    stages = document.list("pipeline", 1)
    pipeline = read_pipeline(reader, stages, "document.pipeline", width=None, headed=True)
    _check_targets(document, targets, class_sets, pipeline)
    model = Model(
        name=document.string("name"),
        version=document.string("version"),
        source=Source(source.string("library"), source.string("version"), source.string("python")),
        unicode=document.choice("unicode", limits.UNICODE_VERSIONS),
        class_sets=class_sets,
        weights=document.choice("weights", get_args(Weights)),
        bound=document.number_or_null("bound", 0.0, 1e300),
        uncertain_below=document.number_or_null("uncertain_below", 0.0, 1.0),
        pipeline=pipeline,
        targets=targets,
        decision=document.boolean("decision") if "decision" in document.value else True,
        tables=tuple(reader.tables) if any(table is not None for table in reader.tables) else (),
    )
    _check_outputs(document, model)
    if "engine" in document.value:
        document.choice("engine", ("linear",))
        if edition_of(model) != "linear":
            raise document.fault("engine: 'linear' is said, but the pipeline needs the complete engine")
    return model, certified


def _class_sets(document: JsonObject, targets: Targets) -> tuple[Classes, ...]:
    if targets != "multioutput":
        return (_classes(document.object("classes"), targets),)
    listed = document.list("classes", 1, limits.MAX_MEMBERS)
    return tuple(_classes(JsonObject(c, f"document.classes[{i}]"), targets) for i, c in enumerate(listed))


def _classes(about: JsonObject, targets: Targets) -> Classes:
    kind: ClassType = about.choice("type", get_args(ClassType))
    values = about.list("values")
    wanted = {"str": str, "int": int, "bool": bool}[kind]
    for i, value in enumerate(values):
        if type(value) is not wanted:
            raise ModelFileError(f"{about.where}.values[{i}]: found {short(value)}, the type is {kind}")
    if not 1 <= len(values) <= limits.MAX_CLASSES:
        raise ModelFileError(f"{about.where} has {len(values):,} values, allowed are 1 to {limits.MAX_CLASSES:,}")
    if len(set(values)) != len(values):
        twice = next(v for v in values if values.count(v) > 1)
        raise ModelFileError(f"{about.where} has {short(twice)} twice")
    return Classes(kind, tuple(values))


def _check_targets(document: JsonObject, targets: Targets, class_sets: tuple[Classes, ...], pipeline: Pipeline) -> None:
    """The head gives what the targets and classes ask for."""
    head = pipeline.head
    assert head is not None
    shape = head_shape(head)
    counts = [len(classes.values) for classes in class_sets]
    if targets == "multioutput":
        _check_several(document, head, counts)
        return
    c = counts[0]
    if isinstance(head, MultiOutputHead):
        raise document.fault(f"the head is 'multi_output', the targets are {targets!r}")
    several = _each(head)
    if several != (targets == "multilabel"):
        raise document.fault(f"the head's label is {'' if several else 'not '}'each', the targets are {targets!r}")
    labels = c if targets == "multilabel" else 1
    found = c if shape.probabilities == 0 and shape.scores == 1 and c == 2 else shape.probabilities or shape.scores
    if found != c or shape.labels != labels:
        given = f"{shape.scores} scores, {shape.probabilities} probabilities and {shape.labels} labels"
        raise document.fault(f"the head gives {given}, there are {c} classes and the targets are {targets!r}")
    if isinstance(head, ConstantHead):
        _check_constant(document, head, [2] * c if targets == "multilabel" else counts)


def _each(head: Head) -> bool:
    """Whether every class has a label of its own, 0 or 1."""
    if isinstance(head, ConstantHead):
        return len(head.labels) > 1
    return getattr(head, "label", None) == "each" or getattr(head, "link", None) == "each"


def _check_several(document: JsonObject, head: Head, counts: list[int]) -> None:
    if not isinstance(head, MultiOutputHead):
        raise document.fault("the targets are 'multioutput', the head must be 'multi_output'")
    found = [class_count(member) for member in head.members]
    if found != counts:
        raise document.fault(f"the members have {found[:16]} classes, the outputs {counts[:16]}")


def _check_constant(document: JsonObject, head: ConstantHead, counts: list[int]) -> None:
    for i, (label, count) in enumerate(zip(head.labels, counts, strict=True)):
        if label >= count:
            raise document.fault(f"label {i} of the constant head is {label}, it must be below {count}")


def _check_outputs(document: JsonObject, model: Model) -> None:
    shape = shape_of(model)
    if "outputs" in document.value:
        about = document.object("outputs")
        said = Shape(*(about.integer(key, 0, limits.MAX_WEIGHTS) for key in Shape._fields))
        if said != shape:
            raise document.fault(f"outputs: found {tuple(said)}, the pipeline gives {tuple(shape)}")
    elif not isinstance(model.head, LinearHead):
        raise document.fault("the key 'outputs' is missing, it must be an object for every head but 'linear'")
    if not model.decision and shape.probabilities not in (0, shape.scores):
        raise document.fault(
            f"decision is false, but there are {shape.scores} scores and {shape.probabilities} probabilities: "
            "they must be the same"
        )
