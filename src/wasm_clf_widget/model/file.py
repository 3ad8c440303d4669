"""A model as one safetensors file: ``dump`` and ``parse``, inverse to each other (docs/model-file.md).

``parse`` is the one place where a file is doubted: sizes, hash, types, counts, UTF-8, duplicates, finite numbers. What
comes out is a ``Model``; all else in the package trusts it. Nothing in a file is ever executed.
"""

from __future__ import annotations

from dataclasses import replace

from ..errors import ModelFileError
from . import document, safetensors
from .pipelines import write_pipeline
from .reading import Reader
from .shape import Shape, shape_of
from .spec import Certificate, Model
from .writing import Writer


def dump(model: Model) -> bytes:
    """The file's bytes. Numbers that are not finite and texts that UTF-8 cannot store are an ``InputError``."""
    out = Writer(rounded=model.weights == "float32")
    stages = write_pipeline(out, model.pipeline, 0, iter(model.tables))
    if model.certificate is not None:
        _write_certificate(out, shape_of(model), model.certificate)
    return _assembled(out, document.write(model, stages))


def with_certificate(data: bytes, shape: Shape, certificate: Certificate) -> bytes:
    """The same file with a certificate. Its other tensors are copied as they are, not packed again."""
    container = safetensors.read(data)
    out = Writer(rounded=False)
    out.tensors |= container.tensors()
    _write_certificate(out, shape, certificate)
    return _assembled(out, document.with_certificate(container.metadata["wcw"], certificate))


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
    reader = Reader(container.tensors())
    model, certified = document.read(json, reader)
    if certified is None:
        return model
    return replace(model, certificate=_read_certificate(reader, model, certified))


def _assembled(out: Writer, text: str) -> bytes:
    entries = safetensors.lay_out(out.tensors)
    digest = safetensors.content_hash(text, entries, (out.tensors[e.name].data for e in entries))
    return safetensors.write(out.tensors, entries, {"wcw": text, "sha256": digest})


def _write_certificate(out: Writer, shape: Shape, certificate: Certificate) -> None:
    n = len(certificate.texts)
    scores, probabilities, labels = shape
    out.texts("certificate", certificate.texts, "certificate text")
    out.f64("certificate.scores", certificate.scores, n, scores)
    out.f64("certificate.engine_scores", certificate.engine_scores, n, scores)
    out.f64("certificate.tolerance", certificate.tolerance, n, scores)
    # One label a text stands as a vector, as in files of before there were several.
    out.u32("certificate.labels", certificate.labels, *((n,) if labels == 1 else (n, labels)))
    if certificate.probabilities is not None:
        out.f64("certificate.probabilities", certificate.probabilities, n, probabilities)
    if certificate.engine_probabilities is not None:
        out.f64("certificate.engine_probabilities", certificate.engine_probabilities, n, probabilities)


def _read_certificate(reader: Reader, model: Model, certified: document.Certified) -> Certificate:
    n = certified.texts
    k, p, count = shape_of(model)
    labels = reader.u32("certificate.labels", *((n,) if count == 1 else (n, count)))
    sizes = [2] * count if model.targets == "multilabel" else [len(c.values) for c in model.class_sets]
    for i, label in enumerate(labels):
        if label >= sizes[i % count]:
            raise ModelFileError(
                f"tensor 'certificate.labels': class {label} at {i}, there are {sizes[i % count]} classes"
            )
    tolerance = reader.f64("certificate.tolerance", n, k)
    if any(t < 0 for t in tolerance):
        raise ModelFileError("tensor 'certificate.tolerance' has a negative number")
    return Certificate(
        by=certified.by,
        texts=tuple(reader.texts("certificate", n)),
        scores=reader.f64("certificate.scores", n, k),
        probabilities=reader.f64("certificate.probabilities", n, p) if p else None,
        labels=labels,
        tolerance=tolerance,
        engine_scores=reader.f64("certificate.engine_scores", n, k),
        engine_probabilities=reader.f64("certificate.engine_probabilities", n, p) if p else None,
    )
