/** What the views show, as signals; a widget's controller writes them, views only read them and call the actions. */
import type { Signal } from "@preact/signals";
import type { CacheInspector, CacheReport } from "./cache/types.js";
import type { Capabilities } from "./capabilities.js";
import type { RawBatch } from "./engine/abi.js";
import type { LazyViews } from "./lazy/load.js";
import type { Status } from "./model-state.js";
import type { ClassificationResult, Explanation, ModelInfo, ParityReport } from "./types.js";

export interface Answer {
  readonly text: string;
  readonly result: ClassificationResult;
  /** Milliseconds in the engine. */
  readonly ms: number;
}

/** A batch of texts in the tab: under way, done, cancelled or failed. */
export interface BatchState {
  readonly phase: "running" | "done" | "cancelled" | "failed";
  readonly done: number;
  readonly total: number;
  /** The answers, once all are there; `result(i)` makes one of them readable. */
  readonly raw: RawBatch | null;
  result(i: number): ClassificationResult;
  /** What went wrong; "" where nothing did. */
  readonly problem: string;
}

export interface ViewState {
  /** The model's name, known before the model is here. */
  readonly title: string;
  readonly status: Signal<Status>;
  readonly text: Signal<string>;
  readonly answer: Signal<Answer | null>;
  /** What went wrong with this text; "" where nothing did. */
  readonly problem: Signal<string>;
  readonly parity: Signal<ParityReport | null>;
  readonly capabilities: Signal<Capabilities | null>;
  readonly info: Signal<ModelInfo | null>;
  readonly shared: Signal<boolean>;
  readonly styles: Signal<string>;
  /** The explanation of the last text, while a view wants it. */
  readonly explanation: Signal<Explanation | null>;
  /** Why there is no explanation; "" where nothing is wrong. */
  readonly explanationProblem: Signal<string>;
  /** The n-gram that the reader points at in the explanation's list. */
  readonly pointedNgram: Signal<string | null>;
  /** The class that the reader chose to have explained; null: the one that `explainedColumn` says. */
  readonly explainedClass: Signal<number | null>;
  /** What is cached in this browser; null until `wantCache(true)`, and while nobody wants it. */
  readonly cache: Signal<CacheReport | null>;
  /** The views that are fetched when they are opened. */
  readonly lazy: LazyViews;
  /** The last batch of `classifyAll`; null before the first. */
  readonly batch: Signal<BatchState | null>;
  /** Network requests that this library made since the widget became ready. */
  readonly requests: Signal<number>;
}

export interface Actions {
  /** The reader changed the text; `composing`: an input method is in the midst of a word, which is shown but not classified. */
  type(text: string, composing?: boolean): void;
  /** A view opened (true) or closed its explanation. */
  wantExplanation(wanted: boolean): void;
  /** Tries to load again after a failure. */
  retry(): void;
  /** A view opened (true) or closed its cache inspector. */
  wantCache(wanted: boolean): void;
  /** Does something to the cache that a view shows, which then shows what became of it. */
  changeCache(run: (inspector: CacheInspector) => Promise<unknown>): void;
  /** Classifies many texts without holding up the page; progress and answers come in `state.batch`. A second call replaces the first. */
  classifyAll(texts: readonly string[]): void;
  cancelBatch(): void;
}
