/** What the views show, as signals; a widget's controller writes them, views only read them and call the actions. */
import type { Signal } from "@preact/signals";
import type { Capabilities } from "./capabilities.js";
import type { Status } from "./model-state.js";
import type { ClassificationResult, Explanation, ModelInfo, ParityReport } from "./types.js";

export interface Answer {
  readonly text: string;
  readonly result: ClassificationResult;
  /** Milliseconds in the engine. */
  readonly ms: number;
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
  /** The class that the reader chose to have explained; null: the one that `explainedColumn` says. */
  readonly explainedClass: Signal<number | null>;
}

export interface Actions {
  /** The reader changed the text. */
  type(text: string): void;
  /** A view opened (true) or closed its explanation. */
  wantExplanation(wanted: boolean): void;
  /** Tries to load again after a failure. */
  retry(): void;
}
