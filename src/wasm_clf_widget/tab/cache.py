"""The reader's browser cache, seen from Python."""

from __future__ import annotations

from typing import Any

from ..errors import InputError
from .calls import TabCall, TabCalls


class TabCache:
    """What the reader's browser keeps of models, engines and programs. Each call is awaited."""

    def __init__(self, calls: TabCalls) -> None:
        self._calls = calls

    def report(self) -> TabCall[dict[str, Any]]:
        """``storage`` (mode, reason, quota, usage, persisted, partitioned), ``entries`` (sha256, kind, name, bytes,
        created, lastUsed in milliseconds since 1970; last used first), ``bytes``, ``budget`` and ``log``.
        """
        return self._calls.then("cache-report", None, lambda answer: dict(answer.value))

    def evict(self, sha256: str) -> TabCall[bool]:
        """Remove one entry; False where there was none."""
        if not isinstance(sha256, str) or len(sha256) != 64:
            raise InputError(f"an entry is named by its SHA-256, 64 hexadecimal digits, found {sha256!r}")
        return self._calls.then("cache-evict", sha256, lambda answer: bool(answer.value))

    def clear(self) -> TabCall[int]:
        """Remove everything of this library; how many entries there were."""
        return self._calls.then("cache-clear", None, lambda answer: int(answer.value))

    def persist(self) -> TabCall[bool]:
        """Ask the browser to keep it under pressure (Firefox asks the reader); whether it promises to."""
        return self._calls.then("cache-persist", None, lambda answer: bool(answer.value))
