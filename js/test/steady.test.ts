/** An engine that dies is started again once for a call; lists go in slices, with progress, window and cancel. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import type { EngineClient } from "../src/engine/client.js";
import { parseModelFile } from "../src/engine/document.js";
import { widenedSize } from "../src/engine/header.js";
import { EngineHost } from "../src/engine/host.js";
import { BASE_BYTES, FACTOR, memoryNeed } from "../src/engine/memory.js";
import { pack, sliceEnd } from "../src/engine/pack.js";
import { Steady } from "../src/engine/steady.js";
import { EngineError, InputError } from "../src/errors.js";
import { classifyMany } from "../src/slices.js";
import { DATA, engineBytes } from "./engine-files.js";
import { makeModel } from "./model-maker.js";

const { document } = parseModelFile(makeModel());

/** Answers the number of bytes of each text as its score, `ms` later. */
function clientOf(options: { die?: () => boolean; window?: number; milliseconds?: number } = {}) {
  const seen: number[] = [];
  const state = { underWay: 0, most: 0, closed: 0, seen };
  const client: EngineClient = {
    ranOn: "tab-worker", variant: "simd", reason: "", document, size: 1, pace: { window: options.window ?? 2, milliseconds: options.milliseconds ?? 5 },
    async classify({ n, offsets }) {
      state.underWay += 1;
      state.most = Math.max(state.most, state.underWay);
      await new Promise((resolve) => setTimeout(resolve, 1));
      state.underWay -= 1;
      if (options.die?.()) throw new EngineError("gone", "worker-died");
      seen.push(n);
      const scores = Float64Array.from({ length: n }, (_, i) => (offsets[i + 1] as number) - (offsets[i] as number));
      return { n, scores, probabilities: new Float64Array(n * 2), labels: new Uint32Array(n), known: new Uint32Array(n), replaced: new Uint32Array(n), ms: n / 100 };
    },
    explain: () => Promise.reject(new InputError("no", "input")),
    stage: () => Promise.reject(new EngineError("no")),
    verify: () => Promise.reject(new EngineError("no")),
    close: () => { state.closed += 1; },
  };
  return { client, state };
}

describe("a lone surrogate", () => {
  /** A model of hashed n-grams of characters, of which a text has `ngrams`. */
  const hashed = (ngrams: number, change: Partial<EngineClient> = {}) => {
    const { client } = clientOf();
    const classify: EngineClient["classify"] = async (texts) => ({ ...(await client.classify(texts)), replaced: texts.replaced ?? new Uint32Array(texts.n), known: new Uint32Array(texts.n).fill(ngrams) });
    return { ...client, document: { ...document, hashes_characters: true }, classify, stage: async () => new Uint8Array(Uint32Array.of(ngrams, 0).buffer), ...change };
  };
  const through = (client: EngineClient, ...texts: string[]) => classifyMany(client, (call) => call(client), texts);

  test("has no bytes to hash: refused as scikit-learn does, with the text's place in a list", async () => {
    const message = "the text holds a lone surrogate, which has no UTF-8 bytes to hash (scikit-learn raises there too); replace it first, for example by text.toWellFormed()";
    await expect(through(hashed(3), "a\ud800")).rejects.toMatchObject({ name: "InputError", message });
    await expect(through(hashed(3), ...Array<string>(200).fill("a"), "\udc00")).rejects.toMatchObject({ name: "InputError", message: `texts[200]: ${message}` });
    await expect(through(hashed(3, { ranOn: "kernel-wasm", stage: () => Promise.reject(new EngineError("no")) }), "a\ud800")).rejects.toMatchObject({ message });
  });

  test("is read as U+FFFD where nothing is hashed: no n-gram, or a vocabulary", async () => {
    expect((await through(hashed(0), "\ud800")).replaced[0]).toBe(1);
    expect((await through(hashed(3, { document }), "a\ud800", "b")).replaced).toEqual(Uint32Array.of(1, 0));
    expect((await through(hashed(3), "😀")).replaced[0]).toBe(0);
  });
});

