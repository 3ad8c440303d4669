"""The package's own files where servers have them: half updated, on another origin, in a bundle, named one by one."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from conftest import NewPage
from element_page import SRC, TAG, serve, visit, wait_state
from runtime_page import MODEL
from site_server import FOLDERS, ROOT, Reply, Site

DIST = FOLDERS["/dist/"]
GOOD = (FOLDERS["/models/"] / "sentiment-zh-en.safetensors").read_bytes()
SCRIPT = {"Content-Type": "text/javascript"}
CSP = "Content-Security-Policy"


def of_another_version(name: str) -> bytes:
    """The worker as another build of it names itself."""
    text = (DIST / name).read_text(encoding="utf-8")
    assert text.count("`ready ") + text.count('"ready ') == 1
    return text.replace("ready ", "ready x", 1).encode()


def test_another_origins_length_of_a_compressed_body_is_not_believed(new_page: NewPage) -> None:
    with Site() as other:
        # nginx with gzip_static: a page may read the length, but not that the body is compressed.
        other.headers["Access-Control-Allow-Origin"] = "*"
        other.replies["/m"] = Reply(body=gzip.compress(GOOD), headers={"Content-Encoding": "gzip"})
        other.replies["/short"] = Reply(body=GOOD[: len(GOOD) // 2])
        page = new_page().open()
        assert page.classify(f"{other.url}m")["results"][0]["label"] == "positive"
        assert page.failure(f"{other.url}short")["code"] == "model-damaged"


def test_a_worker_of_another_version_is_not_used(new_page: NewPage, site: Site) -> None:
    site.replies["/dist/worker.js"] = Reply(body=of_another_version("worker.js"), headers=SCRIPT)
    found = new_page().open().classify()
    assert found["rung"] == "tab-main"
    assert "not the one that belongs to this program" in found["rung_reason"]


def test_a_kept_worker_stands_in_for_one_of_another_version(new_page: NewPage, site: Site) -> None:
    page = new_page().open()
    page.classify()
    page.page.wait_for_function(
        "() => wcw.cacheInspector().report().then(({ entries }) => entries.some(({ name }) => name === 'worker.js'))"
    )
    site.replies["/dist/worker.js"] = Reply(body=of_another_version("worker.js"), headers=SCRIPT)
    assert new_page().open().classify()["rung"] == "tab-worker"


def test_an_engine_left_in_the_browsers_cache_by_an_older_version_is_fetched_again(
    new_page: NewPage, site: Site
) -> None:
    path = "/dist/engine.linear.simd.wasm"
    site.replies[path] = Reply(
        body=b"\0asm\1\0\0\0", headers={"Cache-Control": "max-age=3600", "Content-Type": "application/wasm"}
    )
    page = new_page().open()
    assert page.failure(MODEL)["code"] == "engine-altered"
    del site.replies[path]
    assert page.classify()["rung"] == "tab-worker"


def test_an_engine_by_its_address_is_reported_as_what_it_is(new_page: NewPage) -> None:
    page = new_page().open()
    for variant in ("baseline", "simd"):
        assert page.classify(MODEL, {"engine": f"/dist/engine.{variant}.wasm"})["variant"] == variant


def test_a_pinned_hash_may_be_in_capitals(new_page: NewPage) -> None:
    page = new_page().open()
    digest = hashlib.sha256(GOOD).hexdigest()
    first = page.classify(MODEL, {"sha256": digest.upper()})
    assert first == page.classify(MODEL, {"sha256": digest})


def test_a_worker_that_is_not_there_is_said_as_it_is(new_page: NewPage, site: Site) -> None:
    found = new_page().open().classify(MODEL, {"worker": "/dist/nothing.js"})
    assert found["rung"] == "tab-main"
    assert "cannot be loaded, or the content-security policy lacks worker-src 'self'" in found["rung_reason"]
    site.headers[CSP] = "worker-src 'self'"
    with Site() as other:
        other.headers["Access-Control-Allow-Origin"] = "*"
        found = new_page().open().classify(MODEL, {"worker": f"{other.url}dist/worker.js"})
    assert "worker-src blob:" in found["rung_reason"]


def test_a_page_without_webassembly_is_not_sent_to_a_kernel(new_page: NewPage, site: Site) -> None:
    site.headers[CSP] = "script-src 'self' 'unsafe-inline'"
    error = new_page().open().failure(MODEL)
    assert "kernel" not in error["action"]


@pytest.mark.parametrize("base", ["/dist", "/dist/"])
def test_in_a_bundle_it_finds_its_files_where_base_says(
    watched: BrowserContext, site: Site, tmp_path: Path, base: str
) -> None:
    package = tmp_path / "node_modules/wasm-clf-widget"
    shutil.copytree(DIST, package / "dist")
    shutil.copy(ROOT / "js/package.json", package)
    (tmp_path / "app.js").write_text('import "wasm-clf-widget/element";')
    esbuild = ROOT / "js/node_modules/.bin/esbuild"
    command = [str(esbuild), "app.js", "--bundle", "--format=esm", "--minify", "--outfile=out/app.js"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["app.js"], "no file is taken for one that is meant"
    site.replies["/app/app.js"] = Reply(body=(tmp_path / "out/app.js").read_bytes(), headers=SCRIPT)
    script = '<script type="module" src="/app/app.js"></script>'
    serve(site, f'<wasm-text-classifier {SRC} base="{base}" explore></wasm-text-classifier>', script)
    page = visit(watched, site, "page")
    wait_state(page, "ready")
    assert page.evaluate(f"{TAG}.classifier.capabilities.rung") == "tab-worker"
    page.get_by_role("textbox").fill("great value")
    page.get_by_role("button", name="Why?").click()
    expect(page.locator(".wcw-ngrams li").first).to_be_visible(timeout=15_000)
