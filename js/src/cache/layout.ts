/**
 * The database in words: shared by the cache and by the loader's small reader.
 *
 * An asset is cut into chunks, because browsers limit the size of one stored value (Chromium: 127 MiB), and because storing
 * one holds up the page while it is copied. The entry is the
 * manifest: what has none was never written whole, and does not exist for a reader.
 */
import type { DBSchema } from "idb";
import type { CacheEntry } from "./types.js";

export const DB_NAME = "wasm-clf-widget";
export const DB_VERSION = 1;
export const CHUNK_BYTES = 4 << 20;

/** What an address gave when it was last asked. */
export interface AddressRecord {
  readonly url: string;
  readonly sha256: string;
  readonly etag: string | null;
  /** Milliseconds since 1970. */
  readonly checked: number;
}

export interface Layout extends DBSchema {
  /** Under [sha256, number of the chunk]. */
  chunks: { key: [string, number]; value: Uint8Array<ArrayBuffer> };
  entries: { key: string; value: CacheEntry };
  addresses: { key: string; value: AddressRecord };
}

/** The keys of an asset's chunks lie between these two. */
export function chunkKeys(sha256: string): IDBKeyRange {
  return IDBKeyRange.bound([sha256, 0], [sha256, Number.MAX_SAFE_INTEGER]);
}

export function joined(chunks: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  if (chunks.length === 1) return chunks[0] as Uint8Array<ArrayBuffer>;
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
