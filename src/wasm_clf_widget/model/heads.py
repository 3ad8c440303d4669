"""Heads to and from the document and its tensors. What a head's members are is read by the function it is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from operator import le
from typing import Any, get_args

from . import limits
from .reading import JsonObject, Reader
from .shape import class_count, head_shape, pipeline_shape
from .spec import (
    LEFT_OUT,
    Activation,
    CalibratedHead,
    CalibratedMember,
    ConstantHead,
    DistancesHead,
    Head,
    Isotonic,
    LabelRule,
    Layer,
    LayersHead,
    LinearHead,
    Link,
    MemberInput,
    Metric,
    MultiOutputHead,
    OneVsOneHead,
    OneVsRestHead,
    Pipeline,
    Sigmoid,
    TreesHead,
    VoteHead,
)
from .stages import Json, check_weights
from .writing import Writer

WriteMember = Callable[[Pipeline], list[Json]]
ReadMember = Callable[[Any, str], Pipeline]

# Which links and labels go with one score, and with several. ("each": every class for itself.)
_ONE: tuple[Link, ...] = ("none", "logistic", "softmax_pair", "modified_huber", "each")
_SEVERAL: tuple[Link, ...] = ("none", "softmax", "ovr", "ovr_zeros", "modified_huber", "each")
_ONE_LABEL: tuple[LabelRule, ...] = ("sign", "sign_or_zero", "each")
_SEVERAL_LABELS: tuple[LabelRule, ...] = ("argmax", "argmax_last", "each")


def write_head(out: Writer, head: Head, width: int, member: WriteMember) -> Json:
    """The stage of a head on a row of ``width`` features."""
    match head:
        case LinearHead():
            return _write_linear(out, head, width)
        case LayersHead():
            return _write_layers(out, head, width)
        case DistancesHead():
            return _write_distances(out, head, width)
        case ConstantHead(probabilities, labels):
            prefix, about = out.place("constant")
            out.f64(f"{prefix}probabilities", probabilities)
            out.u32(f"{prefix}labels", labels)
            return {"stage": "constant", **about}
        case TreesHead():
            return _write_trees(out, head)
        case CalibratedHead(members):
            return {"stage": "calibrated", "members": [_write_calibrated(out, m, member) for m in members]}
        case VoteHead(voting, members, weights):
            prefix, about = out.place("vote")
            if weights is not None:
                out.f64(f"{prefix}weights", weights)
            return {"stage": "vote", "voting": voting, "members": [member(m) for m in members], **about}
        case OneVsRestHead(members, of, label, divide):
            inner = [member(m) for m in members]
            return {"stage": "one_vs_rest", "members": inner, "input": of, "label": label, "divide": divide}
        case OneVsOneHead(_, members, of):
            return {"stage": "one_vs_one", "members": [member(m) for m in members], "input": of}
        case MultiOutputHead(members):
            return {"stage": "multi_output", "members": [member(m) for m in members]}


def read_head(reader: Reader, stage: JsonObject, width: int | None, member: ReadMember) -> Head:
    """The head on a row of ``width`` features; None where there is no row, for heads whose members read the text."""
    kind: str = stage.choice("stage", (*_ON_ROWS, "constant", *_WITH_MEMBERS))
    if kind == "constant":
        return _read_constant(reader, stage)
    if kind in _WITH_MEMBERS:
        head = _WITH_MEMBERS[kind](reader, stage, member)
        if isinstance(head, CalibratedHead | VoteHead) and head_shape(head).scores == 1:
            raise stage.fault(f"its members have 1 class: {kind!r} needs two, only a 'constant' always says the same")
        return head
    if width is None:
        raise stage.fault(f"{kind!r} needs a row of features: the pipeline must begin with 'vectorize' or 'union'")
    return _ON_ROWS[kind](reader, stage, width)


# --- on a row of features


def _write_linear(out: Writer, head: LinearHead, width: int) -> Json:
    prefix, about = out.place("linear")
    out.numbers(f"{prefix}coef", head.coef, width, head.outputs, rounded=out.rounded)
    out.f64(f"{prefix}intercept", head.intercept)
    return {
        "stage": "linear",
        "kind": head.kind,
        "link": head.link,
        "label": head.label,
        "outputs": head.outputs,
        **about,
    }


def _read_linear(reader: Reader, stage: JsonObject, width: int) -> LinearHead:
    outputs = stage.integer("outputs", 1, limits.MAX_CLASSES)
    check_weights(stage, width, outputs)
    kind = stage.choice("kind", ("linear", "naive_bayes"))
    link, label = _link_and_label(stage, outputs)
    prefix = reader.prefix(stage)
    coef = reader.numbers(f"{prefix}coef", width, outputs)
    return LinearHead(kind, link, label, outputs, coef, reader.f64(f"{prefix}intercept", outputs))


def _link_and_label(stage: JsonObject, outputs: int) -> tuple[Link, LabelRule]:
    link: Link = stage.choice("link", _ONE if outputs == 1 else _SEVERAL)
    label: LabelRule = stage.choice("label", _ONE_LABEL if outputs == 1 else _SEVERAL_LABELS)
    if (link == "each" and label != "each") or (label == "each" and link not in ("each", "none")):
        raise stage.fault(f"the link {link!r} does not go with the label {label!r}")
    return link, label


def _write_layers(out: Writer, head: LayersHead, width: int) -> Json:
    prefix, about = out.place("layers")
    for i, layer in enumerate(head.layers):
        out.numbers(f"{prefix}layer.{i}.coef", layer.coef, width, layer.outputs)
        out.f64(f"{prefix}layer.{i}.intercept", layer.intercept)
        width = layer.outputs
    sizes = [layer.outputs for layer in head.layers]
    return {"stage": "layers", "activation": head.activation, "sizes": sizes, "link": head.link, **about}


def _read_layers(reader: Reader, stage: JsonObject, width: int) -> LayersHead:
    activation: Activation = stage.choice("activation", get_args(Activation))
    link = stage.choice("link", ("logistic", "softmax", "each"))
    sizes = stage.list("sizes", 1, limits.MAX_LAYERS)
    _check_sizes(stage, sizes, link)
    prefix = reader.prefix(stage)
    layers = []
    for i, size in enumerate(sizes):
        check_weights(stage, width, size)
        name = f"{prefix}layer.{i}"
        layers.append(Layer(size, reader.numbers(f"{name}.coef", width, size), reader.f64(f"{name}.intercept", size)))
        width = size
    return LayersHead(activation, link, tuple(layers))


def _check_sizes(stage: JsonObject, sizes: list[Any], link: str) -> None:
    if any(type(size) is not int or not 1 <= size <= limits.MAX_LAYER for size in sizes):
        raise stage.fault(f"sizes: found {sizes[:8]}, they must be integers from 1 to {limits.MAX_LAYER:,}")
    least, most = {"logistic": (1, 1), "softmax": (2, limits.MAX_CLASSES), "each": (1, limits.MAX_CLASSES)}[link]
    if not least <= sizes[-1] <= most:
        raise stage.fault(f"the last layer has {sizes[-1]:,} outputs, the link {link!r} allows {least} to {most:,}")


def _write_distances(out: Writer, head: DistancesHead, width: int) -> Json:
    prefix, about = out.place("distances")
    centroids = 2 if head.outputs == 1 else head.outputs
    out.numbers(f"{prefix}centroids", head.centroids, width, centroids)
    if head.deviations is not None:
        out.f64(f"{prefix}deviations", head.deviations)
        out.f64(f"{prefix}constants", head.constants)
    return {
        "stage": "distances",
        "metric": head.metric,
        "outputs": head.outputs,
        "label": head.label,
        "link": head.link,
        **about,
    }


def _read_distances(reader: Reader, stage: JsonObject, width: int) -> DistancesHead:
    metric: Metric = stage.choice("metric", get_args(Metric))
    outputs = stage.integer("outputs", 1, limits.MAX_CLASSES)
    centroids = 2 if outputs == 1 else outputs
    check_weights(stage, width, centroids)
    prefix = reader.prefix(stage)
    deviations: Sequence[float] | None = None
    constants: Sequence[float] = ()
    if f"{prefix}deviations" in reader.tensors:
        if metric != "euclidean":
            raise stage.fault(f"tensor '{prefix}deviations' goes with the metric 'euclidean', found {metric!r}")
        deviations = reader.f64(f"{prefix}deviations", width)
        constants = reader.f64(f"{prefix}constants", centroids)
    return DistancesHead(
        metric,
        stage.choice("label", ("nearest", "argmax")),
        stage.choice("link", ("none", "softmax")),
        outputs,
        reader.numbers(f"{prefix}centroids", width, centroids),
        deviations,
        constants,
    )


def _write_trees(out: Writer, head: TreesHead) -> Json:
    prefix, about = out.place("trees")
    nodes = len(head.feature)
    out.u32(f"{prefix}tree.roots", head.roots)
    out.u32(f"{prefix}tree.feature", head.feature)
    out.f64(f"{prefix}tree.threshold", head.threshold)
    out.u32(f"{prefix}tree.children", head.children, nodes, 2)
    if head.combine == "mean":
        out.numbers(f"{prefix}tree.value", head.value, nodes, head.outputs)
    else:
        out.u32(f"{prefix}tree.output", head.output)
        out.numbers(f"{prefix}tree.value", head.value, nodes)
        out.f64(f"{prefix}tree.initial", head.initial)
    return {
        "stage": "trees",
        "trees": len(head.roots),
        "outputs": head.outputs,
        "combine": head.combine,
        "link": head.link,
        "label": head.label,
        **about,
    }


def _read_trees(reader: Reader, stage: JsonObject, width: int) -> TreesHead:
    trees = stage.integer("trees", 1, limits.MAX_NODES)
    combine = stage.choice("combine", ("mean", "sum"))
    outputs = stage.integer("outputs", 2 if combine == "mean" else 1, limits.MAX_CLASSES)
    if combine == "mean":
        link, label = stage.choice("link", ("none",)), stage.choice("label", ("argmax",))
    else:
        link, label = _link_and_label(stage, outputs)
    prefix = reader.prefix(stage)
    nodes = reader.length(f"{prefix}tree.feature")
    if not 1 <= nodes <= limits.MAX_NODES:
        raise stage.fault(f"the trees have {nodes:,} nodes, 1 to {limits.MAX_NODES:,} are allowed")
    roots = reader.u32(f"{prefix}tree.roots", trees)
    feature = reader.u32(f"{prefix}tree.feature", nodes)
    children = reader.u32(f"{prefix}tree.children", nodes, 2)
    if any(root >= nodes for root in roots):
        raise stage.fault(f"tensor '{prefix}tree.roots' names a node beyond the last, {nodes - 1:,}")
    for node, index in enumerate(feature):
        if index == LEFT_OUT:
            continue
        if index >= width:
            raise stage.fault(f"node {node:,} asks for feature {index:,}, the row has {width:,}")
        left, right = children[2 * node], children[2 * node + 1]
        if not (node < left < nodes and node < right < nodes):
            raise stage.fault(f"node {node:,} has the children {left:,} and {right:,}: each must stand behind it")
    output: Sequence[int] = ()
    initial: Sequence[float] = ()
    if combine == "mean":
        check_weights(stage, nodes, outputs)
        value = reader.numbers(f"{prefix}tree.value", nodes, outputs)
    else:
        value = reader.numbers(f"{prefix}tree.value", nodes)
        output = reader.u32(f"{prefix}tree.output", trees)
        initial = reader.f64(f"{prefix}tree.initial", outputs)
        if any(o >= outputs for o in output):
            raise stage.fault(f"tensor '{prefix}tree.output' names a score beyond the last, {outputs - 1:,}")
    threshold = reader.f64(f"{prefix}tree.threshold", nodes)
    return TreesHead(combine, link, label, outputs, roots, output, feature, threshold, children, value, initial)


def _read_constant(reader: Reader, stage: JsonObject) -> ConstantHead:
    prefix = reader.prefix(stage)
    count, labels = (reader.length(f"{prefix}{name}") for name in ("probabilities", "labels"))
    if not (1 <= count <= limits.MAX_CLASSES and 1 <= labels <= limits.MAX_CLASSES):
        raise stage.fault(f"{count:,} probabilities and {labels:,} labels, allowed are 1 to {limits.MAX_CLASSES:,}")
    return ConstantHead(reader.f64(f"{prefix}probabilities", count), reader.u32(f"{prefix}labels", labels))


# --- with members


def _members(stage: JsonObject, member: ReadMember, high: int = limits.MAX_MEMBERS) -> tuple[Pipeline, ...]:
    """The members, each a pipeline that chooses one label."""
    found = []
    for i, inner in enumerate(stage.list("members", 1, high)):
        pipeline = member(inner, f"{stage.where}.members[{i}]")
        _check_single(stage, i, pipeline)
        found.append(pipeline)
    return tuple(found)


def _check_single(stage: JsonObject, i: int, pipeline: Pipeline) -> None:
    head = pipeline.head
    several = isinstance(head, MultiOutputHead) or (
        isinstance(head, LinearHead | TreesHead | OneVsRestHead) and head.label == "each"
    )
    if several or (isinstance(head, LayersHead) and head.link == "each") or pipeline_shape(pipeline).labels != 1:
        raise stage.fault(f"members[{i}] gives several labels, a member gives one")
    if isinstance(head, ConstantHead) and head.labels[0] >= len(head.probabilities):
        raise stage.fault(f"members[{i}] always says class {head.labels[0]}, it has {len(head.probabilities)} classes")


def _same_classes(stage: JsonObject, members: Sequence[Pipeline]) -> int:
    """How many classes the members choose from, which must be the same for all."""
    counts = sorted({class_count(member) for member in members})
    if len(counts) > 1:
        raise stage.fault(f"the members have {' and '.join(map(str, counts))} classes, they must have the same")
    return counts[0]


def _check_input(stage: JsonObject, members: Sequence[Pipeline], of: MemberInput, first: int = 0) -> None:
    """Every member has the probabilities, or the one score for two classes, that are asked of it."""
    for i, member in enumerate(members, first):
        shape = pipeline_shape(member)
        if of == "probability" and shape.probabilities == 0:
            raise stage.fault(f"members[{i}] has no probabilities, the input is 'probability'")
        if of == "decision" and class_count(member) == 2 and shape.scores != 1 and not _constant(member):
            raise stage.fault(f"members[{i}] has {shape.scores} scores for two classes, the input 'decision' takes one")


def _constant(member: Pipeline) -> bool:
    return isinstance(member.head, ConstantHead)


def _write_calibrated(out: Writer, m: CalibratedMember, member: WriteMember) -> Json:
    prefix, about = out.place("calibrated")
    match m.calibration:
        case Sigmoid(slope, offset):
            out.f64(f"{prefix}slope", slope)
            out.f64(f"{prefix}offset", offset)
            method = "sigmoid"
        case Isotonic(x, y, knots):
            out.f64(f"{prefix}x", x)
            out.f64(f"{prefix}y", y)
            out.u32(f"{prefix}knots", knots)
            method = "isotonic"
    return {"pipeline": member(m.pipeline), "method": method, "input": m.input, **about}


def _read_calibrated(reader: Reader, stage: JsonObject, member: ReadMember) -> CalibratedHead:
    found = []
    for i, inner in enumerate(stage.list("members", 1, limits.MAX_MEMBERS)):
        about = JsonObject(inner, f"{stage.where}.members[{i}]")
        pipeline = member(about.list("pipeline"), f"{about.where}.pipeline")
        _check_single(stage, i, pipeline)
        of: MemberInput = about.choice("input", get_args(MemberInput))
        _check_input(stage, [pipeline], of, i)
        classes = class_count(pipeline)
        prefix = reader.prefix(about)
        method = about.choice("method", ("sigmoid", "isotonic"))
        calibrators = 1 if classes == 2 else classes
        calibration = (_sigmoid if method == "sigmoid" else _isotonic)(reader, about, prefix, calibrators)
        found.append(CalibratedMember(pipeline, of, calibration))
    _same_classes(stage, [m.pipeline for m in found])
    return CalibratedHead(tuple(found))


def _sigmoid(reader: Reader, _: JsonObject, prefix: str, count: int) -> Sigmoid | Isotonic:
    return Sigmoid(reader.f64(f"{prefix}slope", count), reader.f64(f"{prefix}offset", count))


def _isotonic(reader: Reader, about: JsonObject, prefix: str, count: int) -> Sigmoid | Isotonic:
    length = reader.length(f"{prefix}x")
    x, y = reader.f64(f"{prefix}x", length), reader.f64(f"{prefix}y", length)
    knots = reader.u32(f"{prefix}knots", count + 1)
    if knots[0] != 0 or knots[count] != length or any(a >= b for a, b in pairwise(knots)):
        raise about.fault(f"tensor '{prefix}knots' must ascend from 0 to {length:,}, with a point for each calibrator")
    for a, b in pairwise(knots):
        if not all(map(le, x[a : b - 1], x[a + 1 : b])):
            raise about.fault(f"tensor '{prefix}x' must not descend within a calibrator")
    return Isotonic(x, y, knots)


def _read_vote(reader: Reader, stage: JsonObject, member: ReadMember) -> VoteHead:
    voting = stage.choice("voting", ("soft", "hard"))
    members = _members(stage, member)
    _same_classes(stage, members)
    if voting == "soft":
        _check_input(stage, members, "probability")
    name = f"{reader.prefix(stage)}weights"
    weights = reader.f64(name, len(members)) if name in reader.tensors else None
    if weights is not None and voting == "soft" and sum(weights) == 0.0:
        raise stage.fault(f"tensor {name!r} sums to 0, nothing can be averaged with it")
    return VoteHead(voting, members, weights)


def _read_one_vs_rest(_: Reader, stage: JsonObject, member: ReadMember) -> OneVsRestHead:
    of: MemberInput = stage.choice("input", get_args(MemberInput))
    members = _members(stage, member, limits.MAX_CLASSES)
    label = stage.choice("label", ("sign", "each") if len(members) == 1 else ("argmax", "argmax_last", "each"))
    _check_binary(stage, members, of)
    return OneVsRestHead(members, of, label, stage.boolean("divide"))


def _read_one_vs_one(_: Reader, stage: JsonObject, member: ReadMember) -> OneVsOneHead:
    of: MemberInput = stage.choice("input", get_args(MemberInput))
    members = _members(stage, member)
    classes = 2
    while classes * (classes - 1) // 2 < len(members):
        classes += 1
    if classes * (classes - 1) // 2 != len(members):
        raise stage.fault(f"{len(members)} members are no C(C − 1)/2 pairs of C classes (1, 3, 6, 10, …)")
    _check_binary(stage, members, of)
    return OneVsOneHead(classes, members, of)


def _check_binary(stage: JsonObject, members: Sequence[Pipeline], of: MemberInput) -> None:
    for i, m in enumerate(members):
        if class_count(m) != 2:
            raise stage.fault(f"members[{i}] has {class_count(m)} classes, each must have two")
    _check_input(stage, members, of)


def _read_multi_output(_: Reader, stage: JsonObject, member: ReadMember) -> MultiOutputHead:
    return MultiOutputHead(_members(stage, member))


_ON_ROWS: dict[str, Callable[[Reader, JsonObject, int], Head]] = {
    "linear": _read_linear,
    "layers": _read_layers,
    "distances": _read_distances,
    "trees": _read_trees,
}
_WITH_MEMBERS: dict[str, Callable[[Reader, JsonObject, ReadMember], Head]] = {
    "calibrated": _read_calibrated,
    "vote": _read_vote,
    "one_vs_rest": _read_one_vs_rest,
    "one_vs_one": _read_one_vs_one,
    "multi_output": _read_multi_output,
}
