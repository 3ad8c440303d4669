/** Which entries go, so that there is room for one more. */
import type { CacheEntry } from "./types.js";

/** Least recently used first, as many as it takes until `room` bytes are free of `budget`; null where even an empty cache has not the room. */
export function toEvict(entries: readonly CacheEntry[], room: number, budget: number): string[] | null {
  if (room > budget) return null;
  let bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  const gone: string[] = [];
  for (const entry of [...entries].sort((a, b) => a.lastUsed - b.lastUsed)) {
    if (bytes + room <= budget) break;
    bytes -= entry.bytes;
    gone.push(entry.sha256);
  }
  return gone;
}