describe("steady", () => {
  test("repeats a call on a new engine; calls that fail together share the restart", async () => {
    const dead = clientOf({ die: () => true });
    const fresh = clientOf();
    const start = vi.fn(async () => fresh.client);
    const steady = new Steady(dead.client);
    const call = (client: EngineClient) => client.classify(pack(["ab"]));
    const all = await Promise.all([steady.run(call, start), steady.run(call, start), steady.run(call, start)]);
    expect(all.map(({ scores }) => scores[0])).toEqual([2, 2, 2]);
    expect(start).toHaveBeenCalledOnce();
    expect(dead.state.closed).toBe(1);
    expect(steady.client).toBe(fresh.client);
  });

  test("a second death is a typed error, and the next call starts again", async () => {
    let deaths = 2;
    const start = vi.fn(async () => clientOf({ die: () => deaths-- > 0 }).client);
    const steady = new Steady(await start());
    const call = (client: EngineClient) => client.classify(pack(["ab"]));
    await expect(steady.run(call, start)).rejects.toMatchObject({ code: "worker-died", message: /stopped twice/ });
    expect((await steady.run(call, start)).n).toBe(1);
  });

  test("any other error is the caller's, without a restart", async () => {
    const start = vi.fn(async () => clientOf().client);
    await expect(new Steady(clientOf().client).run((client) => client.explain(""), start)).rejects.toThrow(InputError);
    expect(start).not.toHaveBeenCalled();
  });

  test("closed while it starts again: the new engine is closed too", async () => {
    const fresh = clientOf();
    const steady = new Steady(clientOf({ die: () => true }).client);
    const start = async () => { steady.close(); return fresh.client; };
    await expect(steady.run((client) => client.classify(pack(["a"])), start)).rejects.toMatchObject({ code: "disposed" });
    expect(fresh.state.closed).toBe(1);
  });
});

describe("slices", () => {
  const texts = Array.from({ length: 5_000 }, (_, i) => "x".repeat(i % 7));
  const run = <T>(client: EngineClient) => (call: (client: EngineClient) => Promise<T>) => call(client);

  test("every answer at its place, no more under way than the window, progress to the end", async () => {
    const { client, state } = clientOf();
    const progress: number[] = [];
    const batch = await classifyMany(client, (call) => call(client), texts, { onProgress: (done, total) => { progress.push(done); expect(total).toBe(5_000); } });
    expect([...batch.scores]).toEqual(texts.map(({ length }) => length));
    expect(state.most).toBe(2);
    expect(progress.at(-1)).toBe(5_000);
    expect(Math.max(...state.seen)).toBeGreaterThan(64); // they grow to the time that a slice may take
    expect(state.seen.length).toBeGreaterThan(5);
  });

  test("cancel ends it between slices, and at once for the caller", async () => {
    const { client, state } = clientOf();
    const ending = new AbortController();
    const running = classifyMany(client, run(client) as never, texts, { signal: ending.signal, onProgress: (done) => { if (done > 100) ending.abort(); } });
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
    expect(state.seen.reduce((a, b) => a + b, 0)).toBeLessThan(5_000);
    await expect(classifyMany(client, run(client) as never, ["a"], { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
  });

  test("an empty list, and texts longer than a slice", async () => {
    const { client } = clientOf();
    expect((await classifyMany(client, (call) => call(client), [])).n).toBe(0);
    const long = ["a".repeat(400_000), "b", "c".repeat(300_000)];
    expect([...(await classifyMany(client, (call) => call(client), long)).scores]).toEqual([400_000, 1, 300_000]);
    expect([0, 1].map((begin) => sliceEnd(long, begin, 10, 1 << 18))).toEqual([1, 2]);
  });
});

test("texts travel packed, lone surrogates counted", () => {
  const { bytes, offsets, replaced } = pack(["é", "", "\ud800x", "😀"]);
  expect(new TextDecoder().decode(bytes)).toBe("é\ufffdx😀");
  expect([...offsets]).toEqual([0, 2, 2, 6, 10]);
  expect([...(replaced ?? [])]).toEqual([0, 0, 1, 0]);
  expect(pack(["a"]).replaced).toBeNull();
});

test.each([
  [1e6, null, true], [1e9, null, false], [1e6, 0.25, true], [2e7, 0.25, false], [2e8, 8, true], [6e8, 8, false],
])("a model of %d bytes on a device of %s GiB: %s", (size, device, fits) => {
  expect(memoryNeed({ bytes: size, widened: size }, device).fits).toBe(fits);
});

test("small weights need what they are widened to: measured on the shipped model, whose weights are int8", async () => {
  const file = readFileSync(join(DATA, "../../src/wasm_clf_widget/models/sentiment-zh-en.safetensors"));
  const memory = async (bytes: Uint8Array) => {
    const host = new EngineHost();
    const opened = await host.open(engineBytes("simd"), new Uint8Array(bytes).buffer);
    host.close();
    return opened.memory;
  };
  const grown = (await memory(file)) - (await memory(makeModel()));
  const widened = widenedSize(file);
  expect(widened).toBe(file.length + 2 * 2 ** 17 * 7); // coef and idf, a byte an entry
  expect(grown).toBeGreaterThan(5 * file.length); // the file's size says too little
  expect(grown).toBeLessThan(FACTOR * widened);
  const gigabyte = { bytes: 2 ** 27, widened: 2 ** 30 };
  expect(memoryNeed(gigabyte, 8).need).toBe(FACTOR * 2 ** 30 + 2 ** 27 + BASE_BYTES);
  expect(memoryNeed(gigabyte, 8).fits).toBe(false);
  expect(widenedSize(new TextEncoder().encode("<!doctype html>"))).toBe(15);
});
