"""A plain page with the npm package in it, as the runtime's tests use it."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import BrowserContext, Page

from site_server import Site

MODEL = "/models/sentiment-zh-en.safetensors"
TEXTS = ["这个产品非常好用推荐购买", "a dull, awful film", "", "nul\0 and 😀 alone"]
CLASSIFY = """async ([model, options, texts]) => {
    const classifier = await load(model, options);
    const results = await classifier.classify(texts);
    const { rung, rung_reason, variant } = classifier.capabilities;
    classifier.dispose();
    return { results, rung, rung_reason, variant };
}"""


class RuntimePage:
    """One page of a site; what it logs is kept."""

    def __init__(self, context: BrowserContext, site: Site) -> None:
        self.site = site
        self.page: Page = context.new_page()
        self.lines: list[str] = []
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self.page.on("console", lambda message: self.lines.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self._request(request.url))

    def _request(self, url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "blob:", "data:")):
            self.foreign.append(url)

    def open(self) -> RuntimePage:
        """Visit (again)."""
        self.page.goto(self.site.url)
        self.page.wait_for_function("() => globalThis.wcw !== undefined")
        return self

    def classify(self, model: str = MODEL, options: dict[str, Any] | None = None) -> dict[str, Any]:
        """Load, classify TEXTS, dispose; results, rung and reason."""
        found: dict[str, Any] = self.page.evaluate(CLASSIFY, [model, options or {}, TEXTS])
        return found

    def failure(self, model: str, options: dict[str, Any] | None = None) -> dict[str, str]:
        """The error of a load that does not work; {} where it did."""
        script = "([model, options]) => outcome(load(model, options))"
        return self.page.evaluate(script, [model, options or {}]) or {}

    def report(self) -> dict[str, Any]:
        """What the cache inspector says."""
        found: dict[str, Any] = self.page.evaluate("() => wcw.cacheInspector().report()")
        return found

    def names(self) -> list[str]:
        """The names of cached models and engines (the worker's program is kept a moment later)."""
        return sorted(entry["name"] for entry in self.report()["entries"] if entry["kind"] != "program")
