/** The cache against an IndexedDB in memory; the browser tests run the same program against the real one. */
import "fake-indexeddb/auto";
import { deleteDB, openDB } from "idb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AssetCache, type CacheOptions } from "../src/cache/cache.js";
import { Connection } from "../src/cache/connection.js";
import { DB_NAME, DB_VERSION } from "../src/cache/layout.js";
import { toEvict } from "../src/cache/lru.js";
import { peek } from "../src/cache/peek.js";
import { sha256 } from "../src/sha256.js";

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const text = (bytes: Uint8Array | null): string | null => (bytes === null ? null : new TextDecoder().decode(bytes));
let time = 1_000_000;
let cache: AssetCache;
const open = (options: CacheOptions = {}): AssetCache => new AssetCache({ now: () => time, ...options });
const put = async (content: string, into = cache): Promise<string> => {
  const hash = await sha256(bytesOf(content));
  await into.put({ sha256: hash, kind: "model", name: content.slice(0, 8) }, bytesOf(content));
  return hash;
};
const raw = () => openDB(DB_NAME, DB_VERSION);
const damaged = vi.fn();

afterEach(() => { vi.restoreAllMocks(); });
beforeEach(async () => {
  vi.spyOn(console, "info").mockImplementation(() => undefined);
  const emptied = await raw().catch(() => null); // opening it here makes it, without stores
  emptied?.close();
  await deleteDB(DB_NAME);
  cache = open();
});

describe("keeps", () => {
  test("what was put, in a second page too", async () => {
    const hash = await put("weights");
    expect(text(await cache.get(hash))).toBe("weights");
    expect(text(await open().get(hash))).toBe("weights");
    expect(text(await peek(hash, damaged))).toBe("weights");
    expect(await cache.get("0".repeat(64))).toBeNull();
  });

  test("an empty asset, and one that is part of a larger buffer without the rest of it", async () => {
    const empty = await put("");
    expect(text(await cache.get(empty))).toBe("");
    const part = bytesOf("xxweightsxx").subarray(2, 9);
    const hash = await sha256(part.slice());
    await cache.put({ sha256: hash, kind: "engine", name: "part" }, part);
    expect((await cache.get(hash))?.buffer.byteLength).toBe(7);
  });

  test("a list of what it has, last used first, with sums", async () => {
    const a = await put("first one");
    time += 60_000;
    const b = await put("second");
    expect((await cache.report()).entries.map(({ sha256: hash }) => hash)).toEqual([b, a]);
    time += 60_000;
    await cache.get(a);
    await vi.waitFor(async () => expect((await cache.report()).entries.map(({ sha256: hash }) => hash)).toEqual([a, b]));
    const report = await cache.report();
    expect(report.bytes).toBe(15);
    expect(report.entries[0]).toMatchObject({ kind: "model", name: "first on", bytes: 9, lastUsed: time });
    expect(report.storage.mode).toBe("indexeddb");
  });

  test("addresses until their asset is evicted", async () => {
    const hash = await put("weights");
    const record = { url: "http://127.0.0.1/m", sha256: hash, etag: '"1"', checked: 5 };
    await cache.remember(record);
    expect(await cache.address(record.url)).toEqual(record);
    expect(await cache.evict(hash)).toBe(true);
    expect(await cache.evict(hash)).toBe(false);
    expect(await cache.address(record.url)).toBeNull();
    expect(await cache.get(hash)).toBeNull();
  });

  test("nothing after clear", async () => {
    const hash = await put("weights");
    await put("more");
    expect(await cache.clear()).toBe(2);
    expect(await cache.get(hash)).toBeNull();
    expect((await cache.report()).entries).toEqual([]);
  });
});

describe("does not believe its storage", () => {
  const damage = async (hash: string, change: (bytes: Uint8Array) => Uint8Array | undefined) => {
    const db = await raw();
    const changed = change((await db.get("chunks", [hash, 0])) as Uint8Array);
    if (changed === undefined) await db.delete("chunks", [hash, 0]);
    else await db.put("chunks", changed, [hash, 0]);
    db.close();
  };

  test.each([
    ["a flipped byte", (bytes: Uint8Array) => { bytes[3] = (bytes[3] as number) ^ 1; return bytes; }],
    ["a short chunk", (bytes: Uint8Array) => bytes.slice(0, 4)],
    ["a chunk that is gone", () => undefined],
  ])("%s is absent, removed and logged", async (_, change) => {
    const hash = await put("weights");
    await damage(hash, change);
    damaged.mockClear();
    expect(await peek(hash, damaged)).toBeNull();
    expect(damaged).toHaveBeenCalledOnce();
    expect(await cache.get(hash)).toBeNull();
    const report = await cache.report();
    expect(report.entries).toEqual([]);
    expect(report.log.join()).toContain("damaged");
    await put("weights");
    expect(text(await cache.get(hash))).toBe("weights");
  });

  test("chunks without an entry (a write that was cut off) are absent, and swept", async () => {
    const hash = await put("weights");
    const db = await raw();
    await db.delete("entries", hash);
    expect(await peek(hash, damaged)).toBeNull();
    expect(await cache.get(hash)).toBeNull();
    expect(await db.count("chunks")).toBe(1);
    await cache.report();
    expect(await db.count("chunks")).toBe(0);
    db.close();
  });

  test("a database without our stores is made anew", async () => {
    await deleteDB(DB_NAME);
    (await openDB(DB_NAME, DB_VERSION)).close();
    const own = open();
    const hash = await put("weights", own);
    expect(text(await own.get(hash))).toBe("weights");
  });

  test("wiped while it runs, it goes on", async () => {
    const hash = await put("weights");
    await deleteDB(DB_NAME); // our connection lets go at once, else this would wait for ever
    expect(await cache.get(hash)).toBeNull();
    await put("weights");
    expect(text(await cache.get(hash))).toBe("weights");
    expect((await cache.report()).storage.mode).toBe("indexeddb");
  });
});

