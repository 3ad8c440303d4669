/**
 * A list of texts in slices: some under way at once, each short enough that the page stays free, with progress and cancel.
 *
 * The first slices are small; their time says how large the next may be.
 */
import { emptyBatch, place, type RawBatch } from "./engine/raw.js";
import type { EngineClient } from "./engine/client.js";
import { pack, sliceEnd } from "./engine/pack.js";
import { classifyOne, refuseHashed, type Run } from "./one.js";

export interface BatchOptions {
  readonly signal?: AbortSignal | undefined;
  /** Texts answered so far, and how many there are. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

const FIRST_TEXTS = 64;
const MOST_TEXTS = 8_192;
/** UTF-16 units: the text of a slice is made on the calling thread, so it must be short there too. */
const MOST_UNITS = 1 << 18;
const BREATH_MS = 8;

/** @internal */
export async function classifyMany(client: EngineClient, run: Run, texts: readonly string[], options: BatchOptions = {}): Promise<RawBatch> {
  const { signal, onProgress } = options;
  const { document: { shape }, pace } = client;
  const total = texts.length;
  signal?.throwIfAborted();
  if (total === 1) {
    const batch = await abortable(classifyOne(client, run, texts[0] as string), signal);
    onProgress?.(1, 1);
    return batch;
  }
  const whole = emptyBatch(total, shape);
  let ms = 0;
  let done = 0;
  let next = 0;
  let size = FIRST_TEXTS;
  let breath = performance.now();
  const work = async (): Promise<void> => {
    while (next < total) {
      signal?.throwIfAborted();
      const begin = next;
      next = sliceEnd(texts, begin, size, MOST_UNITS);
      const end = next;
      const packed = pack(texts, begin, end);
      const part = await run((engine) => engine.classify(packed));
      signal?.throwIfAborted();
      for (let i = 0; packed.replaced !== null && i < packed.n; i++) {
        if (packed.replaced[i] !== 0) await refuseHashed(client, run, texts[begin + i] as string, part.known[i] as number, `texts[${begin + i}]: `);
      }
      place(part, whole, begin, shape);
      ms += part.ms;
      done += end - begin;
      if (end - begin === size) size = Math.max(1, Math.min(MOST_TEXTS, Math.ceil(size * Math.min(4, pace.milliseconds / Math.max(part.ms, 0.01)))));
      onProgress?.(done, total);
      if (performance.now() - breath > BREATH_MS) {
        await turn();
        breath = performance.now();
      }
    }
  };
  await abortable(Promise.all(Array.from({ length: pace.window }, work)), signal);
  return { ...whole, ms };
}

/** Rejects as soon as the signal aborts; what is under way then ends unheard. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  const listening = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { signal: listening.signal });
  });
  return Promise.race([promise, aborted]).finally(() => listening.abort());
}

/**
 * Lets the page paint and hear its reader. Not by a timer: a chain of those is slowed to 4 ms each, and more in a hidden tab.
 * Not by `scheduler.yield()`: what follows it runs before the page's own timers, which then never run.
 */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
