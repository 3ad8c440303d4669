"""The last rung: the kernel's engine answers the tab, where the widget was made with ``fallback="kernel"``."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from ..classifier import Classifier
from ..engines.base import Batch
from ..errors import InputError
from ..model import safetensors
from .batch import unpack

Reply = tuple[Any, list[bytes]]
"""A JSON value and buffers."""


class KernelRung:
    """Answers what a tab may ask. ``seen(text, batch)`` is told of each single text, for the twin."""

    def __init__(self, classifier: Classifier, seen: Callable[[str, Batch], None]) -> None:
        self._classifier = classifier
        self._seen = seen

    def answer(self, what: Any, buffers: list[bytes]) -> Reply:
        """One answer.

        Raises:
            WasmClfError: what the engine could not do, or a question that this version does not know.
        """
        match what, len(buffers):
            case "open", 0:
                return self._open(), []
            case "classify", 2:
                return None, self._classify(unpack(*buffers))
            case "explain", 1:
                return self._explain(_text(buffers[0])), []
            case "verify", 0:
                return asdict(self._classifier.verify()), []
        raise InputError(f"the tab asked for {what!r} with {len(buffers)} buffers, which this version does not answer")

    def _open(self) -> dict[str, Any]:
        data = self._classifier.model_bytes
        engine = self._classifier.engine
        return {"document": safetensors.read(data).metadata["wcw"], "variant": engine.variant, "size": len(data)}

    def _classify(self, texts: list[str]) -> list[bytes]:
        batch = self._classifier.engine.classify(texts)
        if len(texts) == 1:
            self._seen(texts[0], batch)
        p = batch.probabilities
        return [
            _doubles(batch.scores),
            b"" if p is None else _doubles(p),
            array("I", batch.labels).tobytes(),
            array("I", batch.known).tobytes(),
        ]

    def _explain(self, text: str) -> dict[str, Any]:
        found = self._classifier.explain(text)
        spans = [{"start": s.start, "end": s.end, "ngram": s.ngram, "weights": list(s.weights)} for s in found.spans]
        return {"spans": spans, "remainder": list(found.remainder), "scores": list(found.scores)}


def _doubles(values: Sequence[float]) -> bytes:
    return array("d", values).tobytes()


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise InputError("the tab sent a text that is not UTF-8: reload the page") from None
