/**
 * What a model asks of a tab's memory, and how much of it there may be.
 *
 * The engine computes with float64 however small the file stores its weights, so what counts is the *widened* size: each
 * entry of an int8, float16 or float32 tensor as 8 bytes, all else as it is. FACTOR is measured (docs/cache.md):
 * WebAssembly's memory after loading was 3.2 to 4.3 times that, because it never shrinks and for a moment holds the file
 * beside what the engine makes of it; the page holds the file once more.
 */
import type { MemoryNeed } from "../capabilities.js";

export const FACTOR = 4.5;
export const BASE_BYTES = 32 << 20;
/** WebAssembly's own end, less what the engine needs beside the model. */
const WASM_LIMIT = 4 * 2 ** 30 - (64 << 20);

export interface ModelSize {
  /** Of the file. */
  readonly bytes: number;
  /** With every weight as float64; the file's own size where that is not known yet, for it is no less. */
  readonly widened: number;
}

export function memoryNeed({ bytes, widened }: ModelSize, deviceMemory: number | null): MemoryNeed {
  const need = widened * FACTOR + bytes + BASE_BYTES;
  // A quarter: the rest is for the system, the browser and the reader's other tabs.
  const share = deviceMemory === null ? Number.POSITIVE_INFINITY : (deviceMemory * 2 ** 30) / 4;
  const limit = Math.min(share, WASM_LIMIT);
  const limit_reason = share < WASM_LIMIT ? `a quarter of the device's ${deviceMemory} GiB` : "the most that WebAssembly can have";
  return { need, limit, limit_reason, fits: need <= limit };
}
