"""A page with the custom element, for the tests: written, visited, asked."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import BrowserContext, Page, expect

from site_server import FOLDERS, Reply, Site

MODEL = (FOLDERS["/models/"] / "sentiment-zh-en.safetensors").read_bytes()
SRC = 'src="/models/sentiment-zh-en.safetensors"'
HTML = {"Content-Type": "text/html; charset=utf-8"}
TAG = "document.querySelector('wasm-text-classifier')"
OWN = f"{TAG}.shadowRoot.querySelector('textarea')"
"""The element's own field."""


def visit(context: BrowserContext, site: Site, path: str) -> Page:
    page = context.new_page()
    page.goto(f"{site.url}{path}")
    return page


def serve(site: Site, body: str, script: str = '<script type="module" src="/dist/element.js"></script>') -> None:
    """A page at /page; ``script`` brings the tag."""
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>page</title><link rel="icon" href="data:,">'
    site.replies["/page"] = Reply(body=f"{head}{script}<body><main>{body}</main></body></html>".encode(), headers=HTML)


def wait_state(page: Page, state: str) -> None:
    expect(page.locator(f"wasm-text-classifier:state({state})")).to_have_count(1, timeout=20_000)


def tag(page: Page, expression: str) -> Any:
    return page.evaluate(f"{TAG}.{expression}")
