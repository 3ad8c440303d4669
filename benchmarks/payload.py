"""What a page downloads before it has a model: each file compressed by itself with brotli, as a server sends it."""

from __future__ import annotations

import subprocess
from pathlib import Path

STATIC = Path(__file__).resolve().parents[1] / "src" / "wasm_clf_widget" / "static"
ENGINE = "engine.simd.wasm"
_SCRIPT = """
const {readFileSync} = require('node:fs'), {brotliCompressSync, constants: c} = require('node:zlib');
for (const path of process.argv.slice(1)) {
  const data = readFileSync(path);
  const params = {[c.BROTLI_PARAM_QUALITY]: 11, [c.BROTLI_PARAM_LGWIN]: 24, [c.BROTLI_PARAM_SIZE_HINT]: data.length};
  console.log(brotliCompressSync(data, {params}).length);
}
"""


def sizes() -> dict[str, int]:
    """Bytes after brotli of everything in ``static/`` but the engine's other variant and source maps."""
    files = sorted(f for f in STATIC.iterdir() if f.suffix in (".js", ".css", ".mjs") or f.name == ENGINE)
    if not any(f.name == ENGINE for f in files) or not any(f.suffix == ".js" for f in files):
        raise SystemExit(f"{STATIC} lacks the engine or the page's files: make build")
    command = ["node", "-e", _SCRIPT, *map(str, files)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return dict(zip((f.name for f in files), map(int, output.split()), strict=True))
