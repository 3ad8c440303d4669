/** Turns an engine's numbers into results. */
import type { RawBatch } from "./engine/abi.js";
import type { ModelDocument } from "./engine/document.js";
import type { ClassificationResult, ClassIndex, ClassScore, Label, Labels, RanOn, Variant } from "./types.js";

export interface Where {
  readonly ranOn: RanOn;
  readonly variant: Variant;
  readonly sha256: string;
}

export function toResult(batch: RawBatch, i: number, document: ModelDocument, where: Where): ClassificationResult {
  const { shape, targets, uncertain_below } = document;
  const row = <T extends Float64Array | Uint32Array>(values: T, columns: number): number[] => Array.from(values.subarray(i * columns, (i + 1) * columns));
  const index = classIndex(document, row(batch.labels, shape.labels));
  const { probabilities } = batch;
  const scores = probabilities === null ? decisions(document, row(batch.scores, shape.scores)) : row(probabilities, shape.probabilities);
  const confidence = probabilities !== null && targets === "single" ? (scores[index as number] as number) : null;
  return {
    label: labelOf(document, index),
    class_index: index,
    confidence,
    score_kind: probabilities === null ? "decision" : "probability",
    all_scores: named(document, scores),
    known_features: batch.known[i] as number,
    replaced_surrogates: batch.replaced[i] as number,
    is_uncertain: confidence !== null && uncertain_below !== null && confidence < uncertain_below,
    ran_on: where.ranOn,
    variant: where.variant,
    model_sha256: where.sha256,
  };
}

/** The L label columns of one text as results name them. */
function classIndex({ targets }: ModelDocument, columns: readonly number[]): ClassIndex {
  if (targets === "multilabel") return columns.flatMap((on, i) => (on === 0 ? [] : [i]));
  return targets === "single" ? (columns[0] as number) : columns;
}

function labelOf({ targets, classes, groups }: ModelDocument, index: ClassIndex): Labels {
  if (typeof index === "number") return classes[index] as Label;
  return index.map((i, output) => (targets === "multilabel" ? classes[i] : groups[output]?.[i]) as Label);
}

/** A score for each class: the one score s of two classes is −s and s. */
function decisions({ targets, groups }: ModelDocument, scores: readonly number[]): readonly number[] {
  if (targets === "multilabel") return scores;
  const pairs = scores.length === groups.reduce((sum, { length }) => sum + (length === 2 ? 1 : length), 0);
  let at = 0;
  return groups.flatMap(({ length }) => {
    const own = scores.slice(at, at + (pairs && length === 2 ? 1 : length));
    at += own.length;
    return own.length === 1 && length === 2 ? [-(own[0] as number), own[0] as number] : own;
  });
}

function named({ targets, groups }: ModelDocument, scores: readonly number[]): ClassScore[] {
  const columns = groups.flatMap((group, output) => group.map((label) => (targets === "multioutput" ? { output, label } : { label })));
  return scores.map((score, k) => ({ ...(columns[k] as { label: Label }), score }));
}

/** Whether the k-th of `all_scores` is of the label, or of one of the labels. */
export function isChosen({ all_scores, class_index }: ClassificationResult, k: number): boolean {
  if (typeof class_index === "number") return k === class_index;
  const output = all_scores[k]?.output;
  if (output === undefined) return class_index.includes(k);
  return class_index[output] === k - all_scores.findIndex((score) => score.output === output);
}
