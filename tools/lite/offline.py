"""What makes the site work offline after the first visit: the list of its files, and the worker that keeps them.

    python tools/lite/offline.py dist/lite

`make lite` does this at its end. Do it again after you have put a file beside the site or changed one: browsers keep
the files of the list, with the very bytes that it names, and a new list is what tells them of a new version.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from urllib.parse import quote

from running import run

ROOT = Path(__file__).resolve().parents[2]
SOURCES = Path(__file__).resolve().parent / "offline"
LIST = "offline.json"
WORKER = "service-worker.js"
PAGE = "offline.js"
FIRST_LINE = "const SITE = "
UNQUOTED = "/!$&'()*+,;=:@~"
"""What browsers leave as it is in a path."""


def put(site: Path) -> None:
    """Put the service worker and the page's script into a site that JupyterLite has just built, and list its files."""
    worker = site / WORKER
    own = _compiled("worker.ts", "iife")
    # Ours stands first: the events that it takes do not reach JupyterLite's.
    worker.write_text(f"{FIRST_LINE}{{}};\n{own}\n{worker.read_text(encoding='utf-8')}", encoding="utf-8")
    (site / PAGE).write_text(_compiled("page.ts", "esm"), encoding="utf-8")
    pages = [page for page in site.glob("*/index.html") if "jupyter-config-data" in page.read_text(encoding="utf-8")]
    if not pages:
        sys.exit(f"lite: no application was found in {site}")
    for page in pages:
        text = page.read_text(encoding="utf-8")
        tag = f'<script type="module" src="../{PAGE}"></script>\n</head>'
        if "</head>" not in text:
            sys.exit(f"lite: {page} has no </head> to put a script before")
        page.write_text(text.replace("</head>", tag, 1), encoding="utf-8")
    list_files(site)


def list_files(site: Path) -> str:
    """Write the list of a site's files, and its version into the service worker; the version."""
    worker = site / WORKER
    first, _, rest = (worker.read_text(encoding="utf-8") if worker.exists() else "").partition("\n")
    if not first.startswith(FIRST_LINE):
        sys.exit(f"lite: {site} is no site that can be kept: `make lite` builds one (without --full-pyodide)")
    files = {}
    for file in sorted(site.rglob("*")):
        path = file.relative_to(site).as_posix()
        if file.is_file() and path not in (LIST, WORKER) and not any(p.startswith(".") for p in path.split("/")):
            data = file.read_bytes()
            files[quote(path, safe=UNQUOTED)] = (hashlib.sha256(data).hexdigest(), len(data))
    version = hashlib.sha256(json.dumps([files, rest]).encode()).hexdigest()[:16]
    document = {"version": version, "bytes": sum(size for _, size in files.values()), "files": files}
    (site / LIST).write_text(json.dumps(document) + "\n", encoding="utf-8")
    worker.write_text(f"{FIRST_LINE}{json.dumps({'version': version})};\n{rest}", encoding="utf-8")
    return version


def _compiled(source: str, form: str) -> str:
    esbuild = ROOT / "js/node_modules/.bin/esbuild"
    command = [str(esbuild), str(SOURCES / source), "--bundle", "--minify", "--target=es2022", f"--format={form}"]
    return run(command)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/lite/offline.py SITE")
    print(f"lite: {sys.argv[1]} is version {list_files(Path(sys.argv[1]))}")
