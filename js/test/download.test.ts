/** Chunks over a channel in bad weather: lost, repeated, out of order, refused, late, cut off. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { kernelAssets } from "../src/assets.js";
import { download } from "../src/download.js";
import { CHUNK_BYTES, type Channel, type FromKernel, type GetMessage, type ToKernel } from "../src/protocol.js";
import { digest } from "../src/digest.js";
import { sha256 } from "../src/sha256.js";

type Listener = (message: FromKernel, buffers: readonly DataView[]) => void;

/** A kernel that answers as the test tells it. */
class FakeKernel implements Channel {
  readonly asked: GetMessage[] = [];
  readonly listeners = new Set<Listener>();
  constructor(readonly data: Uint8Array, readonly onGet: (kernel: FakeKernel, message: GetMessage) => void) {}
  send(message: ToKernel): void {
    if (message.type !== "get") return;
    this.asked.push(message);
    this.onGet(this, message);
  }
  listen(callback: Listener, signal: AbortSignal): void {
    this.listeners.add(callback);
    signal.addEventListener("abort", () => this.listeners.delete(callback), { once: true });
  }
  answer({ id, offset, size }: GetMessage): void {
    const padded = new Uint8Array(size + 3); // a DataView that does not begin at its buffer's begin
    padded.set(this.data.subarray(offset, offset + size), 3);
    this.deliver({ wcw: 1, type: "chunk", id, offset }, [new DataView(padded.buffer, 3, Math.min(size, this.data.length - offset))]);
  }
  deliver(message: FromKernel, buffers: DataView[] = []): void {
    for (const listener of [...this.listeners]) listener(message, buffers);
  }
}

const data = Uint8Array.from({ length: CHUNK_BYTES * 6 + 100 }, (_, i) => (i * 7 + (i >> 9)) & 255);
/** toEqual walks a megabyte element by element. */
const same = (bytes: Uint8Array): boolean => Buffer.compare(bytes, data) === 0;
const later = (run: () => void, ms = 1) => void setTimeout(run, ms);
const start = (kernel: FakeKernel, more: Partial<Parameters<typeof download>[2]> = {}) =>
  download(kernel, { sha256: "x", size: data.length }, { signal: new AbortController().signal, ...more });

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

describe("arrives whole", () => {
  test("in order, with progress, never more than four requests under way", async () => {
    let underWay = 0;
    let most = 0;
    const progress: number[] = [];
    const kernel = new FakeKernel(data, (own, message) => {
      underWay += 1;
      most = Math.max(most, underWay);
      later(() => { underWay -= 1; own.answer(message); });
    });
    const got = start(kernel, { onProgress: (loaded) => progress.push(loaded) });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(same(await got)).toBe(true);
    expect(most).toBe(4);
    expect(kernel.asked).toHaveLength(7);
    expect(progress.at(-1)).toBe(data.length);
    expect(kernel.listeners.size).toBe(0);
  });

  test("out of order and twice", async () => {
    const kernel = new FakeKernel(data, (own, message) => {
      later(() => { own.answer(message); own.answer(message); }, 50 - Number(message.offset / CHUNK_BYTES) * 7);
    });
    const got = start(kernel);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(same(await got)).toBe(true);
    expect(kernel.asked).toHaveLength(7);
  });

  test("when chunks are lost: they are asked for again", async () => {
    const lost = new Set<number>();
    const kernel = new FakeKernel(data, (own, message) => {
      if (message.offset % (2 * CHUNK_BYTES) === 0 && !lost.has(message.offset)) lost.add(message.offset);
      else later(() => own.answer(message));
    });
    const got = start(kernel);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(same(await got)).toBe(true);
    expect(lost.size).toBe(4);
  });

  test("when the kernel is busy for a minute: it waits, says so, and does not flood it", async () => {
    const held: GetMessage[] = [];
    let busy = true;
    const waiting: boolean[] = [];
    const kernel = new FakeKernel(data, (own, message) => { if (busy) held.push(message); else later(() => own.answer(message)); });
    const got = start(kernel, { onWaiting: (value) => waiting.push(value) });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(waiting).toEqual([true]);
    expect(kernel.asked.length).toBeLessThan(20);
    busy = false;
    for (const message of held) kernel.answer(message);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(same(await got)).toBe(true);
    expect(waiting).toEqual([true, false]);
  });

  test("an empty asset without a request", async () => {
    const kernel = new FakeKernel(new Uint8Array(), () => { throw new Error("asked"); });
    expect(await download(kernel, { sha256: "x", size: 0 }, { signal: new AbortController().signal })).toHaveLength(0);
  });
});

