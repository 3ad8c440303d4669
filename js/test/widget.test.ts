// @vitest-environment happy-dom
/**
 * The whole widget in a page without a browser: the real controller, views and engine (on the main thread: there is no
 * Worker here), with a kernel and a model of a few lines.
 */
import { createHash } from "node:crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import { openEngines } from "../src/running.js";
import type { WidgetModel, WidgetTraits } from "../src/model-state.js";
import type { AssetName, Channel, FromKernel, ToKernel } from "../src/protocol.js";
import { createController } from "../src/widget.js";
import { engineBytes, golden } from "./engine-files.js";
import { makeModel, type Parts } from "./model-maker.js";

const MARKER = "zebrafish";

class FakeModel {
  readonly traits: WidgetTraits = {
    text: "", share_text: false, fallback: "none", result: null, parity: {}, status: { state: "idle", progress: null, code: "", message: "", action: "" },
    capabilities: {}, ran_on: "", _replay: {}, _text_seq: 0, _text_replaced: 0, _manifest: {}, _uid: "u",
  };
  /** Every trait that was ever sent to the kernel, in order. */
  readonly saved: Partial<WidgetTraits>[] = [];
  dead = false;
  #changed: Record<string, unknown> = {};
  readonly #handlers = new Map<string, Set<() => void>>();
  get(name: keyof WidgetTraits) { return this.traits[name]; }
  set(name: string, value: unknown) {
    if (this.dead) throw new Error("Comm is closed");
    Object.assign(this.traits, { [name]: value });
    this.#changed[name] = value;
    this.fire(`change:${name}`);
  }
  save_changes() {
    this.saved.push(structuredClone(this.#changed));
    this.#changed = {};
  }
  on(name: string, handler: () => void) { (this.#handlers.get(name) ?? this.#handlers.set(name, new Set()).get(name))?.add(handler); }
  off(name: string, handler: () => void) { this.#handlers.get(name)?.delete(handler); }
  fire(name: string) { for (const handler of this.#handlers.get(name) ?? []) handler(); }
  get listening() { return [...this.#handlers.values()].reduce((sum, { size }) => sum + size, 0); }
  /** As Python does it. */
  setText(text: string) {
    Object.assign(this.traits, { text, _text_seq: this.traits._text_seq + 1 });
    this.fire("change:_text_seq");
  }
}

class FakeChannel implements Channel {
  readonly sent: { message: ToKernel; buffers: ArrayBuffer[] }[] = [];
  readonly listeners = new Set<(message: FromKernel, buffers: readonly DataView[]) => void>();
  dead = false;
  send(message: ToKernel, buffers: ArrayBuffer[] = []) {
    if (this.dead) throw new Error("Comm is closed");
    this.sent.push({ message, buffers: structuredClone(buffers) });
  }
  listen(callback: (message: FromKernel, buffers: readonly DataView[]) => void, signal: AbortSignal) {
    this.listeners.add(callback);
    signal.addEventListener("abort", () => this.listeners.delete(callback), { once: true });
  }
}

const open = new Set<AbortController>();
afterEach(() => {
  for (const end of open) end.abort();
  open.clear();
  document.body.replaceChildren();
});

function start(file: Uint8Array<ArrayBuffer>, traits: Partial<WidgetTraits> = {}, fetches: Record<string, () => Promise<Uint8Array<ArrayBuffer>>> = {}) {
  const model = new FakeModel();
  Object.assign(model.traits, traits);
  const channel = new FakeChannel();
  const end = new AbortController();
  open.add(end);
  const files: Partial<Record<AssetName, Uint8Array<ArrayBuffer>>> = {
    model: file, "engine.simd.wasm": new Uint8Array(engineBytes("simd")), "engine.baseline.wasm": new Uint8Array(engineBytes("baseline")),
    "widget.css": new TextEncoder().encode(".wcw {}"),
  };
  const manifest = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, { sha256: createHash("sha256").update(bytes).digest("hex"), size: bytes.length }]));
  const controller = createController({
    model: model as unknown as WidgetModel, channel, signal: end.signal,
    importChunk: (name) => (name === "batch.js" ? import("../src/batch.js") : import("../src/panels.js")),
    importSeldom: () => import("../src/seldom.js"),
    importCache: () => import("../src/cache/late.js"),
    assets: { manifest, fetched: new Map(), damaged: new Set(), fetch: (name) => fetches[name]?.() ?? Promise.resolve((files[name] as Uint8Array<ArrayBuffer>).slice()) },
  });
  const el = document.body.appendChild(document.createElement("div"));
  const unmount = controller.mount(el);
  const find = (name: string) => el.querySelector<HTMLElement>(`[data-wcw="${name}"]`);
  const ready = () => vi.waitFor(() => expect(find("status")?.dataset["state"]).toBe("ready"), 5_000);
  const label = (expected: string) => vi.waitFor(() => expect(find("label")?.textContent).toBe(expected), 5_000);
  const type = (text: string) => {
    const box = el.querySelector("textarea") as HTMLTextAreaElement;
    box.value = text;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };
  return { model, channel, controller, el, end, find, ready, label, type, unmount };
}

const binary = (parts: Parts = {}) => makeModel(parts);

describe("classifies", () => {
  test("what Python sets, and tells Python the engine's own float64 numbers", async () => {
    const { model, channel, ready, label, find, el } = start(binary());
    await ready();
    expect(find("label")).toBeNull();
    model.setText("good good film");
    await label("positive");
    expect(model.traits.result).toMatchObject({ label: "positive", class_index: 1, known_features: 1, ran_on: "tab-main", score_kind: "probability" });
    expect(model.traits.ran_on).toBe("tab-main");
    const { message, buffers } = channel.sent[0] as (typeof channel.sent)[0];
    expect(message).toEqual({ wcw: 1, type: "answer", seq: 1, text: null, class_index: 1, known: 1 });
    expect(new Float64Array(buffers[0] as ArrayBuffer)[0]).toBe(4.75);
    expect(new Float64Array(buffers[1] as ArrayBuffer)[1]).toBe(model.traits.result?.["confidence"]);
    expect([...el.querySelectorAll<HTMLElement>('[data-wcw="score"]')].map(({ dataset }) => dataset["label"])).toEqual(["positive", "negative"]);
    expect(find("capabilities")?.textContent).toContain("simd");
  });

  test("what the reader types, the last text wins", async () => {
    const { type, ready, label, model } = start(binary());
    await ready();
    for (const text of ["b", "ba", "bad"]) type(text);
    await label("negative");
    expect(model.saved.filter((traits) => "result" in traits)).toHaveLength(1);
  });

  test("no word in the midst of its composition, and the word as soon as it is composed", async () => {
    const { el, ready, label, model } = start(binary());
    await ready();
    const box = el.querySelector("textarea") as HTMLTextAreaElement;
    const tell = (event: Event) => box.dispatchEvent(event);
    for (const text of ["b", "ba", "bad"]) {
      box.value = text;
      tell(new InputEvent("input", { bubbles: true, isComposing: true }));
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(model.traits.result).toBeNull();
    expect(box.value, "it is left alone").toBe("bad");
    tell(new Event("compositionend", { bubbles: true }));
    await label("negative");
    expect(model.saved.filter((traits) => "result" in traits)).toHaveLength(1);
  });

  test("a text that was there before the engine was", async () => {
    const { label } = start(binary(), { text: "bad", _text_seq: 3 });
    await label("negative");
  });

  test("the same text again, after the reader typed another", async () => {
    const { model, type, ready, label, el } = start(binary());
    await ready();
    model.setText("bad");
    await label("negative");
    type("good");
    await label("positive");
    model.setText("bad");
    await label("negative");
    expect(el.querySelector("textarea")?.value).toBe("bad");
  });

  test("an empty text, which knows no feature", async () => {
    const { model, type, ready, label } = start(binary());
    await ready();
    type("good");
    await label("positive");
    type("");
    await vi.waitFor(() => expect(model.traits.result).toMatchObject({ known_features: 0 }));
  });

  test("into decision scores: no confidence, signs in the bars", async () => {
    const { model, ready, find, el } = start(golden("head-svc"));
    await ready();
    model.setText("good film");
    await vi.waitFor(() => expect(model.traits.result).toMatchObject({ score_kind: "decision", confidence: null }));
    await vi.waitFor(() => expect(find("label")).not.toBeNull());
    expect([...el.querySelectorAll(".wcw-number")].map(({ textContent }) => textContent?.charAt(0)).sort()).toEqual(["+", "−"]);
  });
});

describe("shows", () => {
  test("labels that are HTML as text", async () => {
    const evil = '<img src=x onerror="globalThis.hurt = 1">';
    const { model, ready, label, el } = start(binary({ classes: { type: "str", values: ["a", evil] } }));
    await ready();
    model.setText("good");
    await label(evil);
    expect(el.querySelector("img")).toBeNull();
    expect(globalThis).not.toHaveProperty("hurt");
  });

  test("not sure beside the label, and that nothing was known", async () => {
    const { model, ready, find, el } = start(binary());
    await ready();
    model.setText("neither");
    await vi.waitFor(() => expect(el.textContent).toContain("not sure"));
    expect(el.textContent).toContain("no known feature");
    expect(find("label")?.textContent).toBe("positive");
    expect(model.traits.result).toMatchObject({ is_uncertain: true });
  });

  test("of a megabyte the beginning only, and classifies it whole", async () => {
    const { model, ready, label, el } = start(binary());
    await ready();
    const pasted = `${"neither ".repeat(130_000)}bad`;
    const box = el.querySelector("textarea") as HTMLTextAreaElement;
    const event = Object.assign(new Event("paste", { bubbles: true, cancelable: true }), { clipboardData: { getData: () => pasted } });
    box.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(true);
    await label("negative");
    expect(model.traits.result).toMatchObject({ known_features: 1 });
    expect(box.value.length).toBeLessThan(3_000);
    expect(box.readOnly).toBe(true);
    expect(el.textContent).toContain("1,040,003 characters, the first 2,000 shown");
    [...el.querySelectorAll<HTMLElement>("button")].find(({ textContent }) => textContent === "clear")?.click();
    await vi.waitFor(() => expect([box.value, box.readOnly]).toEqual(["", false]));
  });

  test("a textbox with its name, and two views without an id in common", async () => {
    const { controller, ready, el } = start(binary());
    await ready();
    const box = el.querySelector("textarea") as HTMLTextAreaElement;
    expect(el.querySelector(`label[for="${box.id}"]`)?.textContent).toBe("Text to classify");
    expect(box.dir).toBe("auto");
    const other = document.body.appendChild(document.createElement("div"));
    controller.mount(other);
    const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(10);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("to those who hear it the answer once, after a pause, and only another label", async () => {
    const { type, ready, label, el } = start(binary());
    await ready();
    const heard = el.querySelector('.wcw-verdict [role="status"]') as HTMLElement;
    const said: string[] = [];
    const listen = (): void => {
      const words = heard.textContent ?? "";
      if (words !== (said.at(-1) ?? "")) said.push(words);
    };
    new MutationObserver(listen).observe(heard, { childList: true, characterData: true, subtree: true });
    for (const text of ["b", "ba", "bad", "bad g", "bad good good"]) {
      type(text);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(said).toEqual([]);
    await vi.waitFor(() => expect(said).toEqual(["positive, 0.96"]), 3_000);
    type("good good");
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    type("bad");
    await label("negative");
    await vi.waitFor(() => expect(said).toHaveLength(2), 3_000);
    expect(said[1]).toMatch(/^negative, 0\.\d\d$/);
    expect(heard.children).toHaveLength(0);
  });

  test("of an emptied field no verdict", async () => {
    const { model, type, ready, label, el, find } = start(binary());
    await ready();
    type("good");
    await label("positive");
    type("");
    await vi.waitFor(() => expect(el.querySelector(".wcw-verdict")?.textContent).toMatch(/^no text/));
    expect([find("label"), find("score")]).toEqual([null, null]);
    expect(model.traits.result).toMatchObject({ label: "positive", known_features: 0 });
  });

  test("why: of the label that is shown, in its own colour", async () => {
    const { model, ready, label, el } = start(binary());
    await ready();
    model.setText("bad");
    await label("negative");
    el.querySelectorAll<HTMLElement>('[role="tab"]')[0]?.click();
    await vi.waitFor(() => expect(el.querySelector<HTMLSelectElement>(".wcw-panel select")?.value).toBe("0"));
    expect([...el.querySelectorAll(".wcw-ngrams ul")].map((list) => list.getAttribute("aria-label"))).toEqual(["for negative"]);
    expect(el.querySelector(".wcw-ngrams .wcw-bar > span")?.className).toBe("wcw-orange");
    expect(el.querySelector(".wcw-shade mark")?.className).toBe("wcw-solid");
  });

  test("the explanation on demand, and asks for none while it is closed", async () => {
    const { model, ready, label, el } = start(binary());
    await ready();
    model.setText("a good film");
    await label("positive");
    const tab = el.querySelectorAll<HTMLElement>('[role="tab"]')[0] as HTMLElement;
    tab.click();
    await vi.waitFor(() => expect(el.querySelector(".wcw-ngrams")?.textContent).toBe("good+2.25"));
    expect(el.querySelector(".wcw-shade mark")?.textContent).toBe("good");
    expect(el.querySelector(".wcw-panel")?.textContent).toContain("intercept: +0.25 · score +2.50");
    tab.click();
    await vi.waitFor(() => expect(el.querySelector(".wcw-shade")).toBeNull());
  });

  test("a red badge where the replay differs, with its report", async () => {
    const certificate = { texts: ["good"], scores: [2.75], labels: [1], engineProbabilities: [0.05, 0.95] };
    const { model, ready, find, el } = start(binary({ certificate }));
    await ready();
    await vi.waitFor(() => expect(find("parity")?.textContent).toBe("✕ differs at scores"));
    expect(model.traits._replay).toMatchObject({ ok: false, max_abs_diff: 0.25 });
    find("parity")?.click();
    await vi.waitFor(() => expect(el.querySelector('[role="tabpanel"]')?.textContent).toContain("text 0, stage scores"));
  });

  test("what Python's live check found", async () => {
    const { model, ready, find } = start(binary());
    await ready();
    model.traits.parity = {
      ok: false, checked: 0, live_checked: 1, max_abs_diff: 1, label_mismatches: 0, kept: 0, not_comparable: 0, against: "",
      first_difference: { text_index: 0, stage: "tokens", expected: "a", got: "b" },
    };
    model.fire("change:parity");
    await vi.waitFor(() => expect(find("parity")?.textContent).toBe("✕ differs at tokens"));
  });

  test("a failure in words with what to do, and tries again", async () => {
    let works = false;
    const { find, el, ready, model } = start(binary(), {}, {
      model: async () => { if (!works) throw Object.assign(new Error("The kernel cannot be reached."), { code: "kernel-lost", action: "Run the cell again." }); return binary(); },
    });
    await vi.waitFor(() => expect(find("status")?.dataset["state"]).toBe("failed"));
    expect(el.querySelector('[role="alert"]')?.textContent).toContain("The kernel cannot be reached.Run the cell again.");
    expect(model.traits.status).toMatchObject({ state: "failed", code: "kernel-lost" });
    works = true;
    el.querySelector<HTMLElement>(".wcw-buttons button")?.click();
    await ready();
  });
});

describe("keeps the reader's text", () => {
  test("typed text, its n-grams and spans are in no message and no trait", async () => {
    const { model, channel, type, ready, label, el } = start(binary());
    await ready();
    el.querySelectorAll<HTMLElement>('[role="tab"]')[0]?.click();
    type(`${MARKER} is good`);
    await label("positive");
    await vi.waitFor(() => expect(el.querySelector(".wcw-ngrams")).not.toBeNull());
    expect(JSON.stringify([model.saved, model.traits, channel.sent])).not.toMatch(new RegExp(`${MARKER}|zebra|"good"`));
    expect(channel.sent).toHaveLength(0);
    expect(model.traits.result).toMatchObject({ label: "positive", known_features: 1 });
    expect(el.textContent).toContain("text stays in this tab");
  });

  test("and shares it where Python asked for that", async () => {
    const { model, channel, type, ready, label, el } = start(binary(), { share_text: true });
    await ready();
    type(`${MARKER} good`);
    await label("positive");
    expect(model.traits.text).toBe(`${MARKER} good`);
    expect(channel.sent[0]?.message).toMatchObject({ type: "answer", seq: -1, text: `${MARKER} good` });
    expect(el.textContent).toContain("text is shared with Python");
  });
});

describe("lives and ends", () => {
  test("a dead comm stops nothing", async () => {
    const { model, channel, type, ready, label } = start(binary());
    await ready();
    model.dead = true;
    channel.dead = true;
    type("bad");
    await label("negative");
    type("good");
    await label("positive");
  });

  test("two views show one text; closing one leaves the other", async () => {
    const { controller, type, ready, label, unmount, el } = start(binary());
    await ready();
    const other = document.body.appendChild(document.createElement("div"));
    const unmountOther = controller.mount(other);
    type("bad");
    await label("negative");
    await vi.waitFor(() => expect(other.querySelector('[data-wcw="label"]')?.textContent).toBe("negative"));
    unmount();
    expect(el.childElementCount).toBe(0);
    expect(other.querySelector("textarea")?.value).toBe("bad");
    unmountOther();
  });

  test("widgets of one model share one engine; the last one releases it, and no listener stays", async () => {
    const file = binary();
    const a = start(file);
    const b = start(file);
    await a.ready();
    await b.ready();
    expect(openEngines()).toBe(1);
    a.end.abort();
    b.model.setText("good");
    await b.label("positive");
    b.end.abort();
    expect(openEngines()).toBe(0);
    expect([a.model.listening, b.model.listening, a.channel.listeners.size, b.channel.listeners.size]).toEqual([0, 0, 0, 0]);
  });

  test("the stages of a text that Python sent are answered", async () => {
    const { channel, ready } = start(binary());
    await ready();
    for (const listener of channel.listeners) listener({ wcw: 1, type: "stages", id: "s", text: "A GOOD film" }, []);
    await vi.waitFor(() => expect(channel.sent).toHaveLength(1));
    const { message, buffers } = channel.sent[0] as (typeof channel.sent)[0];
    expect(message).toEqual({ wcw: 1, type: "stages", id: "s" });
    expect(new TextDecoder().decode(buffers[0])).toBe("a good film");
    expect(buffers).toHaveLength(5);
  });
});
