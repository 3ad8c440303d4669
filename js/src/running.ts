/**
 * A model on an engine: what every Classifier is, however its parts come here.
 *
 * Classifiers of the same engine and model share one worker and one copy of the weights per page.
 */
import type { Capabilities } from "./capabilities.js";
import type { EngineClient } from "./engine/client.js";
import { climb, NOT_HERE } from "./engine/ladder.js";
import type { LowerRungs } from "./engine/lower.js";
import { type ModelSize, memoryNeed } from "./engine/memory.js";
import type { PackedTexts } from "./engine/pack.js";
import { type Lease, Pool } from "./engine/pool.js";
import type { RawBatch } from "./engine/raw.js";
import { Steady } from "./engine/steady.js";
import type { WorkerSource } from "./engine/worker-client.js";
import { EngineError, toWire } from "./errors.js";
import { classifyOne, type Run } from "./one.js";
import { toResult } from "./results.js";
import type { ClassificationResult, Explanation, ModelInfo, ParityReport, RanOn, Stage, Variant } from "./types.js";

const pool = new Pool<Steady>((steady) => steady.close());

/** For tests and the runtime panel: how many (engine, model) pairs are alive in this page. @internal */
export function openEngines(): number {
  return pool.size;
}

/** Parts that a host delivers itself; each is only called where the page does not have the engine already. @internal */
export interface Parts {
  readonly capabilities: Capabilities;
  readonly engineKey: string;
  readonly variant: Variant;
  readonly modelSha256: string;
  /** Where it is known before the model is here. */
  readonly modelSize: ModelSize | null;
  engine(): Promise<ArrayBuffer>;
  model(): Promise<ArrayBuffer>;
  /** Whether its bytes are known to be those of a file whose content hash was right; else the engine computes it. */
  readonly modelVerified: boolean;
  worker(): Promise<WorkerSource>;
  /** The rungs that few pages need, fetched where one of them is taken. */
  lower(): Promise<LowerRungs>;
  /** The kernel's rung, where the host has one and the caller allows it; `key` tells one kernel from another. */
  readonly kernel?: { readonly key: string; open(lower: LowerRungs, why: string): Promise<EngineClient> };
  onCompiling?(): void;
}

/** An engine taken from the page's pool, and the way to a new one. @internal */
export interface Opened {
  readonly lease: Lease<Steady>;
  readonly parts: Parts;
  start(): Promise<EngineClient>;
}

/** @internal */
export async function openParts(parts: Parts, signal?: AbortSignal): Promise<Opened> {
  const start = (): Promise<EngineClient> => climb({
    capabilities: parts.capabilities, modelSize: parts.modelSize,
    engine: async () => ({ bytes: await parts.engine(), variant: parts.variant }),
    model: () => parts.model(), modelVerified: parts.modelVerified, worker: () => parts.worker(), lower: () => parts.lower(),
    ...(parts.onCompiling === undefined ? {} : { onCompiling: () => parts.onCompiling?.() }),
  });
  const key = `${parts.engineKey}:${parts.modelSha256}`;
  const acquire = async (): Promise<Opened> => {
    const { kernel } = parts;
    try {
      return { parts, start, lease: await pool.acquire(key, async () => new Steady(await start())) };
    } catch (error) {
      const { code, message } = toWire(error);
      if (kernel === undefined || !NOT_HERE.has(code)) throw error;
      const inKernel = async (): Promise<EngineClient> => kernel.open(await parts.lower(), message);
      return { parts, start: inKernel, lease: await pool.acquire(`${key}:${kernel.key}`, async () => new Steady(await inKernel())) };
    }
  };
  const opened = await acquire();
  if (signal?.aborted) {
    opened.lease.release();
    throw signal.reason;
  }
  return opened;
}

export class RunningClassifier {
  readonly #lease: Lease<Steady>;
  readonly #parts: Parts;
  readonly #start: () => Promise<EngineClient>;
  /** What the browser says of its storage, once it was asked. @internal */
  protected storage: Capabilities["storage"];
  #disposed = false;

  /** @internal */
  constructor({ lease, parts, start }: Opened) {
    this.#lease = lease;
    this.#parts = parts;
    this.#start = start;
    this.storage = parts.capabilities.storage;
  }

  /** What this browser can do, where the classifier runs, and why; `storage` is there a moment after loading. */
  get capabilities(): Capabilities {
    const { client } = this.#opened();
    const tried = client.ranOn === "tab-worker" ? true : client.ranOn === "tab-main" ? false : null;
    return {
      ...this.#parts.capabilities, storage: this.storage, variant: client.variant, rung: client.ranOn, rung_reason: client.reason,
      worker_allowed: tried, memory: memoryNeed(this.#parts.modelSize ?? { bytes: client.size, widened: client.size }, this.#parts.capabilities.device_memory),
    };
  }

  /** The engine's own numbers for one text. */
  async classifyText(text: string): Promise<RawBatch> {
    return this.use((client, run) => classifyOne(client, run, text));
  }

  /** One call of the engine for texts that come packed, and where it ran. @internal */
  async classifyPacked(texts: PackedTexts): Promise<{ readonly batch: RawBatch; readonly ranOn: RanOn; readonly variant: Variant }> {
    const steady = this.#opened();
    const batch = await this.#run((client) => client.classify(texts));
    return { batch, ranOn: steady.client.ranOn, variant: steady.client.variant };
  }

  result(batch: RawBatch, i: number): ClassificationResult {
    const { client } = this.#opened();
    return toResult(batch, i, client.document, { ranOn: client.ranOn, variant: client.variant, sha256: this.#parts.modelSha256 });
  }

  /** Spans of the text with their weight for each class; offsets in UTF-16 units. */
  async explain(text: string): Promise<Explanation> {
    return { text, classes: this.#opened().client.document.classes, ...(await this.#run((client) => client.explain(text))) };
  }

  /** What a stage gives for a text, in the ABI's layout; for comparing with the twin. */
  async stage(stage: Stage, text: string): Promise<Uint8Array<ArrayBuffer>> {
    return this.#run((client) => client.stage(stage, text));
  }

  /** Replays the certificate on this engine, here. */
  async verify(): Promise<ParityReport> {
    return this.#run((client) => client.verify());
  }

  modelInfo(): ModelInfo {
    const { document: d, size } = this.#opened().client;
    return {
      name: d.name, version: d.version, classes: d.classes, n_features: d.n_features, outputs: d.shape.scores, targets: d.targets, groups: d.groups,
      weights: d.weights, bound: d.bound, uncertain_below: d.uncertain_below, source: `${d.source.library} ${d.source.version}`, unicode: d.unicode,
      pipeline: d.pipeline, certificate_texts: d.certificate?.texts ?? 0, size, sha256: this.#parts.modelSha256,
    };
  }

  /** Lets go of the engine; the last classifier of a page that does releases its worker and memory. */
  dispose(): void {
    this.#disposed = true;
    this.#lease.release();
  }

  /** For what asks the engine more than once. @internal */
  async use<T>(what: (client: EngineClient, run: Run) => Promise<T>): Promise<T> {
    return what(this.#opened().client, (call) => this.#run(call));
  }

  #run<T>(call: (client: EngineClient) => Promise<T>): Promise<T> {
    return this.#opened().run(call, this.#start);
  }

  #opened(): Steady {
    if (this.#disposed) throw new EngineError("This classifier was disposed.", "disposed", "Load it again.");
    return this.#lease.value;
  }
}
