"""The engine alone in Chromium: V8's WebAssembly, one page, no network. Its time is that of the renderer's process."""

from __future__ import annotations

import base64
import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from systems import ROOT, STATIC, Different

sys.path.insert(0, str(ROOT / "tests"))

from browser import FLAGS, PATH

# The engine's own binary interface (docs/engine-abi.md), as `systems.Wasm` speaks it.
_SCRIPT = """() => {
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
window.start = async (engine, model) => {
  const { instance } = await WebAssembly.instantiate(bytes(engine), {});
  const e = instance.exports;
  const put = (data) => {
    const address = e.wcw_alloc(data.length) >>> 0;
    new Uint8Array(e.memory.buffer, address, data.length).set(data);
    return address;
  };
  const data = bytes(model);
  const handle = e.wcw_load(put(data), data.length);
  if (handle < 0) throw new Error(`wcw_load gave ${handle}`);
  window.give = (joined, n, outputs, classes, labels) => {
    const text = bytes(joined);
    const sizes = [8 * n * outputs, 8 * n * classes, 4 * n * labels, 4 * n];
    const places = sizes.map((size) => (size ? e.wcw_alloc(size) >>> 0 : 0));
    const words = Uint32Array.of(put(text), text.length, 0, n, ...places, 0, 0);
    const request = put(new Uint8Array(words.buffer));
    window.run = () => {
      const code = e.wcw_classify(handle, request);
      if (code !== 0) throw new Error(`wcw_classify gave ${code}`);
    };
    window.scores = () =>
      btoa(Array.from(new Uint8Array(e.memory.buffer, places[0], sizes[0]), (b) => String.fromCharCode(b)).join(''));
  };
};
}"""


class Chromium:
    """``systems.Wasm`` in a browser."""

    def __init__(self, model: bytes, texts: Sequence[str], outputs: int, classes: int) -> None:
        if PATH is None:
            raise Different("Chromium is not installed")
        try:
            from playwright.sync_api import Error, sync_playwright
        except ImportError:
            raise Different("playwright is not installed") from None
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=PATH, args=FLAGS)
        try:
            self._page: Any = self._browser.new_page()
            self._page.evaluate(_SCRIPT)
            engine = (STATIC / "engine.simd.wasm").read_bytes()
            self._page.evaluate("([engine, model]) => start(engine, model)", [_packed(engine), _packed(model)])
            joined = _packed("\0".join(texts).encode())
            sizes = [len(texts), outputs, classes, 1]
            self._page.evaluate("([joined, ...sizes]) => give(joined, ...sizes)", [joined, *sizes])
        except Error as error:
            self._close()
            raise Different(f"Chromium: {error}") from None
        session = self._browser.new_browser_cdp_session()
        processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
        self._clock_ids = [(~p["id"] << 3) | 2 for p in processes if p["type"] == "renderer"]

    def run(self, times: int = 1) -> None:
        """Classify all texts so often."""
        self._page.evaluate("(times) => { for (let i = 0; i < times; i++) run(); }", times)

    def clock(self) -> int:
        """CPU time of all renderers in ns."""
        return sum(map(time.clock_gettime_ns, self._clock_ids))

    def scores(self) -> bytes:
        """The scores of the last run, float64."""
        return base64.b64decode(self._page.evaluate("scores()"))

    def _close(self) -> None:
        self._browser.close()
        self._playwright.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._close()


def _packed(data: bytes) -> str:
    return base64.b64encode(data).decode()
