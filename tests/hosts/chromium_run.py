"""python chromium_run.py FOLDER: each job of FOLDER/jobs.json in a real Chromium, into FOLDER/chromium/JOB.VARIANT.

A process of its own, because playwright's sync API can be open only once in a process and the e2e tests keep it open.
"""

from __future__ import annotations

import base64
import json
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from browser import FLAGS, PATH  # noqa: E402


class Files(SimpleHTTPRequestHandler):
    """The page and its script from beside this file, /job/… from the folder."""

    extensions_map: ClassVar[dict[str, str]] = {
        **SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def __init__(self, *arguments: object, folder: Path) -> None:
        self.folder = folder
        super().__init__(*arguments)  # type: ignore[arg-type]

    def translate_path(self, path: str) -> str:
        name = urlsplit(path).path.lstrip("/")
        root = self.folder if name.startswith("job/") else HERE
        return str(root / Path(name).name)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def main(folder: Path) -> None:
    if PATH is None:
        sys.exit("no browser: run `make setup`, or give one with WCW_BROWSER=/path/to/chrome")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, folder=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (folder / "chromium").mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=PATH, args=FLAGS)
        page = chromium.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"http://127.0.0.1:{server.server_port}/page.html")
        page.wait_for_function("window.job !== undefined")
        for variant in ("baseline", "simd"):
            for job in json.loads((folder / "jobs.json").read_text()):
                answer = page.evaluate("([...job]) => window.job(...job)", [variant, job["name"], job["k"], job["c"]])
                (folder / "chromium" / f"{job['name']}.{variant}").write_bytes(base64.b64decode(answer))
        (folder / "chromium" / "version").write_text(chromium.version)
        chromium.close()
    server.shutdown()
    if errors:
        sys.exit("\n".join(errors))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
