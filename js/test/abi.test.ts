/** The wrapper against the real engine: awkward input gives its answer or one typed error. */
import { describe, expect, test } from "vitest";
import { EngineInstance } from "../src/engine/abi.js";
import { parseModelFile } from "../src/engine/document.js";
import { loneSurrogates } from "../src/engine/pack.js";
import { EngineError, type ModelFileError } from "../src/errors.js";
import { engine } from "./engine-files.js";
import { makeModel } from "./model-maker.js";

const file = makeModel();
const shape = parseModelFile(file).document.shape;

async function loaded() {
  const instance = await engine("simd");
  return { instance, handle: instance.load(file) };
}

describe("classify", () => {
  test("answers in order, over several calls of the engine", async () => {
    const { instance, handle } = await loaded();
    const long = `${"word ".repeat(300_000)}good`;
    const texts = ["good", long, "bad", "", long, "good bad"];
    const { scores, labels, known } = instance.classify(handle, texts, shape);
    expect([...scores]).toEqual([2.5, 2.5, -1.25, 0.25, 2.5, 1]);
    expect([...labels]).toEqual([1, 1, 0, 1, 1, 1]);
    expect([...known]).toEqual([1, 1, 1, 0, 1, 2]);
  });

  test("takes no text, NUL, ten megabytes, and lone surrogates", async () => {
    const { instance, handle } = await loaded();
    expect(instance.classify(handle, [], shape).n).toBe(0);
    const { scores, replaced } = instance.classify(handle, ["good\0bad", "中".repeat(3_500_000), "\ud800 good \udc00😀"], shape);
    expect([...scores]).toEqual([1, 0.25, 2.5]);
    expect([...replaced]).toEqual([0, 0, 2]);
  });

  test("100,000 texts at once", async () => {
    const { instance, handle } = await loaded();
    const { labels, n } = instance.classify(handle, Array.from({ length: 100_000 }, (_, i) => (i % 3 === 0 ? "bad film" : "good film")), shape);
    expect(n).toBe(100_000);
    expect(labels.reduce((sum, label) => sum + label, 0)).toBe(100_000 - 33_334);
  });

  test("does not grow with repetition", async () => {
    const { instance, handle } = await loaded();
    const texts = Array.from({ length: 1_000 }, () => "a good film, not a bad one ".repeat(10));
    instance.classify(handle, texts, shape);
    const before = instance.memoryBytes;
    for (let i = 0; i < 100; i++) instance.classify(handle, texts, shape);
    expect(instance.memoryBytes).toBe(before);
  });
});

test("spans are in UTF-16 units, in the original text", async () => {
  const { instance, handle } = await loaded();
  const text = "😀😀 BAD, İ good";
  const { spans, remainder, scores } = instance.explain(handle, text);
  expect(spans.map(({ start, end, ngram }) => [text.slice(start, end), ngram])).toEqual([["BAD", "bad"], ["good", "good"]]);
  expect(spans.map(({ weights }) => weights)).toEqual([[1.5, -1.5], [-2.25, 2.25]]);
  expect([remainder, scores]).toEqual([[-0.25, 0.25], [-1, 1]]);
});

describe("a bad file is one typed error", () => {
  test.each([
    ["an altered weight", (bytes: Uint8Array) => { bytes[bytes.length - 40] = (bytes[bytes.length - 40] as number) ^ 1; }, "model-altered"],
    ["a cut file", undefined, "model-damaged"],
  ])("%s", async (_name, alter, code) => {
    const instance = await engine("simd");
    const bytes = alter === undefined ? file.slice(0, file.length - 16) : file.slice();
    alter?.(bytes);
    expect(() => instance.load(bytes)).toThrow(expect.objectContaining({ name: "ModelFileError", code }) as ModelFileError);
    expect(instance.load(file)).toBeGreaterThanOrEqual(0); // and the engine lives on
  });

  test("whoever has verified the hash is not asked again, and all else is checked", async () => {
    const instance = await engine("simd");
    const altered = file.slice();
    altered[altered.length - 40] = (altered[altered.length - 40] as number) ^ 1;
    expect(instance.load(altered, true)).toBeGreaterThanOrEqual(0);
    expect(() => instance.load(file.slice(0, file.length - 16), true)).toThrow(expect.objectContaining({ code: "model-damaged" }) as ModelFileError);
  });

  test("an unknown handle", async () => {
    const { instance } = await loaded();
    expect(() => instance.classify(999, ["good"], shape)).toThrow(EngineError);
  });
});

describe("what is not the engine is refused", () => {
  test("another wasm module", async () => {
    const empty = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
    await expect(EngineInstance.create(empty)).rejects.toMatchObject({ code: "engine-abi" });
  });
  test("no wasm at all", async () => {
    await expect(EngineInstance.create(new TextEncoder().encode("<!doctype html>"))).rejects.toMatchObject({ code: "engine-damaged" });
  });
  test("another ABI version", () => {
    const exports = Object.fromEntries(["alloc", "free", "load", "load_verified", "unload", "classify", "explain", "stage", "output", "output_size"].map((name) => [`wcw_${name}`, () => 0]));
    const instance = { exports: { ...exports, wcw_abi: () => 2, memory: new WebAssembly.Memory({ initial: 1 }) } };
    expect(() => EngineInstance.from(instance)).toThrow(/ABI 2.*ABI 1/);
  });
});

test("lone surrogates are counted, pairs are not", () => {
  expect(["", "a", "😀", "\ud83d", "\ude00\ud83d", "\ud83d\ud83d\ude00"].map(loneSurrogates)).toEqual([0, 0, 0, 1, 2, 1]);
});
