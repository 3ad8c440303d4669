/** The badge can turn red: a certificate whose answers this engine does not give is not `ok`, and each rule alone finds it. */
import { beforeAll, describe, expect, test } from "vitest";
import { EngineHost } from "../src/engine/host.js";
import { engineBytes, VARIANTS } from "./engine-files.js";
import { makeModel, type Parts } from "./model-maker.js";

type Certificate = NonNullable<Parts["certificate"]>;

async function verify(parts: Parts, variant: "simd" | "baseline" = "simd") {
  const host = new EngineHost();
  await host.open(engineBytes(variant), makeModel(parts).buffer);
  return host.verify();
}

let right: Certificate;
beforeAll(async () => {
  const host = new EngineHost();
  await host.open(engineBytes("simd"), makeModel().buffer);
  const texts = ["good", "bad bad", "neither"];
  const { scores, labels, probabilities } = host.classify(texts);
  right = { texts, scores: [...scores], labels: [...labels], engineProbabilities: [...(probabilities ?? [])] };
});

test.each(VARIANTS)("green on %s", async (variant) => {
  expect(await verify({ certificate: right }, variant)).toMatchObject({
    ok: true, checked: 3, kept: 3, max_abs_diff: 0, label_mismatches: 0, first_difference: null, against: "scikit-learn 1.9.1",
  });
});

test("without a certificate nothing is proved", async () => {
  expect(await verify({})).toMatchObject({ ok: false, checked: 0, first_difference: null });
});

describe("red", () => {
  test("one weight altered by 10 %, hashes repaired", async () => {
    const report = await verify({ certificate: right, coef: [-1.5, 2.25 * 1.1] });
    expect(report).toMatchObject({ ok: false, first_difference: { text_index: 0, stage: "scores" } });
    expect(report.max_abs_diff).toBeCloseTo(0.225);
  });

  test("outside the tolerance of the source, though the engine's own bits are the same", async () => {
    const scores = right.scores.map((score, i) => (i === 1 ? score + 1e-9 : score));
    const certificate = { ...right, scores, engineScores: right.scores };
    expect(await verify({ certificate: { ...certificate, tolerance: 1e-10 } })).toMatchObject({ ok: false, first_difference: { text_index: 1 } });
    expect(await verify({ certificate: { ...certificate, tolerance: 1e-8 } })).toMatchObject({ ok: true });
  });

  test("one bit off the engine's own score, though within the tolerance", async () => {
    const engineScores = right.scores.map((score, i) => (i === 2 ? score * (1 + Number.EPSILON) : score));
    expect(await verify({ certificate: { ...right, engineScores, tolerance: 1 } })).toMatchObject({ ok: false, first_difference: { text_index: 2 } });
  });

  test("another label", async () => {
    const labels = right.labels.map((label, i) => (i === 0 ? 1 - label : label));
    expect(await verify({ certificate: { ...right, labels } })).toMatchObject({ ok: false, label_mismatches: 1 });
  });

  test("one bit of a probability", async () => {
    const engineProbabilities = right.engineProbabilities.map((p, i) => (i === 3 ? p * (1 + Number.EPSILON) : p));
    expect(await verify({ certificate: { ...right, engineProbabilities } })).toMatchObject({ ok: false, first_difference: { text_index: 1 } });
  });
});
