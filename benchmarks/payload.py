"""What a page downloads until its first label, and later; each file compressed by itself with brotli, as servers do.

A notebook's tab needs the loader, the views (the Worker's program stands in the same file), their styles and one
engine; what it fetches afterwards is listed too. ``tests/e2e/test_widget_in_lab.py`` holds the list against what a tab
asks for.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from record import Row

ROOT = Path(__file__).resolve().parents[1]
STATIC = ROOT / "src/wasm_clf_widget/static"
DIST = ROOT / "js/dist"
ENGINE = "engine.simd.wasm"

FIRST = ("loader.js", "widget.js", "widget.css", ENGINE)
"""All that a tab of a notebook needs for its first label."""
LATER = {
    "cache.js": "after the first label",
    "panels.js": "when a panel is opened",
    "batch.js": "when the batch table is opened",
    "seldom.js": "on a lower rung, or when Python asks the tab",
}

WIDGET_KILOBYTES = 80.0
"""Loader, views, worker, styles and one engine; 1,000 bytes each."""
ELEMENT_KILOBYTES = 75.0
"""The custom element with its worker and one engine."""

_SCRIPT = """
const {readFileSync} = require('node:fs'), {brotliCompressSync, constants: c} = require('node:zlib');
for (const path of process.argv.slice(1)) {
  const data = readFileSync(path);
  const params = {[c.BROTLI_PARAM_QUALITY]: 11, [c.BROTLI_PARAM_LGWIN]: 24, [c.BROTLI_PARAM_SIZE_HINT]: data.length};
  console.log(brotliCompressSync(data, {params}).length);
}
"""


def rows() -> Iterator[Row]:
    """Kilobytes of each file, and the two sums that are asked for."""
    first = brotli([STATIC / name for name in FIRST])
    later = brotli([STATIC / name for name in LATER])
    element = brotli([*_imported(DIST / "element.js"), DIST / "worker.js", DIST / ENGINE])
    for name, size in first.items():
        yield _row(f"notebook: {name}", size)
    yield _row("notebook until the first label", sum(first.values()), WIDGET_KILOBYTES)
    for name, size in later.items():
        yield _row(f"notebook, {LATER[name]}: {name}", size)
    for name, size in element.items():
        yield _row(f"element: {name}", size)
    yield _row("element until the first label", sum(element.values()), ELEMENT_KILOBYTES)


def brotli(files: list[Path]) -> dict[str, int]:
    """Bytes of each after brotli."""
    if missing := [file for file in files if not file.is_file()]:
        raise SystemExit(f"{missing[0]} was not built: make build")
    command = ["node", "-e", _SCRIPT, *map(str, files)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return dict(zip((f.name for f in files), map(int, output.split()), strict=True))


def _imported(module: Path) -> list[Path]:
    """A module and all that it imports when it is loaded: not what it fetches later by ``import()``."""
    found = [module]
    for file in found:
        for name in re.findall(r'(?:from|import)\s*"\./([^"]+)"', file.read_text()):
            if (path := module.parent / name) not in found:
                found.append(path)
    return found


def _row(case: str, size: int, asked: float | None = None) -> Row:
    value = size / 1000
    return Row("page payload", case, " kB", asked, "at_most", value, value, value, 1)
