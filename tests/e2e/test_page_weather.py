"""Bad weather on the way to a model: each kind is a typed error that says what came and what to do."""

from __future__ import annotations

import json
import re

import pytest

from conftest import NewPage
from runtime_page import MODEL
from site_server import FOLDERS, Reply, Site

GOOD = (FOLDERS["/models/"] / "sentiment-zh-en.safetensors").read_bytes()


def later_format() -> bytes:
    """The model with a document of format 2, and nothing else repaired."""
    return re.sub(rb'\\"format\\":\s?1', lambda m: m[0].replace(b"1", b"2"), GOOD, count=1)


@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        (Reply(404), "http-404", "answered 404"),
        (Reply(500), "http-500", "answered 500"),
        (Reply(200, b"\n<!DOCTYPE html><html>Sign in"), "html", "HTML page"),
        (Reply(200, GOOD, cut=100_000), "short-body", "connection broke"),
        (Reply(200, b""), "model-damaged", "0 bytes"),
        (Reply(200, b"PK\3\4" + bytes(1000)), "model-damaged", "header"),
        (Reply(200, GOOD[:-8]), "model-damaged", "outside the file"),
        (Reply(200, GOOD[:-1] + bytes([GOOD[-1] ^ 1])), "model-altered", "hash"),
        (Reply(200, later_format()), "model-unsupported", "format 2"),
    ],
    ids=["404", "500", "html", "cut", "empty", "zip", "short", "flipped", "later format"],
)
def test_what_is_no_model(new_page: NewPage, site: Site, reply: Reply, code: str, words: str) -> None:
    page = new_page().open()
    site.replies["/m"] = reply
    error = page.failure("/m")
    assert (error["name"], error["code"]) == ("ModelFileError", code), error
    assert words in error["message"]
    assert error["action"] != ""
    assert page.failure("/m")["code"] == code, "and the next time it is not taken for a cached one"
    assert "sentiment-zh-en" not in page.names()


def test_another_origin_that_does_not_allow_us(new_page: NewPage, site: Site) -> None:
    with Site() as other:
        page = new_page().open()
        address = f"{other.url}models/sentiment-zh-en.safetensors"
        error = page.failure(address)
        assert error["code"] == "network-or-cors"
        assert "Access-Control-Allow-Origin" in error["action"]
        other.headers["Access-Control-Allow-Origin"] = "*"
        other.headers["Access-Control-Expose-Headers"] = "ETag"
        first = page.classify(address)
        assert page.classify(address) == first
        assert all(headers.get("Access-Control-Request-Method") is None for _, headers in other.requests), (
            "no preflight"
        )


def test_nobody_there(new_page: NewPage, site: Site) -> None:
    page = new_page().open()
    page.page.evaluate("() => load")
    site.stop()
    error = page.failure(MODEL)
    assert error["code"] in ("network", "fetch")
    assert "does not answer" in error["message"]


def test_offline_at_the_first_visit(new_page: NewPage) -> None:
    page = new_page().open()
    page.page.context.set_offline(True)
    error = page.failure(MODEL)
    assert (error["code"], error["action"]) == ("offline", "Connect, and try again.")


def test_an_engine_of_another_version_is_refused(new_page: NewPage, site: Site) -> None:
    page = new_page().open()
    site.replies["/dist/engine.linear.simd.wasm"] = Reply(200, b"\0asm\1\0\0\0")
    error = page.failure(MODEL)
    assert (error["name"], error["code"]) == ("EngineError", "engine-altered")


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("load(5)", "input"),
        ("load('/m', { fallback: 'kernel' })", "input"),
        (f"load('{MODEL}').then((c) => c.classify([1]))", "input"),
        (f"load('{MODEL}').then((c) => c.predictProba('one text'))", "input"),
    ],
)
def test_a_wrong_argument(new_page: NewPage, script: str, code: str) -> None:
    page = new_page().open()
    error = page.page.evaluate(f"() => outcome({script})")
    assert (error["name"], error["code"]) == ("InputError", code)


def test_progress_while_it_comes(new_page: NewPage) -> None:
    page = new_page().open()
    seen = json.loads(
        page.page.evaluate(
            """async (model) => {
                const seen = [];
                await load(model, { onProgress: (loaded, total) => seen.push([loaded, total]) });
                return JSON.stringify(seen);
            }""",
            MODEL,
        )
    )
    assert seen[-1] == [len(GOOD), len(GOOD)]
    assert [loaded for loaded, _ in seen] == sorted(loaded for loaded, _ in seen)
