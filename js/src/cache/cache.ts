/**
 * Assets under their SHA-256, in IndexedDB.
 *
 * Verified on every read: what is not what its name says is removed and counts as absent. Written in one transaction, the
 * entry last: a reader sees all of an asset or nothing. The least recently used go first when the budget is reached. No
 * call throws because of the storage: without it everything is absent, nothing is kept, and `report()` says why.
 */
import { sha256 as hash } from "../sha256.js";
import { Connection, type Database, NoStorage } from "./connection.js";
import { type AddressRecord, CHUNK_BYTES, chunkKeys, joined } from "./layout.js";
import { toEvict } from "./lru.js";
import { askToPersist, estimate, isPartitioned, persisted } from "./storage.js";
import type { AssetKind, CacheEntry, CacheInspector, CacheReport, StorageFacts } from "./types.js";

/** The most that we keep: this, or half of what the browser allows. */
export const BUDGET_BYTES = 512 << 20;
/** Reading an asset notes its use, but not more often than this. */
const NOTE_USE_MS = 10_000;
const LOG_LINES = 50;
const MODE_REASON = "IndexedDB, verified by SHA-256 on every read";

/** @internal */
export interface Named {
  readonly sha256: string;
  readonly kind: AssetKind;
  readonly name: string;
}

/** @internal */
export interface CacheOptions {
  readonly connection?: Connection;
  readonly budget?: number;
  readonly now?: () => number;
}

/** @internal */
export class AssetCache implements CacheInspector {
  readonly #connection: Connection;
  readonly #budget: number;
  readonly #now: () => number;
  readonly #log: string[] = [];
  #problem = "";

  constructor(options: CacheOptions = {}) {
    this.#connection = options.connection ?? new Connection();
    this.#budget = options.budget ?? BUDGET_BYTES;
    this.#now = options.now ?? Date.now;
  }

