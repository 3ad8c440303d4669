/** The golden cases (tests/data/README.md) through the wrapper, on both variants: the same answers as scikit-learn's. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseModelFile } from "../src/engine/document.js";
import { DATA, engine, golden, VARIANTS } from "./engine-files.js";

interface GoldenText {
  readonly text?: string;
  readonly text_utf16?: number[];
  readonly replaced: number;
  readonly normalize: string;
  readonly known: number;
  readonly scores: number[];
  readonly score_bits: string[];
  readonly tolerance?: number[];
  readonly probabilities: number[] | null;
  readonly label: number;
  readonly spans: [string, number, number, number, number, ...number[]][];
  readonly remainder: number[];
}

const names = readdirSync(DATA).filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -5));

function hex(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
}

test("there are golden cases", () => expect(names.length).toBeGreaterThan(40));

describe.each(VARIANTS)("engine.%s", (variant) => {
  test.each(names)("%s", async (name) => {
    const file = golden(name);
    const { document } = parseModelFile(file);
    const { texts: cases } = JSON.parse(readFileSync(join(DATA, `${name}.json`), "utf-8")) as { texts: GoldenText[] };
    const instance = await engine(variant);
    const handle = instance.load(file);
    const { shape } = document;
    const texts = cases.map(({ text, text_utf16 }) => text ?? String.fromCharCode(...(text_utf16 ?? [])));
    const batch = instance.classify(handle, texts, shape);
    for (const [i, expected] of cases.entries()) {
      const scores = [...batch.scores.subarray(i * shape.scores, (i + 1) * shape.scores)];
      const slack = expected.tolerance;
      if (slack === undefined) expect(scores.map(hex), `scores of text ${i}`).toEqual(expected.score_bits);
      else for (const [k, score] of scores.entries()) expect(Math.abs(score - (expected.scores[k] as number))).toBeLessThanOrEqual(slack[k] as number);
      expect(batch.labels[i]).toBe(expected.label);
      expect(batch.known[i]).toBe(expected.known);
      expect(batch.replaced[i]).toBe(expected.replaced);
      expect(new TextDecoder("utf-8", { ignoreBOM: true }).decode(instance.stage(handle, 0, texts[i] as string))).toBe(expected.normalize);
      expect(batch.probabilities === null).toBe(expected.probabilities === null);
      const explained = instance.explain(handle, texts[i] as string);
      const order = (a: readonly unknown[], b: readonly unknown[]): number => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
      const places = explained.spans.map(({ ngram, start, end }) => [ngram, start, end]).sort(order);
      expect(places).toEqual(expected.spans.map(([ngram, , , start, end]) => [ngram, start, end]).sort(order));
      // Per class, spans and remainder add up to the score that the engine reports.
      for (const [k, score] of explained.scores.entries()) {
        const sum = explained.spans.reduce((total, { weights }) => total + (weights[k] as number), explained.remainder[k] as number);
        const size = explained.spans.reduce((total, { weights }) => total + Math.abs(weights[k] as number), Math.abs(score));
        expect(Math.abs(sum - score)).toBeLessThanOrEqual(1e-12 * (1 + size));
      }
    }
  });
});