describe("has a budget", () => {
  test("the least recently used go first, with a line in the log", async () => {
    const small = open({ budget: 20 });
    const a = await put("aaaaaaaa", small);
    time += 20_000;
    const b = await put("bbbbbbbb", small);
    time += 20_000;
    await small.get(a);
    await vi.waitFor(async () => expect((await small.report()).entries[0]?.sha256).toBe(a));
    const c = await put("cccccccc", small);
    expect([await small.get(a), await small.get(b), await small.get(c)].map(text)).toEqual(["aaaaaaaa", null, "cccccccc"]);
    const { log, bytes } = await small.report();
    expect(bytes).toBe(16);
    expect(log.join()).toContain("bbbbbbbb (1 kB) made room");
  });

  test("what is larger than the budget is not kept, and nothing goes for it", async () => {
    const small = open({ budget: 10 });
    const a = await put("aaaa", small);
    const big = await put("b".repeat(11), small);
    expect(await small.get(big)).toBeNull();
    expect(text(await small.get(a))).toBe("aaaa");
    expect((await small.report()).log.join()).toContain("not kept");
  });

  test.each([
    [[], 5, 10, []], [[[4, 1], [4, 2]], 2, 10, []], [[[4, 2], [4, 1]], 3, 10, ["1"]], [[[4, 1], [4, 2]], 10, 10, ["1", "2"]], [[[4, 1]], 11, 10, null],
  ] as const)("%j with room for %i of %i: %j", (entries, room, budget, gone) => {
    const list = entries.map(([bytes, used]) => ({ sha256: String(used), kind: "model" as const, name: "", bytes, created: 0, lastUsed: used }));
    expect(toEvict(list, room, budget)).toEqual(gone);
  });
});

describe("works without storage, and says why", () => {
  test.each([
    ["SecurityError", "may not use IndexedDB"], ["InvalidStateError", "private window"], ["UnknownError", "does not open: boom"],
  ])("%s", async (name, words) => {
    vi.spyOn(indexedDB, "open").mockImplementation(() => { throw new DOMException("boom", name); });
    const hash = await put("weights");
    expect(await cache.get(hash)).toBeNull();
    expect(await peek(hash, damaged)).toBeNull();
    const report = await cache.report();
    expect(report.storage).toMatchObject({ mode: "memory" });
    expect(report.storage.reason).toContain(words);
    expect(report.log).toHaveLength(1);
    expect([await cache.clear(), await cache.evict(hash)]).toEqual([0, false]);
  });

  test("an older version in another tab that does not let go", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const name = "held";
    await new Promise<void>((resolve) => {
      const held = indexedDB.open(name, 1); // and no `onversionchange`: it does not let go
      held.onsuccess = () => resolve();
    });
    const own = open({ connection: new Connection(name, 2) });
    const facts = own.facts();
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve)); // the browser says "blocked" first
    await vi.advanceTimersByTimeAsync(4_000);
    expect((await facts).reason).toContain("another tab holds an older version");
    vi.useRealTimers();
  });

  test("a newer version's database", async () => {
    (await openDB("newer", 9)).close();
    const facts = await open({ connection: new Connection("newer", 1) }).facts();
    expect([facts.mode, facts.reason.includes("newer version")]).toEqual(["memory", true]);
  });

  test("a full disk", async () => {
    const first = await put("weights");
    const { IDBObjectStore } = globalThis;
    const real = IDBObjectStore.prototype.put;
    const full = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (this: IDBObjectStore, value: unknown, key?: IDBValidKey) {
      if (value instanceof Uint8Array) throw new DOMException("full", "QuotaExceededError");
      return real.call(this, value, key);
    });
    const second = await put("others");
    full.mockRestore();
    expect(await cache.get(second)).toBeNull();
    expect(await cache.get(first)).toBeNull(); // ours made room first
    expect((await cache.report()).log.join()).toContain("storage is full");
  });
});

test("the loader's reader leaves no database behind", async () => {
  expect(await peek("0".repeat(64), damaged)).toBeNull();
  expect((await indexedDB.databases()).map(({ name }) => name)).not.toContain(DB_NAME);
});

test("two pages write the same asset at once", async () => {
  const other = open();
  const [a, b] = await Promise.all([put("weights"), put("weights", other)]);
  expect(a).toBe(b);
  expect([text(await cache.get(a)), text(await other.get(a))]).toEqual(["weights", "weights"]);
  expect((await cache.report()).entries).toHaveLength(1);
});
