"""The cache in a real browser: what a second visit asks for, and storage that cannot be trusted or used."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from browser import FLAGS, PATH
from conftest import NewPage
from notebook_page import eventually
from runtime_page import MODEL, RuntimePage
from site_server import FOLDERS, Reply, Site, file_reply

SENTIMENT = (FOLDERS["/models/"] / "sentiment-zh-en.safetensors").read_bytes()
SHA256 = hashlib.sha256(SENTIMENT).hexdigest()
OTHER = (FOLDERS["/data/"] / "char-wb-2-4.safetensors").read_bytes()

# Raw IndexedDB, as any other code of the origin could use it.
STORE = """async (change) => {
    const db = await new Promise((resolve, reject) => {
        const opening = indexedDB.open("wasm-clf-widget");
        opening.onsuccess = () => resolve(opening.result);
        opening.onerror = () => reject(opening.error);
    });
    const transaction = db.transaction(["entries", "chunks"], "readwrite");
    const [entries, chunks] = ["entries", "chunks"].map((name) => transaction.objectStore(name));
    const all = entries.getAll();
    await new Promise((resolve) => { all.onsuccess = resolve; });
    for (const { sha256, kind } of all.result) {
        if (change === "no-entry") { entries.delete(sha256); continue; }
        const got = chunks.get([sha256, 0]);
        await new Promise((resolve) => { got.onsuccess = resolve; });
        got.result[1000] ^= 1;
        chunks.put(got.result, [sha256, 0]);
    }
    await new Promise((resolve) => { transaction.oncomplete = resolve; });
    db.close();
}"""


def test_a_second_visit_asks_only_whether_there_is_a_newer_version(new_page: NewPage, site: Site) -> None:
    page = new_page().open()
    first = page.classify()
    assert site.asked("engine.") == site.asked(MODEL) == 1
    again = page.open().classify()
    assert again == first
    assert site.asked("engine.") == 1, "the engine is known by its hash"
    assert site.asked(MODEL) == 2, "an address is asked at every load"
    headers = [headers for path, headers in site.requests if path == MODEL][-1]
    assert headers["If-None-Match"] == file_reply(SENTIMENT, "m").headers["ETag"]
    assert page.names() == ["engine.linear.simd.wasm", "sentiment-zh-en"]
    report = page.report()
    assert report["storage"]["mode"] == "indexeddb"
    assert report["storage"]["partitioned"] is False
    assert report["storage"]["quota"] > 10_000_000
    assert report["bytes"] == sum(entry["bytes"] for entry in report["entries"])
    assert report["log"] == []


def test_a_newer_version_at_the_address_is_taken(new_page: NewPage, site: Site) -> None:
    page = new_page().open()
    site.replies["/m"] = file_reply(SENTIMENT, "m.safetensors")
    old = page.classify("/m")
    site.replies["/m"] = file_reply(OTHER, "m.safetensors")
    new = page.open().classify("/m")
    assert old["results"][0]["model_sha256"] == SHA256
    assert new["results"][0]["model_sha256"] == hashlib.sha256(OTHER).hexdigest()


def test_an_altered_model_is_refused_at_every_visit(new_page: NewPage, site: Site) -> None:
    """What was kept but never loaded is not taken for verified."""
    altered = SENTIMENT[:-1] + bytes([SENTIMENT[-1] ^ 1])
    site.replies["/m"] = file_reply(altered, "m.safetensors")
    for _ in range(2):
        failure = new_page().open().failure("/m")
        assert (failure["name"], failure["code"]) == ("ModelFileError", "model-altered")
    page = new_page().open()
    assert [page.failure("/m")["code"], page.failure("/m")["code"], page.open().failure("/m")["code"]] == [
        "model-altered"
    ] * 3
    assert "sentiment-zh-en" not in page.names()


def test_a_pinned_model_is_never_asked_for_again(new_page: NewPage, site: Site) -> None:
    page = new_page().open()
    page.classify(MODEL, {"sha256": SHA256})
    assert page.open().classify(MODEL, {"sha256": SHA256})["results"][0]["model_sha256"] == SHA256
    assert site.asked(MODEL) == 1
    wrong = page.failure(MODEL, {"sha256": "0" * 64})
    assert (wrong["name"], wrong["code"]) == ("ModelFileError", "model-altered")
    assert SHA256 in wrong["message"]
    assert page.names() == ["engine.linear.simd.wasm", "sentiment-zh-en"]


def test_refresh_fetches_now_and_off_keeps_nothing(new_page: NewPage, site: Site) -> None:
    page = new_page().open()
    page.classify()
    page.classify(MODEL, {"cache": "refresh"})
    assert "If-None-Match" not in [headers for path, headers in site.requests if path == MODEL][-1]
    page.page.evaluate("() => wcw.cacheInspector().clear()")
    page.classify(MODEL, {"cache": "off"})
    assert page.names() == []


def test_offline_the_second_visit_works(new_page: NewPage, site: Site) -> None:
    page = new_page().open()
    online = page.classify()
    assert eventually(lambda: len(page.report()["entries"]), lambda count: count == 3) == 3, "the worker's program too"
    page.open()
    page.page.context.set_offline(True)
    assert page.classify() == online
    page.page.context.set_offline(False)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500, b"broken"),
        Reply(200, b"<!doctype html><title>Log in</title>", {"Content-Type": "text/html"}),
        Reply(200, SENTIMENT, {}, cut=1000),
        Reply(200, SENTIMENT[:-8]),
    ],
    ids=["500", "a portal's page", "a cut body", "a short file"],
)
def test_a_server_that_gives_rubbish_does_not_replace_what_is_cached(
    new_page: NewPage, site: Site, reply: Reply
) -> None:
    page = new_page().open()
    good = page.classify()
    site.replies[MODEL] = reply
    assert page.open().classify() == good
    assert any("is used" in line for line in page.lines), "with a line in the log"


def test_what_the_owner_took_away_is_an_error(new_page: NewPage, site: Site) -> None:
    page = new_page().open()
    page.classify()
    site.replies[MODEL] = Reply(404)
    assert page.open().failure(MODEL)["code"] == "http-404"


@pytest.mark.parametrize("change", ["flip a byte", "no-entry"])
def test_damaged_entries_are_fetched_again(new_page: NewPage, site: Site, change: str) -> None:
    page = new_page().open()
    good = page.classify()
    page.page.evaluate(STORE, change)
    assert page.open().classify() == good
    assert site.asked("engine.") == site.asked(MODEL) == 2
    damaged = [line for line in page.lines if "was damaged and is fetched again" in line]
    assert len(damaged) == (2 if change == "flip a byte" else 0)
    assert page.open().classify() == good
    assert site.asked("engine.") == 2


FORBIDDEN = {
    "absent": "delete globalThis.indexedDB; Object.defineProperty(globalThis, 'indexedDB', { value: undefined });",
    "forbidden": "IDBFactory.prototype.open = () => { throw new DOMException('denied', 'SecurityError'); };",
    "private": "IDBFactory.prototype.open = () => { throw new DOMException('off', 'InvalidStateError'); };",
    "full": """const put = IDBObjectStore.prototype.put;
        IDBObjectStore.prototype.put = function (value, key) {
            if (value instanceof Uint8Array) throw new DOMException("full", "QuotaExceededError");
            return put.call(this, value, key);
        };""",
}


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("absent", "no IndexedDB"),
        ("forbidden", "may not use IndexedDB"),
        ("private", "private window"),
        ("full", "storage is full"),
    ],
)
def test_without_storage_it_classifies_from_memory_and_says_so(
    new_page: NewPage, site: Site, how: str, words: str
) -> None:
    good = new_page().open().classify(MODEL, {"cache": "off"})
    page = new_page()
    page.page.add_init_script(FORBIDDEN[how])
    assert page.open().classify() == good
    report = page.report()
    assert words in " ".join([report["storage"]["reason"], *report["log"]])
    assert (report["storage"]["mode"] == "memory") == (how != "full")
    assert report["entries"] == []


def test_a_quota_that_is_too_small(new_page: NewPage, site: Site) -> None:
    page = new_page()
    session = page.page.context.new_cdp_session(page.page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": site.url.rstrip("/"), "quotaSize": 300_000})
    page.open()
    assert page.classify()["results"][0]["label"] == "positive"
    report = page.report()
    assert "sentiment-zh-en" not in [entry["name"] for entry in report["entries"]], report
    assert any("not kept" in line for line in report["log"]), report


def test_another_tab_that_does_not_let_go_of_the_database(new_page: NewPage, site: Site) -> None:
    holder, deleter = new_page().open(), new_page().open()
    holder.classify()
    # Some other code of the origin: a connection that ignores `versionchange`, and a deletion that waits for it.
    holder.page.evaluate(
        """() => new Promise((resolve) => {
            const opening = indexedDB.open("wasm-clf-widget");
            opening.onsuccess = () => { globalThis.held = opening.result; resolve(); };
        })"""
    )
    deleter.page.evaluate("() => { indexedDB.deleteDatabase('wasm-clf-widget'); }")
    page = new_page().open()
    assert page.classify()["results"][0]["label"] == "positive"
    assert "did not open within" in page.report()["storage"]["reason"]
    holder.page.evaluate("() => held.close()")
    page.page.wait_for_timeout(5_500)  # a failed storage is tried again after five seconds
    page.classify()
    assert page.report()["storage"]["mode"] == "indexeddb"


def test_wiped_while_it_runs(new_page: NewPage) -> None:
    page, other = new_page().open(), new_page().open()
    page.page.evaluate(f"async () => {{ globalThis.kept = await load('{MODEL}'); }}")
    deleted = """() => new Promise((resolve) => {
        const request = indexedDB.deleteDatabase("wasm-clf-widget");
        request.onsuccess = () => resolve("deleted");
        request.onblocked = () => resolve("blocked");
    })"""
    assert other.page.evaluate(deleted) == "deleted", "we let go at once"
    assert page.page.evaluate("() => kept.classify('good').then(({ ran_on }) => ran_on)") == "tab-worker"
    assert page.names() == []
    page.classify()
    assert page.names() == ["sentiment-zh-en"], "the engine was there already"


def test_two_tabs_at_once(new_page: NewPage) -> None:
    pages = [new_page().open(), new_page().open()]
    for page in pages:
        page.page.evaluate(f"() => {{ globalThis.loading = load('{MODEL}').then((c) => c.classify('good')); }}")
    labels = [page.page.evaluate("() => loading.then(({ label }) => label)") for page in pages]
    assert labels == ["positive", "positive"]
    assert [page.names() for page in pages] == [["engine.linear.simd.wasm", "sentiment-zh-en"]] * 2


def test_the_inspector_evicts_clears_and_asks_for_durability(new_page: NewPage, site: Site) -> None:
    page = new_page().open()
    page.classify()
    assert page.page.evaluate("(sha256) => wcw.cacheInspector().evict(sha256)", SHA256) is True
    assert page.names() == ["engine.linear.simd.wasm"]
    assert isinstance(page.page.evaluate("() => wcw.cacheInspector().persist()"), bool)
    assert page.page.evaluate("() => wcw.cacheInspector().clear()") in (1, 2), (
        "the engine, and by now the worker's program"
    )
    page.open().classify()
    assert site.asked(MODEL) == 2


def test_the_browser_is_closed_and_started_again(browser: Browser, site: Site, tmp_path: Path) -> None:
    def visit(profile: Path, then: Any) -> Any:
        with browser.browser_type.launch_persistent_context(profile, executable_path=PATH, args=FLAGS) as context:
            return then(RuntimePage(context, site).open())

    first = visit(tmp_path, lambda page: page.classify())
    site.replies[MODEL] = Reply(500)
    assert visit(tmp_path, lambda page: page.classify()) == first
    assert site.asked("engine.") == 1
