/** One engine per page, counted; and the last text wins. */
import { expect, test, vi } from "vitest";
import { Pool } from "../src/engine/pool.js";
import { Latest } from "../src/latest.js";

test("holders share one value; the last one who lets go disposes of it, once", async () => {
  const dispose = vi.fn();
  const pool = new Pool<object>(dispose);
  const make = vi.fn(async () => ({}));
  const [a, b] = await Promise.all([pool.acquire("k", make), pool.acquire("k", make)]);
  expect(a.value).toBe(b.value);
  expect(make).toHaveBeenCalledOnce();
  a.release();
  a.release();
  expect(dispose).not.toHaveBeenCalled();
  b.release();
  expect(dispose).toHaveBeenCalledOnce();
  expect(pool.size).toBe(0);
  expect((await pool.acquire("k", make)).value).not.toBe(a.value);
});

test("a failure is the maker's own; who waited for it tries for itself", async () => {
  const pool = new Pool<string>(() => undefined);
  const failing = pool.acquire("k", () => Promise.reject(new Error("my kernel is gone")));
  const waiting = pool.acquire("k", async () => "mine");
  await expect(failing).rejects.toThrow("my kernel is gone");
  expect((await waiting).value).toBe("mine");
});

test("a hundred open/close cycles leave nothing", async () => {
  let alive = 0;
  const pool = new Pool<number>(() => { alive -= 1; });
  for (let i = 0; i < 100; i++) (await pool.acquire("k", async () => { alive += 1; return i; })).release();
  expect([alive, pool.size]).toEqual([0, 0]);
});

test("while one runs only the newest waits, and the last one wins", async () => {
  vi.useFakeTimers();
  const ran: string[] = [];
  const shown: string[] = [];
  const latest = new Latest<string>(async (value, isLast) => {
    ran.push(value);
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (isLast()) shown.push(value);
  });
  latest.push("a", 40);
  latest.push("b", 40);
  await vi.advanceTimersByTimeAsync(50); // b runs
  for (const value of ["c", "d", "e"]) latest.push(value, 10);
  await vi.advanceTimersByTimeAsync(500);
  expect(ran).toEqual(["b", "e"]);
  expect(shown).toEqual(["e"]);
  vi.useRealTimers();
});
