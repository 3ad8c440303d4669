"""VS Code and Colab cannot be driven here. What their loaders are documented to do is simulated, no more than that.

- VS Code: widgets live in a webview of another origin than any file; the module is evaluated from a ``data:`` address
  (so ``import.meta.url`` leads nowhere), and the page's background is the theme's, named on ``body``.
- Colab: each output is a frame of a sandboxed origin where storage is forbidden; ``initialize`` and ``render`` of older
  anywidget versions get no AbortSignal and are cleaned up by the function they returned.
"""

from __future__ import annotations

import html
import json

from playwright.sync_api import BrowserContext, FrameLocator, expect

from site_server import Reply, Site

# The least of a widget manager: a model, a comm answered by fetches of the files, a module from a data: address.
MANAGER = """
const BASE = %(base)s, OPTIONS = %(options)s;
const bytesOf = async (path) => new Uint8Array(await (await fetch(BASE + path)).arrayBuffer());
const hex = async (bytes) =>
    [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))]
        .map((byte) => byte.toString(16).padStart(2, "0")).join("");
const files = new Map(), manifest = {};
for (const name of %(assets)s) {
    const bytes = await bytesOf(name === "model" ? "models/sentiment-zh-en.safetensors" : "static/" + name);
    const sha256 = await hex(bytes);
    files.set(sha256, bytes);
    manifest[name] = { sha256, size: bytes.length, name: "sentiment-zh-en" };
}
const handlers = new Map();
const fire = (event, ...values) => { for (const handler of handlers.get(event) ?? []) handler(...values); };
const traits = {
    text: "", share_text: false, fallback: "none", result: null, parity: {}, status: {}, capabilities: {}, ran_on: "",
    _replay: {}, _text_seq: 0, _text_replaced: 0, _manifest: manifest, _uid: "simulated",
};
const model = {
    get: (name) => traits[name],
    set: (name, value) => { traits[name] = value; },
    save_changes: () => undefined,
    on: (event, handler) => handlers.set(event, (handlers.get(event) ?? new Set()).add(handler)),
    off: (event, handler) => handlers.get(event)?.delete(handler),
    send: (message) => {
        if (message.type !== "get") return;
        const chunk = files.get(message.sha256).slice(message.offset, message.offset + message.size);
        const answer = { wcw: 1, type: "chunk", id: message.id, offset: message.offset };
        setTimeout(() => fire("msg:custom", answer, [new DataView(chunk.buffer)]), 2);
    },
};
const source = await (await fetch(BASE + "static/loader.js")).text();
const { default: widget } = await import("data:text/javascript;charset=utf-8," + encodeURIComponent(source));
const end = new AbortController();
const signal = OPTIONS.signal ? { signal: end.signal } : {};
const el = document.getElementById("view");
const undo = [widget.initialize({ model, ...signal }), widget.render({ model, el, ...signal })];
document.getElementById("close").onclick = () => {
    if (OPTIONS.signal) end.abort();
    else for (const each of undo) each();
    const left = [...handlers.values()].reduce((sum, { size }) => sum + size, 0);
    document.getElementById("left").textContent = left + " listeners";
};
"""
ASSETS = [
    "widget.js",
    "panels.js",
    "batch.js",
    "cache.js",
    "seldom.js",
    "widget.css",
    "engine.baseline.wasm",
    "engine.simd.wasm",
    "model",
]


def frame(site: Site, *, body: str, sandbox: str, signal: bool) -> str:
    """The host's page: our widget in a frame of an origin of its own."""
    script = MANAGER % {
        "base": json.dumps(site.url),
        "options": json.dumps({"signal": signal}),
        "assets": json.dumps(ASSETS),
    }
    inner = (
        f'<!doctype html><html lang="en"><meta charset="utf-8">{body}<div id="view"></div>'
        f'<button id="close">close</button><p id="left"></p><script type="module">{script}</script>'
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>host</title><link rel="icon" href="data:,">'
        '<iframe title="output" style="width: 760px; height: 700px" '
        f'sandbox="{sandbox}" srcdoc="{html.escape(inner)}"></iframe>'
    )


def use(context: BrowserContext, site: Site, page_html: str) -> FrameLocator:
    site.headers["Access-Control-Allow-Origin"] = "*"
    site.replies["/host"] = Reply(body=page_html.encode(), headers={"Content-Type": "text/html; charset=utf-8"})
    page = context.new_page()
    page.goto(f"{site.url}host")
    inside = page.frame_locator("iframe")
    expect(inside.locator("[data-wcw=status]")).to_contain_text("ready", timeout=40_000)
    inside.get_by_role("textbox", name="Text to classify").fill("服务态度差再也不来了")
    expect(inside.locator("[data-wcw=label]")).to_have_text("negative")
    inside.get_by_role("tab", name="Why").click()
    expect(inside.locator(".wcw-ngrams li").first).to_be_visible(timeout=15_000)
    return inside


def test_as_vs_codes_webview_is_documented(watched: BrowserContext, site: Site) -> None:
    body = '<body class="vscode-dark" data-vscode-theme-kind="vscode-dark" style="background: #1e1e1e">'
    inside = use(watched, site, frame(site, body=body, sandbox="allow-scripts allow-downloads", signal=True))
    expect(inside.locator(".wcw")).to_have_attribute("data-theme", "dark")
    inside.locator("#close").click()
    expect(inside.locator("#left")).to_have_text("0 listeners")
    expect(inside.locator(".wcw")).to_have_count(0)


def test_as_colabs_output_frame_is_documented(watched: BrowserContext, site: Site) -> None:
    body = '<body style="background: white">'
    inside = use(watched, site, frame(site, body=body, sandbox="allow-scripts", signal=False))
    inside.get_by_role("tab", name="Runtime").click()
    expect(inside.get_by_role("tabpanel")).to_contain_text("nothing is kept:", timeout=15_000)  # kept in this browser
    inside.locator("#close").click()
    expect(inside.locator("#left")).to_have_text("0 listeners")
    expect(inside.locator(".wcw")).to_have_count(0)
