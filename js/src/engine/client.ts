/**
 * An engine that the page can call: in a Worker, else on the main thread.
 *
 * The step down is taken only when the Worker cannot be made (policy, old host); it is never taken for an error of the
 * engine or the model, which would only happen again.
 */
import { type Remote, releaseProxy, transfer, wrap } from "comlink";
import type { ParityReport, RanOn, Stage } from "../types.js";
import type { RawBatch, RawExplanation } from "./abi.js";
import { EngineHost, type Opened } from "./host.js";
import "./wire.js";

const WORKER_START_MS = 10_000;

export interface EngineClient {
  readonly ranOn: RanOn;
  /** Why it runs where it runs, for the capability report. */
  readonly reason: string;
  open(engine: ArrayBuffer, model: ArrayBuffer): Promise<Opened>;
  classify(texts: readonly string[]): Promise<RawBatch>;
  explain(text: string): Promise<RawExplanation>;
  stage(stage: Stage, text: string): Promise<Uint8Array>;
  verify(): Promise<ParityReport>;
  close(): void;
}

/** Where the worker's program comes from: its source (a Blob URL is made of it) or an address. */
export type WorkerSource = { readonly source: string } | { readonly url: URL } | null;

export async function connect(worker: WorkerSource): Promise<EngineClient> {
  if (typeof document === "undefined" && typeof Worker === "undefined") return local("node", "no page and no Worker here");
  if (worker === null) return local("tab-main", "the worker's program was not given");
  try {
    return await inWorker(worker);
  } catch (error) {
    return local("tab-main", `the page allows no Worker: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function local(ranOn: RanOn, reason: string): EngineClient {
  const host = new EngineHost();
  return {
    ranOn,
    reason,
    open: (engine, model) => host.open(engine, model),
    classify: async (texts) => host.classify(texts),
    explain: async (text) => host.explain(text),
    stage: async (stage, text) => host.stage(stage, text),
    verify: async () => host.verify(),
    close: () => host.close(),
  };
}

async function inWorker(from: Exclude<WorkerSource, null>): Promise<EngineClient> {
  const blobUrl = "source" in from ? URL.createObjectURL(new Blob([from.source], { type: "text/javascript" })) : null;
  try {
    const worker = new Worker(blobUrl ?? ("url" in from ? from.url : ""));
    try {
      await started(worker);
    } catch (error) {
      worker.terminate();
      throw error;
    }
    return clientOf(worker);
  } finally {
    if (blobUrl !== null) URL.revokeObjectURL(blobUrl);
  }
}

function started(worker: Worker): Promise<void> {
  const listening = new AbortController();
  return new Promise<void>((resolve, reject) => {
    const { signal } = listening;
    const timer = setTimeout(() => reject(new Error(`it did not start within ${WORKER_START_MS / 1000} s`)), WORKER_START_MS);
    signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
    worker.addEventListener("message", (event) => { if (event.data === "wcw-ready") resolve(); }, { signal });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      reject(new Error(event.message || "the content-security policy lacks worker-src blob:"));
    }, { signal });
  }).finally(() => listening.abort());
}

function clientOf(worker: Worker): EngineClient {
  const remote: Remote<EngineHost> = wrap<EngineHost>(worker);
  return {
    ranOn: "tab-worker",
    reason: "a Worker keeps the page free while it computes",
    open: (engine, model) => remote.open(transfer(engine, [engine]), transfer(model, [model])),
    classify: (texts) => remote.classify(texts as string[]),
    explain: (text) => remote.explain(text),
    stage: (stage, text) => remote.stage(stage, text),
    verify: () => remote.verify(),
    close: () => {
      remote[releaseProxy]();
      worker.terminate();
    },
  };
}
