"""A model in words: its promise, and its stages."""

from __future__ import annotations

from collections.abc import Iterator

from .model.spec import (
    Binarize,
    CalibratedHead,
    ConstantHead,
    DistancesHead,
    Head,
    Idf,
    LayersHead,
    LinearHead,
    Model,
    MultiOutputHead,
    Normalize,
    OneVsOneHead,
    OneVsRestHead,
    Pipeline,
    Scale,
    Select,
    SublinearTf,
    Svd,
    Transform,
    TreesHead,
    Union,
    Vectorizer,
    VoteHead,
)
from .model.tree import members, walk


def promise(model: Model) -> str:
    """What the file promises of its scores."""
    if model.weights == "float32":
        bound = "" if model.bound is None else f"; no probability of any text is off by more than {model.bound:.2g}"
        return f"scores within 2^-23 of the sum of |weight x value| of the source's{bound}"
    if any(isinstance(stage, Svd | LayersHead | DistancesHead) for stage in walk(model.pipeline)):
        return "scores within 1e-12 times 1 + the sum of |weight x value| of the source's (it multiplies dense rows)"
    if not isinstance(model.head, LinearHead | TreesHead | ConstantHead):
        return "what the members' scores are made of has the same bits as the source's on x86-64; the same labels"
    return "the same score bits as the source's on x86-64 (with a logarithm: counts to 7,284); the same labels"


def stages(model: Model) -> tuple[str, ...]:
    """The stages of the pipeline, one after the other; what stands within one is indented."""
    return tuple(_pipeline(model.pipeline))


def _pipeline(pipeline: Pipeline, indent: str = "") -> Iterator[str]:
    for stage in (pipeline.front, *pipeline.transforms):
        if stage is None:
            continue
        yield indent + (vectorizer(stage) if isinstance(stage, Vectorizer) else _transform(stage))
        if isinstance(stage, Union):
            for branch in stage.branches:
                yield from _pipeline(branch, indent + "  ")
    if pipeline.head is not None:
        yield indent + _head(pipeline.head)
        for member in members(pipeline.head):
            yield from _pipeline(member, indent + "  ")


def vectorizer(v: Vectorizer) -> str:
    """One vectorizer."""
    method = f"hashing to {v.n_features:,}" if v.vocabulary is None else f"vocabulary of {v.n_features:,}"
    extras = [
        *([] if v.lowercase else ["case kept"]),
        *([f"accents stripped ({v.strip_accents})"] if v.strip_accents else []),
        *([f"tokens {v.token_pattern}"] if v.token_pattern else []),
        *([f"{len(v.stop_words):,} stop words"] if v.stop_words else []),
        *(["binary"] if v.binary else []),
        *(["alternate signs"] if v.vocabulary is None and v.alternate_sign else []),
    ]
    low, high = v.ngram_range
    return "; ".join([f"{v.analyzer} {low}-{high}, {method}", *extras])


def _transform(transform: Transform) -> str:
    match transform:
        case SublinearTf():
            return "sublinear tf"
        case Idf():
            return "idf"
        case Normalize(norm):
            return f"{norm} norm"
        case Select(n_features=n):
            return f"{n:,} features selected"
        case Scale(values):
            return f"times {values[0]:g}" if len(values) == 1 else "scaled"
        case Binarize(threshold):
            return f"1 above {threshold:g}"
        case Svd(n_features=n):
            return f"truncated SVD to {n:,}"
        case Union(branches):
            return f"union of {len(branches)}"


def _head(head: Head) -> str:
    match head:
        case LinearHead():
            kind = "naive Bayes" if head.kind == "naive_bayes" else "linear"
            return f"{kind}, {head.outputs} scores, {'decision scores only' if head.link == 'none' else head.link}"
        case LayersHead():
            sizes = " → ".join(str(layer.outputs) for layer in head.layers)
            return f"perceptron, {head.activation}, {sizes}, {head.link}"
        case DistancesHead():
            return f"nearest centroid, {head.metric}"
        case ConstantHead():
            return "constant answer"
        case TreesHead():
            nodes = f"{len(head.feature):,} nodes"
            return f"{len(head.roots):,} trees, {nodes}, {'mean' if head.combine == 'mean' else f'sum, {head.link}'}"
        case CalibratedHead():
            return f"calibrated, mean of {len(head.members)}"
        case VoteHead():
            return f"{head.voting} vote of {len(head.members)}"
        case OneVsRestHead():
            return f"one against the rest, {len(head.members)} members"
        case OneVsOneHead():
            return f"one against one, {head.classes} classes"
        case MultiOutputHead():
            return f"{len(head.members)} outputs"
