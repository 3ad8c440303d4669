/**
 * What a model asks of a tab's memory, and how much of it there may be.
 *
 * FACTOR is measured (docs/cache.md): WebAssembly's memory after loading models of 5 and 46 MB was 3.8 and 3.7 times the
 * file, because it never shrinks and for a moment held the file beside what the engine makes of it; the page held the file
 * once more. Files with int8 weights grow more: what then does not fit is an out-of-memory error at loading.
 */
import type { MemoryNeed } from "../capabilities.js";

export const FACTOR = 5;
export const BASE_BYTES = 32 << 20;
/** WebAssembly's own end, less what the engine needs beside the model. */
const WASM_LIMIT = 4 * 2 ** 30 - (64 << 20);

export function memoryNeed(modelSize: number, deviceMemory: number | null): MemoryNeed {
  const need = modelSize * FACTOR + BASE_BYTES;
  // A quarter: the rest is for the system, the browser and the reader's other tabs.
  const share = deviceMemory === null ? Number.POSITIVE_INFINITY : (deviceMemory * 2 ** 30) / 4;
  const limit = Math.min(share, WASM_LIMIT);
  const limit_reason = share < WASM_LIMIT ? `a quarter of the device's ${deviceMemory} GiB` : "the most that WebAssembly can have";
  return { need, limit, limit_reason, fits: need <= limit };
}
