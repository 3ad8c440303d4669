/**
 * A model on an engine, as the page calls it, wherever it runs.
 *
 * The implementations: `worker-client` (the page stays free), `main-client` (in slices), and in a notebook
 * `kernel-client`. `ladder` chooses one, `steady` restarts one that died.
 */
import type { ParityReport, RanOn, Stage, Variant } from "../types.js";
import type { RawBatch, RawExplanation } from "./abi.js";
import type { ModelDocument } from "./document.js";
import type { PackedTexts } from "./pack.js";

export interface EngineClient {
  readonly ranOn: RanOn;
  readonly variant: Variant;
  /** Why it runs where it runs, for the capability report. */
  readonly reason: string;
  readonly document: ModelDocument;
  /** Bytes of the model file. */
  readonly size: number;
  /** How a long list is cut: slices under way at once, and the time that one should take. */
  readonly pace: Pace;
  /** The texts stay the caller's: a call can be repeated. */
  classify(texts: PackedTexts): Promise<RawBatch>;
  explain(text: string): Promise<RawExplanation>;
  stage(stage: Stage, text: string): Promise<Uint8Array<ArrayBuffer>>;
  verify(): Promise<ParityReport>;
  close(): void;
}

export interface Pace {
  readonly window: number;
  readonly milliseconds: number;
}

/** Codes of errors after which the engine cannot be asked again, but a new one may. */
export const DIED: ReadonlySet<string> = new Set(["engine-stopped", "worker-died"]);