describe("does not arrive", () => {
  const failing = async (promise: Promise<unknown>) => {
    const outcome = promise.then(() => "arrived", (error: unknown) => error);
    await vi.advanceTimersByTimeAsync(100);
    return outcome;
  };

  test("when the kernel refuses", async () => {
    const kernel = new FakeKernel(data, (own, { id }) => later(() => own.deliver({ wcw: 1, type: "refused", id, code: "asset-unknown", message: "no such asset" })));
    expect(await failing(start(kernel))).toMatchObject({ name: "EngineError", code: "asset-unknown", message: "no such asset" });
    expect(kernel.listeners.size).toBe(0);
  });

  test("when the comm is dead", async () => {
    const kernel = new FakeKernel(data, () => { throw new Error("Comm is closed"); });
    expect(await failing(start(kernel))).toMatchObject({ code: "kernel-lost" });
  });

  test("when a chunk has another length", async () => {
    const kernel = new FakeKernel(data, (own, message) => later(() => own.deliver({ wcw: 1, type: "chunk", id: message.id, offset: message.offset }, [new DataView(new ArrayBuffer(9))])));
    expect(await failing(start(kernel))).toMatchObject({ code: "protocol" });
  });

  test("when it is aborted; no timer and no listener stay", async () => {
    const ending = new AbortController();
    const kernel = new FakeKernel(data, () => undefined);
    const got = start(kernel, { signal: ending.signal });
    later(() => ending.abort());
    expect(await failing(got)).toMatchObject({ name: "AbortError" });
    expect(kernel.listeners.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

test("another tab's chunks are not taken for ours", async () => {
  const kernel = new FakeKernel(data, (own, message) => later(() => {
    own.deliver({ wcw: 1, type: "chunk", id: "other-1", offset: message.offset }, [new DataView(new ArrayBuffer(message.size))]);
    own.answer(message);
  }));
  const got = start(kernel);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(same(await got)).toBe(true);
});

describe("an altered asset", () => {
  const assetsOf = (alter: (attempt: number) => boolean) => {
    let attempt = 0;
    const kernel = new FakeKernel(data, (own, message) => {
      if (message.offset === 0) attempt += 1;
      const bytes = own.data.slice(message.offset, message.offset + message.size);
      if (alter(attempt)) bytes[0] = (bytes[0] as number) ^ 1;
      queueMicrotask(() => own.deliver({ wcw: 1, type: "chunk", id: message.id, offset: message.offset }, [new DataView(bytes.buffer)]));
    });
    return { kernel, fetch: async () => kernelAssets(kernel, { model: { sha256: await sha256(data), size: data.length } }).fetch("model", { signal: new AbortController().signal }) };
  };

  test("on its way is fetched again", async () => {
    vi.useRealTimers();
    const { fetch } = assetsOf((attempt) => attempt === 1);
    expect(same(await fetch())).toBe(true);
  });

  test("at its source is an error", async () => {
    vi.useRealTimers();
    await expect(assetsOf(() => true).fetch()).rejects.toMatchObject({ code: "asset-altered" });
  });
});

test("the SHA-256 of our own is the browser's", async () => {
  vi.useRealTimers();
  for (const length of [0, 1, 55, 56, 63, 64, 65, 1000, 100_003]) {
    const bytes = data.slice(0, length);
    expect(Buffer.from(digest(bytes)).toString("hex")).toBe(await sha256(bytes));
  }
});
