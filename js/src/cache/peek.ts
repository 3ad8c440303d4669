/**
 * Reads one asset without the cache's program, which comes when there is something to write or to look into.
 *
 * Whatever is wrong (no storage, no database, damaged bytes, no answer in time) gives null; the cache itself deals with it
 * when it is here.
 */
import { sha256 as hash } from "../sha256.js";
import { chunkKeys, DB_NAME, joined } from "./layout.js";

const PATIENCE_MS = 2_000;

export async function peek(sha256: string, onDamage: () => void): Promise<Uint8Array<ArrayBuffer> | null> {
  let late = false;
  const patience = new Promise<null>((resolve) => setTimeout(() => { late = true; resolve(null); }, PATIENCE_MS));
  try {
    const bytes = await Promise.race([read(sha256, () => late), patience]);
    if (bytes === null || (await hash(bytes)) === sha256) return bytes;
    onDamage();
    return null;
  } catch {
    return null;
  }
}

function read(sha256: string, isLate: () => boolean): Promise<Uint8Array<ArrayBuffer> | null> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DB_NAME);
    opening.onerror = () => reject(opening.error);
    // There is no database yet: leave none behind, an empty one would have no stores.
    opening.onupgradeneeded = () => opening.transaction?.abort();
    opening.onsuccess = () => {
      const db = opening.result;
      if (isLate()) return db.close();
      try {
        const transaction = db.transaction(["entries", "chunks"]);
        const entry = transaction.objectStore("entries").getKey(sha256);
        const chunks = transaction.objectStore("chunks").getAll(chunkKeys(sha256));
        transaction.oncomplete = () => resolve(entry.result === undefined ? null : joined(chunks.result as Uint8Array<ArrayBuffer>[]));
        transaction.onabort = () => reject(transaction.error);
      } catch (error) {
        reject(error);
      } finally {
        db.close(); // takes effect when the transaction is done
      }
    };
  });
}
