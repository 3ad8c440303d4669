/**
 * The messages between a tab and its kernel, over the widget's comm.
 *
 * Assets (views, worker, styles, engine, model) travel as chunks that the tab asks for: so it decides the pace, a lost
 * chunk is asked for again, and a kernel that is busy simply has not answered yet. Every message has `wcw: 1`. The comm
 * broadcasts a kernel's answer to every open tab: `id` begins with the asking tab's own random word.
 */

export const PROTOCOL = 1;
export const CHUNK_BYTES = 256 * 1024;

/** Names under which the kernel lists its assets in the `_manifest` trait. */
export type AssetName = "widget.js" | "panels.js" | "batch.js" | "worker.js" | "widget.css" | "engine.baseline.wasm" | "engine.simd.wasm" | "model";

export interface AssetEntry {
  readonly sha256: string;
  readonly size: number;
  /** Of the model: what to call it while it is on its way. */
  readonly name?: string;
}

export type Manifest = Readonly<Partial<Record<AssetName, AssetEntry>>>;

/** Tab → kernel: give me `size` bytes of the asset from `offset` on. */
export interface GetMessage {
  readonly wcw: 1;
  readonly type: "get";
  readonly id: string;
  readonly sha256: string;
  readonly offset: number;
  readonly size: number;
}

/** Kernel → tab, with one buffer. */
export interface ChunkMessage {
  readonly wcw: 1;
  readonly type: "chunk";
  readonly id: string;
  readonly offset: number;
}

/** Kernel → tab: this request cannot be answered. */
export interface RefusedMessage {
  readonly wcw: 1;
  readonly type: "refused";
  readonly id: string;
  readonly code: string;
  readonly message: string;
}

/**
 * Tab → kernel: the answer to a text that the kernel has (`seq`: the `_text_seq` it was set under; or the shared text itself
 * as `text`). Buffers: float64 scores and, where there are any, float64 probabilities. Never sent for an unshared text.
 */
export interface AnswerMessage {
  readonly wcw: 1;
  readonly type: "answer";
  readonly seq: number;
  readonly text: string | null;
  readonly class_index: number;
  readonly known: number;
}

/** Kernel → tab: what do the earlier stages give for this text of mine? Asked after a difference, to name its stage. */
export interface StagesMessage {
  readonly wcw: 1;
  readonly type: "stages";
  readonly id: string;
  readonly text: string;
}

/** Tab → kernel, with one buffer for each stage in the order of the ABI. */
export interface StagesAnswer {
  readonly wcw: 1;
  readonly type: "stages";
  readonly id: string;
}

export type FromKernel = ChunkMessage | RefusedMessage | StagesMessage;
export type ToKernel = GetMessage | AnswerMessage | StagesAnswer;

/** The two ends of a comm, as little of it as is needed. `send` throws where the comm is dead. */
export interface Channel {
  send(message: ToKernel, buffers?: ArrayBuffer[]): void;
  /** Calls back for every message of ours until the signal aborts. */
  listen(callback: (message: FromKernel, buffers: readonly DataView[]) => void, signal: AbortSignal): void;
}

export function isFromKernel(value: unknown): value is FromKernel {
  if (typeof value !== "object" || value === null) return false;
  const { wcw, type, id } = value as Record<string, unknown>;
  return wcw === PROTOCOL && typeof id === "string" && (type === "chunk" || type === "refused" || type === "stages");
}

/** What the loader hands to the views' module for each widget. */
export interface Assets {
  readonly manifest: Manifest;
  fetch(name: AssetName, options: FetchOptions): Promise<Uint8Array<ArrayBuffer>>;
}

export interface FetchOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (loaded: number, total: number) => void;
  /** True while the kernel has not answered for some time, false when it does again. */
  readonly onWaiting?: (waiting: boolean) => void;
}
