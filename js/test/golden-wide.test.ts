/** The golden cases of unions, heads with members and the others (tests/data/README.md, `wide/`) through the wrapper. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseModelFile } from "../src/engine/document.js";
import { DATA, engine, golden, VARIANTS } from "./engine-files.js";

interface WideText {
  readonly text: string;
  readonly known: number;
  readonly scores: number[];
  readonly score_bits: string[];
  readonly tolerance: number[];
  readonly probabilities: number[] | null;
  readonly probability_tolerance: number;
  readonly labels: number[];
}

interface WideCase {
  readonly shape: { readonly scores: number; readonly probabilities: number; readonly labels: number };
  readonly texts: WideText[];
}

const names = readdirSync(join(DATA, "wide")).filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -5));

function hex(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
}

test("there are wide cases", () => expect(names.length).toBeGreaterThan(30));

describe.each(VARIANTS)("engine.%s", (variant) => {
  test.each(names)("%s", async (name) => {
    const file = golden(`wide/${name}`);
    const { document } = parseModelFile(file);
    const { shape, texts } = JSON.parse(readFileSync(join(DATA, `wide/${name}.json`), "utf-8")) as WideCase;
    expect(document.shape).toEqual(shape);
    const instance = await engine(variant);
    const batch = instance.classify(instance.load(file), texts.map(({ text }) => text), shape);
    for (const [i, expected] of texts.entries()) {
      for (let k = 0; k < shape.scores; k++) {
        const score = batch.scores[i * shape.scores + k] as number;
        if (expected.tolerance[k] === 0) expect(hex(score), `score ${k} of text ${i}`).toBe(expected.score_bits[k]);
        expect(Math.abs(score - (expected.scores[k] as number))).toBeLessThanOrEqual(expected.tolerance[k] as number);
      }
      for (let p = 0; p < shape.probabilities; p++) {
        const apart = Math.abs((batch.probabilities?.[i * shape.probabilities + p] ?? Number.NaN) - (expected.probabilities?.[p] ?? Number.NaN));
        expect(apart).toBeLessThanOrEqual(expected.probability_tolerance);
      }
      expect(batch.probabilities === null).toBe(expected.probabilities === null);
      expect([...batch.labels.subarray(i * shape.labels, (i + 1) * shape.labels)]).toEqual(expected.labels);
      expect(batch.known[i]).toBe(expected.known);
    }
  });
});
