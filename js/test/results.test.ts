/** From an engine's columns to results: one label, several, one for each output; scores where there are no probabilities. */
import { describe, expect, test } from "vitest";
import type { RawBatch } from "../src/engine/abi.js";
import { type ModelDocument, parseModelFile } from "../src/engine/document.js";
import { isChosen, toResult } from "../src/results.js";
import { makeModel, type Parts } from "./model-maker.js";

const where = { ranOn: "node", variant: "simd", sha256: "x" } as const;
const documentOf = (parts: Parts): ModelDocument => parseModelFile(makeModel(parts)).document;
const batchOf = (labels: number[], scores: number[], probabilities: number[] | null = null): RawBatch => ({
  n: 1, labels: new Uint32Array(labels), scores: new Float64Array(scores), probabilities: probabilities === null ? null : new Float64Array(probabilities),
  known: new Uint32Array([2]), replaced: new Uint32Array(1), ms: 0,
});
const shapes = (scores: number, probabilities: number, labels: number) => ({ outputs: { scores, probabilities, labels } });

describe("multilabel", () => {
  const document = documentOf({ classes: { type: "str", values: ["a", "b", "c"] }, document: { targets: "multilabel", ...shapes(3, 3, 3) } });

  test("the classes that are on", () => {
    const result = toResult(batchOf([1, 0, 1], [1, -1, 2], [0.7, 0.2, 0.9]), 0, document, where);
    expect(result).toMatchObject({ label: ["a", "c"], class_index: [0, 2], confidence: null, is_uncertain: false, score_kind: "probability" });
    expect(result.all_scores).toEqual([{ label: "a", score: 0.7 }, { label: "b", score: 0.2 }, { label: "c", score: 0.9 }]);
    expect([0, 1, 2].map((k) => isChosen(result, k))).toEqual([true, false, true]);
  });

  test("none is on", () => {
    expect(toResult(batchOf([0, 0, 0], [0, 0, 0], [0, 0, 0]), 0, document, where)).toMatchObject({ label: [], class_index: [] });
  });
});

describe("several outputs", () => {
  const groups = '[{"type":"str","values":["x","y"]},{"type":"int","values":[1,2,3]}]';
  test("a label for each, its scores numbered", () => {
    const document = documentOf({ rawClasses: groups, document: { targets: "multioutput", ...shapes(4, 5, 2) } });
    const result = toResult(batchOf([1, 2], [0, 0, 0, 0], [0.1, 0.9, 0.2, 0.2, 0.6]), 0, document, where);
    expect(result).toMatchObject({ label: ["y", 3], class_index: [1, 2], confidence: null });
    expect(result.all_scores[4]).toEqual({ output: 1, label: 3, score: 0.6 });
    expect([0, 1, 2, 3, 4].map((k) => isChosen(result, k))).toEqual([false, true, false, false, true]);
  });

  test("the one score of an output with two classes is −s and s", () => {
    const document = documentOf({ rawClasses: groups, document: { targets: "multioutput", ...shapes(4, 0, 2) } });
    const { all_scores, score_kind } = toResult(batchOf([1, 0], [1.5, 3, 2, 1]), 0, document, where);
    expect([score_kind, all_scores.map(({ score }) => score)]).toEqual(["decision", [-1.5, 1.5, 3, 2, 1]]);
  });
});

test("one label keeps its confidence and the band of not sure", () => {
  const document = documentOf({});
  expect(toResult(batchOf([1], [0.2], [0.45, 0.55]), 0, document, where)).toMatchObject({ label: "positive", class_index: 1, confidence: 0.55, is_uncertain: true });
});
