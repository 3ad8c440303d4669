/** Turns an engine's numbers into results. */
import type { RawBatch } from "./engine/abi.js";
import type { ModelDocument } from "./engine/document.js";
import { InputError } from "./errors.js";
import type { ClassificationResult, Label, RanOn, Variant } from "./types.js";

export interface Where {
  readonly ranOn: RanOn;
  readonly variant: Variant;
  readonly sha256: string;
}

export function toResult(batch: RawBatch, i: number, document: ModelDocument, where: Where): ClassificationResult {
  const { classes, shape: { scores: outputs }, uncertain_below } = document;
  const index = batch.labels[i] as number;
  let scores: number[];
  if (batch.probabilities !== null) {
    scores = Array.from(batch.probabilities.subarray(i * classes.length, (i + 1) * classes.length));
  } else if (outputs === 1) {
    const score = batch.scores[i] as number;
    scores = [-score, score];
  } else {
    scores = Array.from(batch.scores.subarray(i * outputs, (i + 1) * outputs));
  }
  const confidence = batch.probabilities === null ? null : (scores[index] as number);
  return {
    label: classes[index] as Label,
    class_index: index,
    confidence,
    score_kind: batch.probabilities === null ? "decision" : "probability",
    all_scores: scores.map((score, k) => ({ label: classes[k] as Label, score })),
    known_features: batch.known[i] as number,
    replaced_surrogates: batch.replaced[i] as number,
    is_uncertain: confidence !== null && uncertain_below !== null && confidence < uncertain_below,
    ran_on: where.ranOn,
    variant: where.variant,
    model_sha256: where.sha256,
  };
}

/** Checks what a caller gave as texts: TypeScript's types do not reach callers in plain JavaScript. */
export function checkTexts(texts: unknown): readonly string[] {
  if (!Array.isArray(texts)) {
    throw new InputError(`Expected a list of texts, got ${kind(texts)}.`, "input", "Put a single text into a list: [text].");
  }
  for (let i = 0; i < texts.length; i++) {
    if (typeof texts[i] !== "string") throw new InputError(`Text ${i} is ${kind(texts[i])}, not a string.`, "input");
  }
  return texts as string[];
}

export function kind(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "object") return value.constructor?.name ?? "an object";
  return typeof value === "string" ? "a string" : typeof value;
}
