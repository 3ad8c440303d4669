"""A plain web site on 127.0.0.1 for the tests of the page's runtime: npm package, golden models, bad weather.

``Site.replies[path]`` puts an answer of the test's own in front of the files; ``Site.requests`` has what was asked.
"""

from __future__ import annotations

import hashlib
import mimetypes
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {
    "/dist/": ROOT / "js/dist",
    "/data/": ROOT / "tests/data",
    "/models/": ROOT / "src/wasm_clf_widget/models",
    "/static/": ROOT / "src/wasm_clf_widget/static",
}
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>runtime</title>
<script type="module">
import * as wcw from "/dist/index.js";
globalThis.wcw = wcw;
globalThis.load = (model, options) => wcw.Classifier.load(model, options);
// An error as a value, for the test to look at.
globalThis.outcome = (promise) =>
    promise.then(() => null, ({ name, code, message, action }) => ({ name, code, message, action }));
</script></html>"""


@dataclass
class Reply:
    """An answer; ``cut`` sends only so many bytes of the body although its whole length was announced."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    length: int | None = None


class Site:
    """Serves until it is left; ``url`` is its root."""

    def __init__(self, port: int = 0) -> None:
        self.replies: dict[str, Reply] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.headers: dict[str, str] = {}
        """Sent with every answer: a content-security policy, CORS."""
        self._stopped = False
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site._answer(self)

            def log_message(self, *_args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Answer nothing any more."""
        self._stopped = True  # connections that a browser keeps open have threads of their own
        self._server.shutdown()
        self._server.server_close()

    def asked(self, part: str) -> int:
        """How many requests had this in their path."""
        return sum(part in path for path, _ in self.requests)

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        if self._stopped:
            request.close_connection = True
            return
        path = urlsplit(request.path).path
        self.requests.append((path, dict(request.headers)))
        reply = self.replies.get(path) or self._file(path)
        etag = reply.headers.get("ETag")
        if etag is not None and request.headers.get("If-None-Match") == etag:
            reply = Reply(304, headers=reply.headers)
        request.send_response(reply.status)
        length = len(reply.body) if reply.length is None else reply.length
        for name, value in {**self.headers, **reply.headers, "Content-Length": str(length)}.items():
            request.send_header(name, value)
        request.end_headers()
        with suppress(OSError):  # the page may not want the rest
            request.wfile.write(reply.body if reply.cut is None else reply.body[: reply.cut])
        if length != len(reply.body) or reply.cut is not None:
            request.close_connection = True

    def _file(self, path: str) -> Reply:
        if path == "/":
            return Reply(body=PAGE.encode(), headers={"Content-Type": "text/html; charset=utf-8"})
        for prefix, folder in FOLDERS.items():
            file = folder / path.removeprefix(prefix)
            if path.startswith(prefix) and file.is_file():
                return file_reply(file.read_bytes(), file.name)
        return Reply(404, b"not here", {"Content-Type": "text/plain"})


def file_reply(data: bytes, name: str) -> Reply:
    """A file as a web server gives it, with an ETag."""
    kind = {".wasm": "application/wasm", ".js": "text/javascript"}.get(Path(name).suffix) or (
        mimetypes.guess_type(name)[0] or "application/octet-stream"
    )
    return Reply(body=data, headers={"Content-Type": kind, "ETag": f'"{hashlib.sha256(data).hexdigest()[:16]}"'})
