"""What the page sends, as Python's own values.

ipykernel reads messages as JSON. Pyodide's kernel has them converted by its bridge, to which JavaScript's null is a
value of its own, ``pyodide.ffi.jsnull``: without this a report that has no difference would have one.
"""

from __future__ import annotations

import sys
from typing import Any


def received(value: Any) -> Any:
    """``value`` with None wherever the page wrote null. Bytes and buffers stay as they are."""
    if sys.platform != "emscripten":
        return value
    from pyodide.ffi import jsnull

    return _with_none(value, jsnull)


def _with_none(value: Any, null: object) -> Any:
    if value is null:
        return None
    if isinstance(value, dict):
        return {key: _with_none(each, null) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_with_none(each, null) for each in value]
    return value
