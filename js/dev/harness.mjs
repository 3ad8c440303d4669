// The built loader with a kernel made of a few lines: serve the repository's root on 127.0.0.1 and open
// /js/dev/?model=/path/to/model.safetensors&text=…&dark=1&lose=3 (every third chunk is lost).
const query = new URLSearchParams(location.search);
const bytesOf = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());
const hashOf = async (bytes) =>
  [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const files = new Map();
const manifest = {};
const STATIC = "/src/wasm_clf_widget/static";
for (const name of ["widget.js", "panels.js", "batch.js", "cache.js", "seldom.js", "widget.css", "engine.baseline.wasm", "engine.simd.wasm", "model"]) {
  const bytes = await bytesOf(name === "model" ? query.get("model") : `${STATIC}/${name}`);
  const sha256 = await hashOf(bytes);
  files.set(sha256, bytes);
  manifest[name] = { sha256, size: bytes.length };
}
if (query.has("alter")) files.get(manifest[query.get("alter")].sha256)[100] ^= 1;

export class FakeModel extends EventTarget {
  traits = { text: "", share_text: false, result: null, parity: {}, status: {}, capabilities: {}, ran_on: "", _replay: {}, _text_seq: 0, _text_replaced: 0, _manifest: manifest, _uid: crypto.randomUUID() };
  sent = [];
  #asked = 0;
  get(name) { return this.traits[name]; }
  set(name, value) { this.traits[name] = value; this.dispatchEvent(new CustomEvent(`change:${name}`)); }
  save_changes() { this.sent.push(["save", structuredClone(this.traits)]); }
  send(message) {
    this.sent.push(["send", message]);
    if (message.type !== "get" || (query.has("hold") && message.sha256 === manifest.model.sha256)) return;
    this.#asked += 1;
    if (query.has("lose") && this.#asked % Number(query.get("lose")) === 0) return;
    const chunk = files.get(message.sha256).slice(message.offset, message.offset + message.size);
    setTimeout(() => this.#deliver({ wcw: 1, type: "chunk", id: message.id, offset: message.offset }, [new DataView(chunk.buffer)]), 5);
  }
  #deliver(message, buffers) { this.dispatchEvent(new CustomEvent("msg:custom", { detail: [message, buffers] })); }
  #wrapped = new Map();
  on(name, callback) {
    const listener = (event) => callback(...(event.detail ?? []));
    this.#wrapped.set(callback, listener);
    this.addEventListener(name, listener);
  }
  off(name, callback) { this.removeEventListener(name, this.#wrapped.get(callback)); }
  setText(text) { this.traits.text = text; this.set("_text_seq", this.traits._text_seq + 1); }
}

if (query.has("dark")) {
  document.body.dataset.jpThemeLight = "false";
  document.body.style.setProperty("--page", "#111418");
} else document.body.dataset.jpThemeLight = "true";
const { default: widget } = await import(`${STATIC}/loader.js`);
const model = new FakeModel();
if (query.has("share")) model.traits.share_text = true;
if (query.has("text")) model.setText(query.get("text"));
const el = document.querySelector(".view");
const initialized = new AbortController();
const rendered = new AbortController();
widget.initialize({ model, signal: initialized.signal });
widget.render({ model, el, signal: rendered.signal });
Object.assign(globalThis, { wcw: { widget, model, FakeModel, manifest, files, initialized, rendered } });
