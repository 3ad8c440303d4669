"""Engines that answer for a model: the wasm engine, and the twin."""

from __future__ import annotations

import sys
from typing import Literal, get_args

from ..errors import InputError
from ..model.spec import Model
from .base import Batch, Engine

EngineName = Literal["wasm", "twin"]

__all__ = ["Batch", "Engine", "EngineName", "check_engine", "open_engine"]


def check_engine(name: str, variant: str) -> None:
    """An engine's name and variant, as callers give them."""
    if name not in get_args(EngineName):
        raise InputError(f"engine {name!r} is given, allowed are 'wasm' (the default) and 'twin'")
    if variant not in ("simd", "baseline"):
        raise InputError(f"variant {variant!r} is given, allowed are 'simd' (the default) and 'baseline'")


def open_engine(name: EngineName, data: bytes, model: Model, variant: Literal["simd", "baseline"] = "simd") -> Engine:
    """A model on an engine. ``variant`` is the build of the wasm engine."""
    if name == "twin":
        from .twin_engine import TwinEngine

        return TwinEngine(model)
    if sys.platform == "emscripten":
        from .pyodide_engine import open_pyodide_engine

        return open_pyodide_engine(data, model, variant)
    from .wasmtime_engine import open_wasmtime_engine

    return open_wasmtime_engine(data, model, variant)
