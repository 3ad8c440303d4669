"""What a page did that it must not: requests to other hosts, errors in the console; and every message it exchanged."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebError, WebSocket

# JupyterLab's own harmless messages, each with its reason. Ours are never listed here.
ALLOWED_ERRORS: list[re.Pattern[str]] = [
    # Notebook 7.6's settings registry, before any cell ran, with any notebook.
    re.compile(r"^uncaught: Cannot read properties of undefined \(reading 'schema'\)$"),
]
LOCAL_SCHEMES = frozenset({"data", "blob", "about", "chrome-error"})


@dataclass
class Watch:
    """Listens to a browser context while it is entered; pages are opened after that, so nothing of theirs is missed."""

    context: BrowserContext
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    schemes: frozenset[str] = LOCAL_SCHEMES

    def __enter__(self) -> Self:
        for event, handler in self._handlers().items():
            self.context.on(event, handler)  # type: ignore[call-overload]
        return self

    def __exit__(self, *_exception: object) -> None:
        for event, handler in self._handlers().items():
            self.context.remove_listener(event, handler)

    def _handlers(self) -> dict[str, Callable[[Any], None]]:
        return {"request": self._request, "console": self._console, "weberror": self._weberror, "page": self._page}

    def problems(self) -> list[str]:
        """What must be empty at the end of a test."""
        loud = [e for e in self.errors if not any(allowed.search(e) for allowed in ALLOWED_ERRORS)]
        return [f"request to another host: {url}" for url in self.foreign] + [f"console error: {e}" for e in loud]

    def sent_and_received(self) -> bytes:
        """All WebSocket frames (kernel messages, comms among them) and request bodies (the saved notebook), joined."""
        return b"\n".join([*self.frames, *self.bodies])

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in self.schemes and parts.hostname != "127.0.0.1":
            self.foreign.append(request.url)
        if request.post_data_buffer:
            self.bodies.append(request.post_data_buffer)

    def _weberror(self, error: WebError) -> None:
        self.errors.append(f"uncaught: {error.error}")

    def _console(self, message: ConsoleMessage) -> None:
        where = f" ({message.location['url']}:{message.location['lineNumber']})" if message.location.get("url") else ""
        if message.type == "error":
            self.errors.append(message.text + where)
        elif message.type == "warning":
            self.warnings.append(message.text + where)

    def _page(self, page: Page) -> None:
        page.on("websocket", self._websocket)

    def _websocket(self, socket: WebSocket) -> None:
        if urlsplit(socket.url).hostname != "127.0.0.1":
            self.foreign.append(socket.url)
        socket.on("framesent", lambda data: self.frames.append(data if isinstance(data, bytes) else data.encode()))
        socket.on("framereceived", lambda data: self.frames.append(data if isinstance(data, bytes) else data.encode()))
