/** What a classifier answers. The keys are those of the Python dataclasses, so that one document describes both. */

/** A class as it was typed; an integer beyond 2^53 is a bigint. */
export type Label = string | number | boolean | bigint;

export type RanOn = "tab-worker" | "tab-main" | "kernel-wasm" | "node";
export type Variant = "simd" | "baseline";

/** One class, or several: those that are on (multilabel), or one for each output (multioutput). */
export type Labels = Label | readonly Label[];
export type ClassIndex = number | readonly number[];

export interface ClassScore {
  readonly label: Label;
  /** Of a multioutput model: which output, from 0. */
  readonly output?: number;
  readonly score: number;
}

export interface ClassificationResult {
  readonly label: Labels;
  readonly class_index: ClassIndex;
  /** The label's probability; null where the source has only decision scores, or several labels. */
  readonly confidence: number | null;
  readonly score_kind: "probability" | "decision";
  /** In the order of the model's classes; a binary decision head lists −s and s. */
  readonly all_scores: readonly ClassScore[];
  /** Features of all vectorizers that the text has, before selection or any other step drops or mixes them. */
  readonly known_features: number;
  /** Lone surrogates that were read as U+FFFD. */
  readonly replaced_surrogates: number;
  /** The confidence lies in the model's declared "not sure" band. Never replaces the label. */
  readonly is_uncertain: boolean;
  readonly ran_on: RanOn;
  readonly variant: Variant;
  readonly model_sha256: string;
}

export interface Span {
  /** UTF-16 units of the original text. */
  readonly start: number;
  readonly end: number;
  readonly ngram: string;
  readonly weights: readonly number[];
}

/** Per class, the spans' weights and the remainder add up to the score. */
export interface Explanation {
  readonly text: string;
  readonly classes: readonly Label[];
  readonly spans: readonly Span[];
  readonly remainder: readonly number[];
  readonly scores: readonly number[];
}

export type Stage = "normalize" | "tokens" | "ngrams" | "features" | "scores";

export interface FirstDifference {
  readonly text_index: number;
  readonly stage: Stage;
  readonly expected: string;
  readonly got: string;
}

export interface ParityReport {
  readonly ok: boolean;
  readonly checked: number;
  readonly live_checked: number;
  readonly max_abs_diff: number;
  readonly label_mismatches: number;
  readonly kept: number;
  readonly first_difference: FirstDifference | null;
  readonly not_comparable: number;
  readonly against: string;
}

export interface ModelInfo {
  readonly name: string;
  readonly version: string;
  readonly classes: readonly Label[];
  readonly n_features: number;
  /** Columns of the decision scores. */
  readonly outputs: number;
  readonly targets: "single" | "multilabel" | "multioutput";
  /** The classes of each output; one list where `targets` is not multioutput. */
  readonly groups: readonly (readonly Label[])[];
  readonly weights: string;
  readonly bound: number | null;
  readonly uncertain_below: number | null;
  readonly source: string;
  readonly unicode: string;
  readonly pipeline: readonly string[];
  readonly certificate_texts: number;
  readonly size: number;
  readonly sha256: string;
}
