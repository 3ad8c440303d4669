"""A model as one safetensors file: ``dump`` and ``parse``, inverse to each other (docs/model-file.md).

``parse`` is the one place where a file is doubted: sizes, hash, types, counts, UTF-8, duplicates, finite numbers. What
comes out is a ``Model``; all else in the package trusts it. Nothing in a file is ever executed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..errors import InputError, ModelFileError
from . import document, numbers, packed, safetensors
from .limits import MAX_ENTRY, MAX_NGRAM
from .safetensors import Tensor
from .spec import Certificate, Classes, Idf, Model, Pipeline, Vectorizer
from .tree import plain


def dump(model: Model) -> bytes:
    """The file's bytes. Numbers that are not finite and texts that UTF-8 cannot store are an ``InputError``."""
    tensors: dict[str, Tensor] = {}
    found = plain(model)
    assert found is not None
    v, transforms, head = found
    table = model.tables[0] if model.tables else None
    if v.ngram_range[1] > MAX_NGRAM:
        raise InputError(f"ngram_range {v.ngram_range} goes beyond {MAX_NGRAM}, the file format's limit")
    if v.vocabulary is not None:
        tensors |= packed.pack("vocabulary", v.vocabulary, "vocabulary entry")
        if table is not None:
            tensors["vocabulary.table"] = Tensor("U8", (len(table),), table)
    if v.stop_words:
        tensors |= packed.pack("stop_words", v.stop_words, "stop word")
    for i, transform in enumerate(transforms):
        if isinstance(transform, Idf):
            name = document.idf_tensor(i)
            tensors |= numbers.pack(name, transform.values, (v.n_features,))
    shape = (v.n_features, head.outputs)
    tensors |= numbers.pack("coef", head.coef, shape, rounded=model.weights == "float32")
    tensors["intercept"] = numbers.f64(head.intercept, head.outputs)
    if numbers.first_not_finite(head.intercept) is not None:
        raise InputError(f"intercept {list(head.intercept)[:8]} has a number that is not finite")
    if model.certificate is not None:
        tensors |= _pack_certificate(model.certificate, head.outputs, len(model.classes))
    text = document.write(model)
    entries = safetensors.lay_out(tensors)
    digest = safetensors.content_hash(text, entries, (tensors[e.name].data for e in entries))
    return safetensors.write(tensors, entries, {"wcw": text, "sha256": digest})


def parse(data: bytes | memoryview) -> Model:
    """The model in ``data``, checked, or one ``ModelFileError`` that says what was found, what is allowed and where.

    Large tensors stay views into ``data``; the vocabulary is decoded entry by entry when asked for.
    """
    container = safetensors.read(data)
    if not {"wcw", "sha256"} <= set(container.metadata):
        raise ModelFileError("the header's __metadata__ has no 'wcw' and 'sha256': this is no file of wasm-clf-widget")
    json = document.read_json(container.metadata["wcw"])
    digest = safetensors.content_hash(container.metadata["wcw"], container.entries, (container.data,))
    if digest != container.metadata["sha256"]:
        raise ModelFileError(
            f"the content hash is {digest}, the header says {container.metadata['sha256'][:80]}: "
            "the file was altered or damaged"
        )
    doc = document.read(json)
    tensors = container.tensors()
    v, head = doc.vectorizer, doc.head
    transforms = tuple(
        Idf(numbers.unpack(tensors, t.name, (v.n_features,))) if isinstance(t, document.IdfTensor) else t
        for t in doc.transforms
    )
    coef = numbers.unpack(tensors, "coef", (v.n_features, head.outputs))
    intercept = numbers.unpack_f64(tensors, "intercept", (head.outputs,))
    table = tensors.get("vocabulary.table")
    return Model(
        name=doc.name,
        version=doc.version,
        source=doc.source,
        unicode=doc.unicode,
        class_sets=(Classes(doc.class_type, doc.classes),),
        weights=doc.weights,
        bound=doc.bound,
        uncertain_below=doc.uncertain_below,
        pipeline=Pipeline(
            _with_words(v, doc.hashing, tensors), transforms, document.linear_head(head, coef, intercept)
        ),
        certificate=_unpack_certificate(doc, tensors),
        tables=() if table is None else (bytes(table.data),),
    )


def _with_words(v: Vectorizer, hashing: bool, tensors: Mapping[str, Tensor]) -> Vectorizer:
    """The vectorizer with its vocabulary and stop words."""
    stop_words: tuple[str, ...] = ()
    if "stop_words.offsets" in tensors:
        offsets = tensors["stop_words.offsets"]
        if len(offsets.shape) != 1 or offsets.shape[0] < 1:
            raise ModelFileError(f"tensor 'stop_words.offsets' has shape {list(offsets.shape)}, it must be [words + 1]")
        stop_words = tuple(packed.unpack(tensors, "stop_words", offsets.shape[0] - 1))
    if hashing:
        return replace(v, stop_words=stop_words)
    vocabulary = packed.unpack(tensors, "vocabulary", v.n_features, longest=MAX_ENTRY)
    if (twice := packed.has_duplicates(vocabulary)) is not None:
        raise ModelFileError(f"the vocabulary has {twice!r} twice, each entry must be another")
    return replace(v, stop_words=stop_words, vocabulary=vocabulary)


def _pack_certificate(certificate: Certificate, outputs: int, classes: int) -> dict[str, Tensor]:
    n = len(certificate.texts)
    tensors = packed.pack("certificate", certificate.texts, "certificate text")
    tensors["certificate.scores"] = numbers.f64(certificate.scores, n, outputs)
    tensors["certificate.engine_scores"] = numbers.f64(certificate.engine_scores, n, outputs)
    tensors["certificate.tolerance"] = numbers.f64(certificate.tolerance, n, outputs)
    tensors["certificate.labels"] = numbers.u32(certificate.labels, n)
    if certificate.probabilities is not None:
        tensors["certificate.probabilities"] = numbers.f64(certificate.probabilities, n, classes)
    if certificate.engine_probabilities is not None:
        tensors["certificate.engine_probabilities"] = numbers.f64(certificate.engine_probabilities, n, classes)
    return tensors


def _unpack_certificate(doc: document.Document, tensors: Mapping[str, Tensor]) -> Certificate | None:
    if not doc.certificate_by:
        return None
    n, outputs, classes = doc.certificate_texts, doc.head.outputs, len(doc.classes)
    labels = numbers.unpack_u32(tensors, "certificate.labels", (n,))
    for i, label in enumerate(labels):
        if label >= classes:
            raise ModelFileError(f"tensor 'certificate.labels': class {label} at {i}, there are {classes} classes")
    has_probabilities = doc.head.link != "none"

    def probabilities(name: str) -> object:
        return numbers.unpack_f64(tensors, name, (n, classes)) if has_probabilities else None

    tolerance = numbers.unpack_f64(tensors, "certificate.tolerance", (n, outputs))
    if any(t < 0 for t in tolerance):
        raise ModelFileError("tensor 'certificate.tolerance' has a negative number")
    return Certificate(
        by=doc.certificate_by,
        texts=tuple(packed.unpack(tensors, "certificate", n)),
        scores=numbers.unpack_f64(tensors, "certificate.scores", (n, outputs)),
        probabilities=probabilities("certificate.probabilities"),  # type: ignore[arg-type]
        labels=labels,
        tolerance=tolerance,
        engine_scores=numbers.unpack_f64(tensors, "certificate.engine_scores", (n, outputs)),
        engine_probabilities=probabilities("certificate.engine_probabilities"),  # type: ignore[arg-type]
    )
