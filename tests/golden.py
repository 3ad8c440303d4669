"""Reads the golden cases of tests/data on any host: no numpy, no scikit-learn, no wasmtime (tests/data/README.md)."""

from __future__ import annotations

import json
import struct
from functools import cache
from pathlib import Path
from typing import Any

from wasm_clf_widget.engines import Engine, open_engine
from wasm_clf_widget.model.file import parse
from wasm_clf_widget.model.spec import Model

DATA = Path(__file__).parent / "data"
WIDE = DATA / "wide"
KINDS = ("twin", "baseline", "simd")
Golden = tuple[dict[str, Any], bytes, Model]


def names(folder: Path) -> list[str]:
    """The cases that stand in a folder."""
    return sorted(path.stem for path in folder.glob("*.json"))


@cache
def golden(name: str, folder: Path = DATA) -> Golden:
    """A case: what is expected, the model's bytes, the model."""
    data = (folder / f"{name}.safetensors").read_bytes()
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8")), data, parse(data)


def opened(kind: Any, data: bytes, model: Model) -> Engine:
    """The model on the twin, or on a build of this host's wasm engine."""
    return open_engine("twin", data, model) if kind == "twin" else open_engine("wasm", data, model, kind)


def given(expected: dict[str, Any]) -> str:
    """A case's text, with its lone surrogates."""
    if "text" in expected:
        return str(expected["text"])
    units = expected["text_utf16"]
    return struct.pack(f"<{len(units)}H", *units).decode("utf-16-le", "surrogatepass")


def bits(scores: list[float]) -> list[str]:
    """As the cases have them: the big-endian float64 in hexadecimal."""
    return [struct.pack(">d", score).hex() for score in scores]
