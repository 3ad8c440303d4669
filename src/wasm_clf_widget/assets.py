"""The built files that a tab needs, each with its SHA-256, read from the package when first asked for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .errors import EngineError

STATIC = Path(__file__).resolve().parent / "static"

TAB_ASSETS = (
    "widget.js",
    "panels.js",
    "batch.js",
    "cache.js",
    "seldom.js",
    "widget.css",
    "engine.baseline.wasm",
    "engine.simd.wasm",
)
"""What the loader asks the kernel for; the loader itself (``loader.js``) is the widget's ``_esm``."""


@dataclass(frozen=True, slots=True)
class Asset:
    """Bytes under their hash (lower-case hex)."""

    sha256: str
    data: bytes


def asset(name: str, folder: Path | None = None) -> Asset:
    """One file of ``static/``, or of another folder (for tests).

    Raises EngineError where it was not built.
    """
    return _read((folder or STATIC) / name)


@cache
def _read(path: Path) -> Asset:
    try:
        data = path.read_bytes()
    except OSError:
        raise EngineError(
            f"the built file {path} is missing: in a source tree run `make build`, else install the wheel again"
        ) from None
    return Asset(hashlib.sha256(data).hexdigest(), data)
