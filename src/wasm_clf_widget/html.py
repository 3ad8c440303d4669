"""One self-contained page that classifies offline: model, engine and program stand in the file itself.

The page's own content-security policy forbids every request: what is typed into it cannot leave it, whatever stands in
the model. Parts are base64 of gzip under their SHA-256; the program (``js/src/page/saved.ts``) unpacks and checks them.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .assets import asset, tab_asset
from .errors import InputError
from .files import write_atomically
from .texts import check_text, replace_surrogates

if TYPE_CHECKING:
    from .classifier import Classifier

PARTS = (
    "engine.baseline.wasm",
    "engine.simd.wasm",
    "worker.js",
    "panels.js",
    "batch.js",
    "cache.js",
    "seldom.js",
    "widget.css",
)
MIN_HEIGHT, MAX_HEIGHT = 160, 4000

_STYLE = """
:root { color-scheme: light dark; }
body { margin: 0; padding: 24px 16px; font: 14px/1.5 system-ui, sans-serif; background: #fff; color: #14181d; }
main { max-width: 720px; margin: 0 auto; }
.about { color: #59626d; font-size: 12px; margin: 10px 2px; }
@media (prefers-color-scheme: dark) { body { background: #111418; color: #eceff3; } .about { color: #99a2ad; } }
@media (max-width: 480px) { body { padding: 0; } .about { margin: 10px 14px; } }
"""


def page(classifier: Classifier, *, title: str | None = None, text: str = "", about: bool = True) -> str:
    """The page as HTML.

    Args:
        classifier: what it classifies with.
        title: the document's title; the model's name where it is None.
        text: a text to classify when it is opened.
        about: whether a line below the widget says what the page is.

    Raises:
        InputError: a title or text that is not a str.
        EngineError: the built files are missing.
    """
    name = classifier.name if title is None else title
    if not isinstance(name, str):
        raise InputError(f"title is a str, found {type(name).__name__}")
    shown, _ = replace_surrogates(check_text(text))
    name, _ = replace_surrogates(name)
    program = asset("saved.js").data.decode("utf-8")
    if "</script" in program.lower() or "\r" in program:
        raise AssertionError("the build wrote a program that cannot stand in a page")
    digest = base64.b64encode(hashlib.sha256(program.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}' blob: 'wasm-unsafe-eval'; worker-src blob:; "
        "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )
    parts = (_block(part, tab_asset(part, classifier.model).data) for part in PARTS)
    blocks = [_block("model", classifier.model_bytes), *parts]
    # The only text of a user's that stands in a script element: "<" would let it end there.
    settings = json.dumps({"title": name, "text": shown}).replace("<", "\\u003c")
    lines = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{html.escape(name)}</title>",
        f"<style>{_STYLE}</style>",
        "</head>",
        "<body>",
        "<main>",
        "<div data-wcw-view><noscript>This page classifies text in your browser: it needs JavaScript.</noscript></div>",
        *([_about(classifier)] if about else []),
        "</main>",
        f'<script type="application/json" data-wcw="settings">{settings}</script>',
        *blocks,
        f'<script type="module">{program}</script>',
        "</body>",
        "</html>",
        "",
    ]
    return "\n".join(lines)


def write_page(
    classifier: Classifier, path: str | os.PathLike[str], *, title: str | None = None, text: str = ""
) -> Path:
    """Write the page; a reader sees the old file or the whole new one, never a part."""
    target = Path(path)
    if target.suffix.lower() not in {".html", ".htm"}:
        raise InputError(f"a page ends in .html, found {str(path)!r}: browsers go by the suffix")
    write_atomically(target, page(classifier, title=title, text=text).encode("utf-8"))
    return target


@dataclass(frozen=True, slots=True)
class EmbeddedPage:
    """A page inside a notebook's output: it stays in the saved notebook, and so in what is exported from it."""

    html: str
    """The whole page."""
    height: int
    """Pixels; the reader can pull it larger."""
    title: str

    def _repr_html_(self) -> str:
        # A frame with an origin of its own: the page can touch nothing of the notebook, whose styles leave it alone.
        return (
            f'<iframe sandbox="allow-scripts allow-downloads" title="{html.escape(self.title, quote=True)}" '
            f'style="width: 100%; max-width: 760px; height: {self.height}px; border: 0; resize: vertical" '
            f'srcdoc="{html.escape(self.html, quote=True)}"></iframe>'
        )


def embedded(classifier: Classifier, *, title: str | None = None, text: str = "", height: int = 460) -> EmbeddedPage:
    """The page as a notebook's output.

    Raises:
        InputError: a height that is not a number of pixels from 160 to 4000; as :func:`page`.
    """
    if isinstance(height, bool) or not isinstance(height, int) or not MIN_HEIGHT <= height <= MAX_HEIGHT:
        raise InputError(f"height is a number of pixels from {MIN_HEIGHT} to {MAX_HEIGHT}, found {height!r}")
    name = classifier.name if title is None else title
    return EmbeddedPage(page(classifier, title=title, text=text, about=False), height, name)


def _block(name: str, data: bytes) -> str:
    packed = base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()
    digest = hashlib.sha256(data).hexdigest()
    return f'<script type="application/octet-stream" data-wcw="{name}" data-sha256="{digest}">{packed}</script>'


def _about(classifier: Classifier) -> str:
    from . import __version__

    return (
        '<p class="about">This file classifies by itself, also offline: its policy lets no request leave it. '
        f"Saved from wasm_clf_widget {__version__}, model {html.escape(classifier.name)}, "
        f"SHA-256 {classifier.sha256[:16]}…</p>"
    )
