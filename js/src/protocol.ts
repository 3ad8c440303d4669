/**
 * The messages between a tab and its kernel, over the widget's comm.
 *
 * Assets (views, worker, styles, engine, model) travel as chunks that the tab asks for: so it decides the pace, a lost
 * chunk is asked for again, and a kernel that is busy simply has not answered yet. Every message has `wcw: 1`. The comm
 * broadcasts a kernel's answer to every open tab: `id` begins with the asking tab's own random word.
 */

import type { WireError } from "./errors.js";
import type { ClassIndex } from "./types.js";

export const PROTOCOL = 1;
export const CHUNK_BYTES = 256 * 1024;

/** Names under which the kernel lists its assets in the `_manifest` trait. */
export type AssetName = "widget.js" | "panels.js" | "batch.js" | "cache.js" | "seldom.js" | "widget.css" | "engine.baseline.wasm" | "engine.simd.wasm" | "model";

export interface AssetEntry {
  readonly sha256: string;
  readonly size: number;
  /** Of the model: what to call it while it is on its way. */
  readonly name?: string;
  /** Of the model: its size with every weight as float64, which decides whether it fits a tab's memory. */
  readonly widened?: number;
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
  readonly class_index: ClassIndex;
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

/**
 * Tab → kernel, where the widget's `fallback` lets the kernel classify: "open" (the model's document comes back), "classify"
 * (buffers: UTF-8 texts, uint32 offsets), "explain" (buffer: the text), "verify". Answered by `reply` or `refused`.
 */
export interface AskMessage {
  readonly wcw: 1;
  readonly type: "ask";
  readonly id: string;
  readonly what: "open" | "classify" | "explain" | "verify";
}

/** Kernel → tab. Of "classify" the buffers are scores, probabilities (empty where there are none), labels, known. */
export interface ReplyMessage {
  readonly wcw: 1;
  readonly type: "reply";
  readonly id: string;
  readonly value: unknown;
}

/**
 * Kernel → tab: Python wants something of the tab. "take" asks every open page who is there; all else goes to the one
 * that `tab` names. Buffers of "classify" as in AskMessage.
 */
export interface CallMessage {
  readonly wcw: 1;
  readonly type: "call";
  readonly id: string;
  readonly tab: string | null;
  readonly what: "take" | "classify" | "cache-report" | "cache-evict" | "cache-clear" | "cache-persist";
  readonly value: unknown;
}

/** Tab → kernel: the answer to a call; buffers as in ReplyMessage. `error` where it failed. */
export interface DoneMessage {
  readonly wcw: 1;
  readonly type: "done";
  readonly id: string;
  readonly tab: string;
  readonly value: unknown;
  readonly error: WireError | null;
}

export type FromKernel = ChunkMessage | RefusedMessage | StagesMessage | ReplyMessage | CallMessage;
export type ToKernel = GetMessage | AnswerMessage | StagesAnswer | AskMessage | DoneMessage;

/** The two ends of a comm, as little of it as is needed. `send` throws where the comm is dead. */
export interface Channel {
  send(message: ToKernel, buffers?: ArrayBuffer[]): void;
  /** Calls back for every message of ours until the signal aborts. */
  listen(callback: (message: FromKernel, buffers: readonly DataView[]) => void, signal: AbortSignal): void;
}

const FROM_KERNEL: ReadonlySet<string> = new Set<FromKernel["type"]>(["chunk", "refused", "stages", "reply", "call"]);

export function isFromKernel(value: unknown): value is FromKernel {
  if (typeof value !== "object" || value === null) return false;
  const { wcw, type, id } = value as Record<string, unknown>;
  return wcw === PROTOCOL && typeof id === "string" && typeof type === "string" && FROM_KERNEL.has(type);
}

/** What the loader hands to the views' module for each widget. */
export interface Assets {
  readonly manifest: Manifest;
  /** Out of the browser's cache, else from where it comes. */
  fetch(name: AssetName, options: FetchOptions): Promise<Uint8Array<ArrayBuffer>>;
  /** What came from the kernel and is not in the cache yet: its program comes later than its first content. */
  readonly fetched: Map<AssetName, Blob>;
  /** What was in the cache, but altered. */
  readonly damaged: Set<AssetName>;
}

export interface FetchOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (loaded: number, total: number) => void;
  /** True while the kernel has not answered for some time, false when it does again. */
  readonly onWaiting?: (waiting: boolean) => void;
}

/** A buffer of its own: a view into a message may lie at any offset. */
export function aligned({ buffer, byteOffset, byteLength }: DataView): ArrayBuffer {
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}
