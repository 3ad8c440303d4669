/**
 * The engine in a Worker.
 *
 * A Worker that ends (the browser took its memory, somebody terminated it) tells nobody: its open calls would wait for
 * ever. So it holds a Web Lock while it lives; we wait for that lock, and get it when the Worker is gone. Pages over plain
 * http have no locks: there only its error events are seen.
 */
import { type Remote, releaseProxy, transfer, wrap } from "comlink";
import { EngineError } from "../errors.js";
import type { Variant } from "../types.js";
import type { EngineClient } from "./client.js";
import type { EngineHost } from "./host.js";
import { isReady } from "./ready.js";
import "./wire.js";

const START_MS = 10_000;
/** Two slices: one is computed while the next is made. */
const PACE = { window: 2, milliseconds: 20 };

/** Where the worker's program comes from: its source (a Blob URL is made of it), or an address and what stands in for it. */
type Program = { readonly source: BlobPart } | { readonly url: URL; readonly spare?: () => Promise<BlobPart> };

/** A program to start, or a Worker that starts already; null: there is to be none. */
export type WorkerSource = Program | { readonly started: Promise<Started> } | null;

/** A Worker that runs our program, and the promise that only rejects: when it died. */
export interface Started {
  readonly worker: Worker;
  readonly died: Promise<never>;
  end(): void;
}

/** Starts it at once. What is not used after all is to be ended: `end`. */
export function begin(from: WorkerSource): WorkerSource {
  if (from === null) return null;
  const started = startWorker(from);
  started.catch(() => undefined); // thrown where it is asked for
  return { started };
}

/** Ends what nobody asked for. */
export function end(from: WorkerSource): void {
  if (from !== null && "started" in from) from.started.then((running) => running.end(), () => undefined);
}

/** Throws a plain Error where the page may not have a Worker. */
export async function startWorker(from: Exclude<WorkerSource, null>): Promise<Started> {
  if ("started" in from) return from.started;
  try {
    return await start(from);
  } catch (error) {
    if (!("spare" in from) || from.spare === undefined) throw error;
    return start({ source: await from.spare() });
  }
}

async function start(from: Program): Promise<Started> {
  const blobUrl = "source" in from ? URL.createObjectURL(new Blob([from.source], { type: "text/javascript" })) : null;
  try {
    const worker = new Worker(blobUrl ?? ("url" in from ? from.url : ""));
    try {
      return watched(worker, await ready(worker, blobUrl === null ? "'self'" : "blob:"));
    } catch (error) {
      worker.terminate();
      throw error;
    }
  } finally {
    if (blobUrl !== null) URL.revokeObjectURL(blobUrl);
  }
}

/** The name of the lock that it holds; null where it has none. `origin`: what a policy has to allow. */
function ready(worker: Worker, origin: string): Promise<string | null> {
  const listening = new AbortController();
  return new Promise<string | null>((resolve, reject) => {
    const { signal } = listening;
    const timer = setTimeout(() => reject(new Error(`it did not start within ${START_MS / 1000} s`)), START_MS);
    signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
    worker.addEventListener("message", ({ data }) => {
      if (isReady(data)) resolve(data.lock);
      else reject(new Error("worker.js is of another version"));
    }, { signal });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      reject(new Error(event.message || `it cannot be loaded, or the content-security policy lacks worker-src ${origin}`));
    }, { signal });
  }).finally(() => listening.abort());
}

function watched(worker: Worker, lock: string | null): Started {
  const watching = new AbortController();
  const died = new Promise<never>((_, reject) => {
    const gone = (): void => reject(new EngineError("The engine's Worker ended unexpectedly.", "worker-died", "Try again; a smaller model or text may help."));
    worker.addEventListener("error", gone, { signal: watching.signal });
    if (lock !== null) navigator.locks.request(lock, { signal: watching.signal }, gone).catch(() => undefined);
  });
  died.catch(() => undefined);
  return {
    worker,
    died,
    end: () => {
      watching.abort();
      worker.terminate();
    },
  };
}

/** Opens engine and model in it; both buffers are given away. On failure the Worker is ended. */
export async function openInWorker(started: Started, engine: ArrayBuffer, model: ArrayBuffer, isVerified: boolean, variant: Variant): Promise<EngineClient> {
  const remote: Remote<EngineHost> = wrap<EngineHost>(started.worker);
  // A client that was closed answers no more: the calls under way would wait for ever.
  let closed: (error: EngineError) => void = () => undefined;
  const closing = new Promise<never>((_, reject) => { closed = reject; });
  closing.catch(() => undefined);
  const alive = <T>(answer: Promise<T>): Promise<T> => Promise.race([answer, started.died, closing]);
  const close = (): void => {
    closed(new EngineError("This classifier was disposed.", "disposed", "Load it again."));
    remote[releaseProxy]();
    started.end();
  };
  const size = model.byteLength; // read before the buffer is given away
  try {
    const { document } = await alive(remote.open(transfer(engine, [engine]), transfer(model, [model]), isVerified));
    return {
      ranOn: "tab-worker", variant, reason: "a Worker keeps the page free while it computes", document, size, pace: PACE,
      classify: (texts) => alive(remote.classifyPacked(texts)),
      explain: (text) => alive(remote.explain(text)),
      stage: (stage, text) => alive(remote.stage(stage, text)),
      verify: () => alive(remote.verify()),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}
