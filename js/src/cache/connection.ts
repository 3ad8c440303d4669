/**
 * The database, opened when first needed and again after it was lost.
 *
 * Another tab may want to upgrade or delete it: we let go at once, so that no tab waits for us. Another tab that does not
 * let go of an older version makes us wait; then we work without storage and say so. A browser may also never answer.
 */
import { deleteDB, type IDBPDatabase, openDB } from "idb";
import { DB_NAME, DB_VERSION, type Layout } from "./layout.js";

export const OPEN_MS = 3_000;
/** After a failure the next attempt waits this long. */
const AGAIN_MS = 5_000;

export type Database = IDBPDatabase<Layout>;

/** Why there is no storage, in words for the reader. */
export class NoStorage extends Error {}

export class Connection {
  readonly #name: string;
  readonly #version: number;
  #opening: Promise<Database> | null = null;
  #failed: { readonly at: number; readonly error: NoStorage } | null = null;

  constructor(name = DB_NAME, version = DB_VERSION) {
    this.#name = name;
    this.#version = version;
  }

  /** Throws NoStorage. */
  async open(): Promise<Database> {
    if (this.#opening === null) {
      if (this.#failed !== null && Date.now() - this.#failed.at < AGAIN_MS) throw this.#failed.error;
      this.#opening = this.#open();
      this.#opening.then(
        () => { this.#failed = null; },
        (error: NoStorage) => {
          this.#opening = null;
          this.#failed = { at: Date.now(), error };
        },
      );
    }
    return this.#opening;
  }

  /** Forgets the connection: the next use opens it again. */
  lose(): void {
    this.#opening?.then((db) => db.close(), () => undefined);
    this.#opening = null;
  }

  /** Removes the whole database, where its content cannot be used. */
  async destroy(): Promise<void> {
    this.lose();
    await deleteDB(this.#name);
  }

  async #open(): Promise<Database> {
    if (typeof indexedDB === "undefined") throw new NoStorage("this host has no IndexedDB");
    let blocked = false;
    let late = false;
    const opening = Promise.resolve().then(() => openDB<Layout>(this.#name, this.#version, {
      upgrade(db) {
        for (const store of ["chunks", "entries", "addresses"] as const) if (!db.objectStoreNames.contains(store)) db.createObjectStore(store);
      },
      blocked: () => { blocked = true; },
      blocking: () => this.lose(),
      terminated: () => { this.#opening = null; },
    })); // browsers also throw at once
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        late = true;
        reject(new NoStorage(blocked
          ? "another tab holds an older version of the cache open: close it and load again"
          : `IndexedDB did not open within ${OPEN_MS / 1000} s (another tab may hold it)`));
      }, OPEN_MS);
    });
    opening.then((db) => { if (late) db.close(); }, () => undefined);
    try {
      return await Promise.race([opening, patience]);
    } catch (error) {
      throw error instanceof NoStorage ? error : new NoStorage(reason(error));
    } finally {
      clearTimeout(timer);
    }
  }
}

function reason(error: unknown): string {
  const { name, message } = error as Error;
  if (name === "VersionError") return "a newer version of this library made the cache: reload the pages that use the older one";
  if (name === "SecurityError" || name === "NotAllowedError") return "this page may not use IndexedDB (the browser's settings or a sandboxed frame forbid it)";
  if (name === "InvalidStateError") return "IndexedDB is off in this window (a private window, perhaps)";
  return `IndexedDB does not open: ${message || name}`;
}
