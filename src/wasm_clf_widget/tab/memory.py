"""What a model asks of a tab's memory: told with the list of assets, before anything is fetched."""

from __future__ import annotations

from ..model import safetensors

_WIDENING = {"I8": 8, "F16": 4, "F32": 2}
"""How many times larger a weight becomes where the engine computes with it, in float64."""


def widened_size(data: bytes) -> int:
    """Bytes of a model file with every weight as float64 (``js/src/engine/memory.ts`` has the rule)."""
    entries = safetensors.read(data).entries
    return len(data) + sum((e.end - e.begin) * (_WIDENING.get(e.dtype, 1) - 1) for e in entries)
