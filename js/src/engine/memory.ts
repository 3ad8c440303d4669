/**
 * What a model asks of a tab's memory, and how much of it there may be.
 *
 * FACTOR is measured (docs/cache.md): the file arrives in one buffer, is copied into the engine's memory, and the engine
 * keeps its tables beside it until the file's block is freed; memory of WebAssembly never shrinks.
 */
import type { MemoryNeed } from "../capabilities.js";

export const FACTOR = 4;
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
