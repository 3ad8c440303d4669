"""One keystroke in a text of 200 words, to the painted result: the main thread's CPU time for it, in Chromium.

The page is a saved one (the whole widget, engine in a Worker). A key is pressed, the page is left alone until its
answer must be painted, and the next is pressed: all that the main thread does meanwhile counts (input, debounce,
message to the Worker and back, render, layout, paint), a plain text field of the same text beside it.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from record import Row

import wasm_clf_widget as wcw
from browser import FLAGS, PATH

FRAME_MS = 1000 / 60
KEYS = 40
SETTLE_MS = 120
"""After a key: the debounce is 40 ms, the answer of 200 words well below one."""
WORDS = [
    "the",
    "a",
    "film",
    "was",
    "is",
    "dull",
    "awful",
    "great",
    "plot",
    "and",
    "very",
    "这个产品",
    "非常好用",
    "服务",
]


def rows() -> Iterator[Row]:
    """The main thread's milliseconds a keystroke, of the widget and of a plain field."""
    if PATH is None:
        raise SystemExit("no browser: run `make setup`, or give one with WCW_BROWSER=/path/to/chrome")
    rng = random.Random(8)
    text = " ".join(rng.choice(WORDS) for _ in range(200))
    with tempfile.TemporaryDirectory(prefix="wcw-keystroke-") as folder, sync_playwright() as playwright:
        widget = wcw.Classifier.load("sentiment-zh-en").to_html(Path(folder) / "widget.html", text=text)
        plain = Path(folder) / "plain.html"
        plain.write_text(f'<!doctype html><meta charset="utf-8"><textarea rows="8" cols="80">{text}</textarea>')
        browser = playwright.chromium.launch(executable_path=PATH, args=FLAGS)
        try:
            ours = [_typed(browser, widget, answers=True) for _ in range(3)]
            field = [_typed(browser, plain, answers=False) for _ in range(3)]
        finally:
            browser.close()
    for case, asked, found in (("widget", FRAME_MS, ours), ("a plain text field", None, field)):
        name = f"main thread a keystroke, 200 words, {case}"
        yield Row("page work", name, " ms", asked, "at_most", sorted(found)[1], min(found), max(found), KEYS * 3)


def _typed(browser: Browser, file: Path, *, answers: bool) -> float:
    """CPU milliseconds of the main thread for one key, of KEYS."""
    page = browser.new_page(viewport={"width": 900, "height": 700})
    try:
        page.goto(file.as_uri())
        if answers:
            page.wait_for_selector('[data-wcw="label"]', timeout=60_000)
        field = page.locator("textarea").first
        field.focus()
        page.keyboard.press("Control+End")
        page.evaluate(
            """() => {
                globalThis.answers = 0;
                const verdict = document.querySelector(".wcw-verdict");
                const look = () => { globalThis.answers += 1; };
                const options = { subtree: true, characterData: true, attributes: true };
                if (verdict !== null) new MutationObserver(look).observe(verdict, options);
            }"""
        )
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        _press(page, "warm up")
        before, seen = _work(session), page.evaluate("() => globalThis.answers")
        _press(page, "".join(random.Random(9).choices("etaoinshrdlu", k=KEYS)))
        spent = _work(session) - before
        new = page.evaluate("() => globalThis.answers") - seen
        if answers and new < KEYS * 0.8:
            raise RuntimeError(f"{KEYS} keys gave {new} new answers: this measures something else")
        return spent * 1000 / KEYS
    finally:
        page.close()


def _press(page: Page, keys: str) -> None:
    for key in keys:
        page.keyboard.type(key)
        page.wait_for_timeout(SETTLE_MS)


def _work(session: CDPSession) -> float:
    """Seconds of all tasks of the page's main thread until now."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))


if __name__ == "__main__":
    for row in rows():
        print(f"{row.case}: {row.measured:.2f} ms ({row.low:.2f} to {row.high:.2f})")
