/** The one batch of a widget or page: a second one replaces the first; progress and answers are a signal. */
import type { Signal } from "@preact/signals";
import type { RunningClassifier } from "./running.js";
import { EngineError, toWire } from "./errors.js";
import { classifyMany } from "./slices.js";
import type { BatchState } from "./state.js";

/** Views are told of progress this often. */
const TELL_MS = 50;

export class BatchRun {
  readonly #state: Signal<BatchState | null>;
  readonly #classifier: () => RunningClassifier | null;
  #running: AbortController | null = null;

  constructor(state: Signal<BatchState | null>, classifier: () => RunningClassifier | null) {
    this.#state = state;
    this.#classifier = classifier;
  }

  async start(texts: readonly string[]): Promise<void> {
    this.cancel();
    const ending = new AbortController();
    this.#running = ending;
    const total = texts.length;
    const classifier = this.#classifier();
    const set = (change: Pick<BatchState, "phase" | "done"> & Partial<BatchState>): void => {
      if (this.#running !== ending) return;
      const raw = change.raw ?? null;
      this.#state.value = {
        total, problem: "", ...change, raw,
        result: (i) => {
          if (raw === null || classifier === null) throw new EngineError("The batch has no answers yet.", "not-ready");
          return classifier.result(raw, i);
        },
      };
    };
    let told = Number.NEGATIVE_INFINITY;
    let done = 0;
    set({ phase: "running", done: 0 });
    try {
      if (classifier === null) throw new EngineError("The classifier is not ready yet.", "not-ready", "Wait until it is.");
      const raw = await classifier.use((client, run) => classifyMany(client, run, texts, {
        signal: ending.signal,
        onProgress: (count) => {
          done = count;
          if (performance.now() - told < TELL_MS) return;
          told = performance.now();
          set({ phase: "running", done });
        },
      }));
      set({ phase: "done", done: total, raw });
    } catch (error) {
      if (ending.signal.aborted) return;
      const { message, action } = toWire(error);
      set({ phase: "failed", done, problem: `${message} ${action}`.trim() });
    }
  }

  cancel(): void {
    const state = this.#state.value;
    if (this.#running === null || state?.phase !== "running") return;
    this.#state.value = { ...state, phase: "cancelled" };
    this.#running.abort();
    this.#running = null;
  }
}