  /** The asset's bytes, which are the caller's; null where it is not here, or was damaged. */
  async get(sha256: string): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.#try(null, async (db) => {
      const transaction = quiet(db.transaction(["entries", "chunks"]));
      const [entry, chunks] = await Promise.all([
        transaction.objectStore("entries").get(sha256), transaction.objectStore("chunks").getAll(chunkKeys(sha256)), transaction.done,
      ]);
      if (entry === undefined) return null;
      const bytes = joined(chunks);
      if (bytes.length !== entry.bytes || (await hash(bytes)) !== sha256) {
        await this.#remove(db, [sha256]);
        this.noteDamage(entry);
        return null;
      }
      void this.#used(entry);
      return bytes;
    });
  }

  /** Whether there is such an entry, which counts as a use of it; what it holds is looked at where it is read. */
  async has(sha256: string): Promise<boolean> {
    return this.#try(false, async (db) => {
      const entry = await db.get("entries", sha256);
      if (entry !== undefined) void this.#used(entry);
      return entry !== undefined;
    });
  }

  /** Keeps a copy of the bytes. False where that was not possible; the log then says why. */
  async put(asset: Named, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
    return this.#try(false, async (db) => {
      const { quota, usage } = await estimate();
      const budget = Math.min(this.#budget, quota === null ? Number.POSITIVE_INFINITY : quota / 2);
      const entries = (await db.getAll("entries")).filter(({ sha256 }) => sha256 !== asset.sha256);
      const gone = toEvict(entries, bytes.length, budget);
      if (gone === null) {
        this.#note(`${asset.name} (${megabytes(bytes.length)}) is larger than the cache may be (${megabytes(budget)}): not kept`);
        return false;
      }
      await this.#evict(db, entries, gone);
      const left = entries.filter(({ sha256 }) => !gone.includes(sha256));
      // What other code of this origin stored counts against the quota too.
      if (quota !== null && usage !== null && bytes.length > quota - usage) await this.#evict(db, left, left.map(({ sha256 }) => sha256));
      try {
        await this.#write(db, asset, bytes);
      } catch (error) {
        if ((error as Error).name !== "QuotaExceededError") throw error;
        await this.#evict(db, left, left.map(({ sha256 }) => sha256));
        try {
          await this.#write(db, asset, bytes);
        } catch {
          this.#note(`the browser's storage is full: ${asset.name} (${megabytes(bytes.length)}) is not kept`);
          return false;
        }
      }
      return true;
    });
  }

  /** What an address gave when it was last asked. */
  async address(url: string): Promise<AddressRecord | null> {
    return this.#try(null, async (db) => (await db.get("addresses", url)) ?? null);
  }

  async remember(record: AddressRecord): Promise<void> {
    await this.#try(undefined, async (db) => { await db.put("addresses", record, record.url); });
  }

  async facts(): Promise<StorageFacts> {
    await this.#try(undefined, async () => undefined); // opens it, where it was not
    const [{ quota, usage }, durable] = await Promise.all([estimate(), persisted()]);
    const memory = this.#problem !== "";
    return {
      mode: memory ? "memory" : "indexeddb", reason: memory ? `nothing is kept: ${this.#problem}` : MODE_REASON,
      quota, usage, persisted: durable, partitioned: isPartitioned(),
    };
  }

  async report(): Promise<CacheReport> {
    const [entries, storage] = await Promise.all([
      this.#try([], async (db) => {
        await this.#sweep(db);
        return (await db.getAll("entries")).sort((a, b) => b.lastUsed - a.lastUsed);
      }),
      this.facts(),
    ]);
    const budget = Math.min(this.#budget, storage.quota === null ? Number.POSITIVE_INFINITY : storage.quota / 2);
    return { storage, entries, bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0), budget, log: [...this.#log] };
  }

  async evict(sha256: string): Promise<boolean> {
    return this.#try(false, async (db) => {
      const found = (await db.getKey("entries", sha256)) !== undefined;
      await this.#remove(db, [sha256]);
      return found;
    });
  }

  async clear(): Promise<number> {
    return this.#try(0, async (db) => {
      const transaction = quiet(db.transaction(["entries", "chunks", "addresses"], "readwrite"));
      const [count] = await Promise.all([
        transaction.objectStore("entries").count(), transaction.objectStore("entries").clear(),
        transaction.objectStore("chunks").clear(), transaction.objectStore("addresses").clear(), transaction.done,
      ]);
      return count;
    });
  }

  persist(): Promise<boolean> {
    return askToPersist();
  }

  async #write(db: Database, { sha256, kind, name }: Named, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const transaction = quiet(db.transaction(["entries", "chunks"], "readwrite"));
    const chunks = transaction.objectStore("chunks");
    const now = this.#now();
    await chunks.delete(chunkKeys(sha256));
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      // A whole asset is stored as the view it is; a part is copied, else each would be stored with the whole buffer.
      const part = bytes.length <= CHUNK_BYTES && bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice(at, at + CHUNK_BYTES);
      await chunks.put(part, [sha256, at / CHUNK_BYTES]); // one after the other: the page breathes in between
    }
    await transaction.objectStore("entries").put({ sha256, kind, name, bytes: bytes.length, created: now, lastUsed: now }, sha256);
    await transaction.done;
  }

  async #evict(db: Database, entries: readonly CacheEntry[], gone: readonly string[]): Promise<void> {
    await this.#remove(db, gone);
    for (const { sha256, name, bytes } of entries) {
      if (gone.includes(sha256)) this.#note(`${name} (${megabytes(bytes)}) made room`);
    }
  }

  async #remove(db: Database, hashes: readonly string[]): Promise<void> {
    if (hashes.length === 0) return;
    const transaction = quiet(db.transaction(["entries", "chunks", "addresses"], "readwrite"));
    const addresses = transaction.objectStore("addresses");
    const led = (await addresses.getAll()).filter(({ sha256 }) => hashes.includes(sha256));
    await Promise.all([
      ...led.map(({ url }) => addresses.delete(url)),
      ...hashes.map((sha256) => transaction.objectStore("entries").delete(sha256)),
      ...hashes.map((sha256) => transaction.objectStore("chunks").delete(chunkKeys(sha256))),
      transaction.done,
    ]);
  }

  /** Chunks without an entry: another program's, or what a browser that crashed left. */
  async #sweep(db: Database): Promise<void> {
    const transaction = quiet(db.transaction(["entries", "chunks"], "readwrite"));
    const known = new Set(await transaction.objectStore("entries").getAllKeys());
    const chunks = transaction.objectStore("chunks");
    const orphans = (await chunks.getAllKeys()).filter(([sha256]) => !known.has(sha256));
    await Promise.all([...orphans.map((key) => chunks.delete(key)), transaction.done]);
  }

  async #used(entry: CacheEntry): Promise<void> {
    const now = this.#now();
    if (now - entry.lastUsed < NOTE_USE_MS) return;
    await this.#try(undefined, async (db) => {
      const transaction = quiet(db.transaction("entries", "readwrite"));
      const current = await transaction.store.get(entry.sha256);
      if (current !== undefined) await transaction.store.put({ ...current, lastUsed: now }, entry.sha256);
      await transaction.done;
    });
  }

  /** Runs with the database; what goes wrong with the storage gives `otherwise`. */
  async #try<T>(otherwise: T, run: (db: Database) => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        const result = await run(await this.#connection.open());
        this.#problem = "";
        return result;
      } catch (error) {
        // A connection that was closed under us (another tab deleted the database) is opened again, once; a database
        // without our stores, which no version of ours leaves, is made anew.
        if (!(error instanceof NoStorage) && attempt === 0) {
          if ((error as Error).name === "NotFoundError") await this.#connection.destroy().catch(() => undefined);
          else this.#connection.lose();
          continue;
        }
        const problem = (error as Error).message || (error as Error).name;
        if (problem !== this.#problem && "indexedDB" in globalThis) this.#note(`the cache cannot be used: ${problem}`);
        this.#problem = problem;
        return otherwise;
      }
    }
  }

  noteDamage({ kind, name }: Pick<Named, "kind" | "name">): void {
    this.#note(`the cached ${kind} ${name} was damaged and is fetched again`);
  }

  #note(line: string): void {
    this.#log.push(line);
    if (this.#log.length > LOG_LINES) this.#log.shift();
    console.info(`[wasm_clf_widget] ${line}`);
  }
}

/** A request that fails is the caller's; the transaction's own rejection then says nothing new. */
function quiet<T extends { readonly done: Promise<void> }>(transaction: T): T {
  transaction.done.catch(() => undefined);
  return transaction;
}

let shared: AssetCache | null = null;

/** The page's cache. @internal */
export function pageCache(): AssetCache {
  shared ??= new AssetCache();
  return shared;
}

/** For views, Python and plain pages. */
export function cacheInspector(): CacheInspector {
  return pageCache();
}

function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
