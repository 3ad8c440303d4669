/** What the cache offers to everybody: the words of its inspector, and the facts about the storage below it. */

/** What an entry is, for the inspector's list. */
export type AssetKind = "model" | "engine" | "program";

export interface CacheEntry {
  /** Lower-case hex; the entry's name. */
  readonly sha256: string;
  readonly kind: AssetKind;
  /** What to call it: a model's name, a file's name. Text of whoever made the model: show it as text. */
  readonly name: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly lastUsed: number;
}

/** Where cached bytes live, and what the browser says of that place. */
export interface StorageFacts {
  /** "memory": nothing is kept; every visit fetches again. */
  readonly mode: "indexeddb" | "memory";
  /** Why, in words. */
  readonly reason: string;
  /** Bytes; null where the browser does not say. */
  readonly quota: number | null;
  readonly usage: number | null;
  /** Whether the browser promised to keep it under pressure; null: it does not say. */
  readonly persisted: boolean | null;
  /** Whether this page is a frame of another site, whose storage browsers keep apart; null: cannot be seen. */
  readonly partitioned: boolean | null;
}

export interface CacheReport {
  readonly storage: StorageFacts;
  /** Most recently used first. */
  readonly entries: readonly CacheEntry[];
  /** Sum of the entries' bytes, and the most that we keep (the least recently used go first). */
  readonly bytes: number;
  readonly budget: number;
  /** What happened to the cache in this page, newest last: damaged entries, evictions, a full disk. */
  readonly log: readonly string[];
}

/** The inspector, the same for views, Python and plain pages. None of its calls throws for a storage that is not there. */
export interface CacheInspector {
  report(): Promise<CacheReport>;
  /** True where there was such an entry. */
  evict(sha256: string): Promise<boolean>;
  /** How many entries were removed. */
  clear(): Promise<number>;
  /** Asks the browser to keep the data under pressure; Firefox asks the reader. */
  persist(): Promise<boolean>;
}
