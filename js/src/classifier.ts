/**
 * A Classifier is a model on an engine: the library's own face, and what the widget uses itself.
 *
 * Classifiers of the same engine and model share one worker and one copy of the weights per page.
 */
import { pageCache } from "./cache/cache.js";
import { type Capabilities, probe } from "./capabilities.js";
import type { RawBatch } from "./engine/abi.js";
import type { EngineClient } from "./engine/client.js";
import { climb, NOT_HERE, refuse } from "./engine/ladder.js";
import { memoryNeed } from "./engine/memory.js";
import type { PackedTexts } from "./engine/pack.js";
import { type Lease, Pool } from "./engine/pool.js";
import { Steady } from "./engine/steady.js";
import type { WorkerSource } from "./engine/worker-client.js";
import { EngineError, InputError, ModelFileError, toWire } from "./errors.js";
import { absolute, engineFile, keepWorker, workerSource } from "./package-files.js";
import { checkTexts, kind, toResult } from "./results.js";
import { type BatchOptions, classifyMany } from "./slices.js";
import { type CacheUse, fromAddress, fromBytes, type Source, whole } from "./source.js";
import type { ClassificationResult, Explanation, ModelInfo, ParityReport, RanOn, Stage, Variant } from "./types.js";

const pool = new Pool<Steady>((steady) => steady.close());

/** For tests and the runtime panel: how many (engine, model) pairs are alive in this page. @internal */
export function openEngines(): number {
  return pool.size;
}

export interface LoadOptions {
  readonly signal?: AbortSignal;
  /** Bytes loaded so far and, where the server says it, their total. */
  readonly onProgress?: (loaded: number, total: number | null) => void;
  /** "use" (default): the model stays in this browser's IndexedDB, an address is asked whether there is a newer version, and the cached copy answers where it cannot. "refresh": fetched now. "off": neither read nor written. */
  readonly cache?: CacheUse;
  /** The hash of the model that is wanted, lower-case hex. It is then never asked for again, and nothing else is taken. */
  readonly sha256?: string;
  /** Where to classify if the tab cannot; "kernel" exists in notebooks only. */
  readonly fallback?: "none";
  /** Where the engine files lie; default: beside this module. */
  readonly engine?: URL | string | { readonly bytes: ArrayBuffer; readonly variant: Variant };
  /** Where worker.js lies, or its source; default: beside this module. null: run on the calling thread. */
  readonly worker?: URL | string | { readonly source: BlobPart } | null;
}

/** Parts that a host delivers itself; each is only called where the page does not have the engine already. @internal */
export interface Parts {
  readonly capabilities: Capabilities;
  readonly engineKey: string;
  readonly variant: Variant;
  readonly modelSha256: string;
  /** Bytes of the model file, where they are known before it is here. */
  readonly modelSize: number | null;
  engine(): Promise<ArrayBuffer>;
  model(): Promise<ArrayBuffer>;
  worker(): Promise<WorkerSource>;
  /** The kernel's rung, where the host has one and the caller allows it; `key` tells one kernel from another. */
  readonly kernel?: { readonly key: string; open(why: string): Promise<EngineClient> };
  onCompiling?(): void;
}

export class Classifier {
  readonly #lease: Lease<Steady>;
  readonly #parts: Parts;
  readonly #start: () => Promise<EngineClient>;
  #storage: Capabilities["storage"] = null;
  #disposed = false;

  private constructor(lease: Lease<Steady>, parts: Parts, start: () => Promise<EngineClient>) {
    this.#lease = lease;
    this.#parts = parts;
    this.#start = start;
    this.#storage = parts.capabilities.storage;
  }

  /** Loads a model from an address or from its bytes (which are copied, and stay the caller's). */
  static async load(model: URL | string | ArrayBuffer | Uint8Array, options: LoadOptions = {}): Promise<Classifier> {
    const { signal, worker } = options;
    const fallback: string = options.fallback ?? "none";
    if (fallback !== "none") throw new InputError(`There is no fallback ${JSON.stringify(fallback)} here, only "none": a page has no kernel.`, "input");
    const capabilities = await probe();
    refuse(capabilities, null);
    const cache = options.cache === "off" ? null : pageCache();
    const engine = await engineFile(options.engine, capabilities.variant, cache);
    // Both at once, where the page has no engine yet; its error is thrown where it is asked for.
    const early = pool.size === 0 ? engine.bytes(signal) : null;
    early?.catch(() => undefined);
    const source = await sourceOf(model, options, capabilities);
    let first = early;
    try {
      const classifier = await Classifier.fromParts({
        capabilities: engine.variant === capabilities.variant ? capabilities : { ...capabilities, variant: engine.variant, variant_reason: "given by the caller" },
        engineKey: engine.key, variant: engine.variant, modelSha256: source.sha256, modelSize: source.size,
        engine: () => {
          const bytes = first ?? engine.bytes(signal);
          first = null;
          return bytes;
        },
        model: () => source.take(),
        worker: () => workerSource(worker, cache),
      }, signal);
      void classifier.#lookAtStorage();
      if (cache !== null && worker === undefined) void keepWorker(cache);
      return classifier;
    } catch (error) {
      if (error instanceof ModelFileError) await source.spoiled();
      throw error;
    }
  }

  /** @internal */
  static async fromParts(parts: Parts, signal?: AbortSignal): Promise<Classifier> {
    const start = (): Promise<EngineClient> => climb({
      capabilities: parts.capabilities, modelSize: parts.modelSize,
      engine: async () => ({ bytes: await parts.engine(), variant: parts.variant }),
      model: () => parts.model(), worker: () => parts.worker(),
      ...(parts.onCompiling === undefined ? {} : { onCompiling: () => parts.onCompiling?.() }),
    });
    const key = `${parts.engineKey}:${parts.modelSha256}`;
    const opened = async (): Promise<[Lease<Steady>, () => Promise<EngineClient>]> => {
      const { kernel } = parts;
      try {
        return [await pool.acquire(key, async () => new Steady(await start())), start];
      } catch (error) {
        const { code, message } = toWire(error);
        if (kernel === undefined || !NOT_HERE.has(code)) throw error;
        const inKernel = (): Promise<EngineClient> => kernel.open(message);
        return [await pool.acquire(`${key}:${kernel.key}`, async () => new Steady(await inKernel())), inKernel];
      }
    };
    const [lease, again] = await opened();
    if (signal?.aborted) {
      lease.release();
      throw signal.reason;
    }
    return new Classifier(lease, parts, again);
  }

  /** What this browser can do, where the classifier runs, and why; `storage` is there a moment after loading. */
  get capabilities(): Capabilities {
    const { client } = this.#opened();
    const tried = client.ranOn === "tab-worker" ? true : client.ranOn === "tab-main" ? false : null;
    return {
      ...this.#parts.capabilities, storage: this.#storage, variant: client.variant, rung: client.ranOn, rung_reason: client.reason,
      worker_allowed: tried, memory: memoryNeed(client.size, this.#parts.capabilities.device_memory),
    };
  }

  /** One text gives one result, a list of texts a list of results. */
  classify(text: string, options?: BatchOptions): Promise<ClassificationResult>;
  classify(texts: readonly string[], options?: BatchOptions): Promise<ClassificationResult[]>;
  async classify(texts: string | readonly string[], options?: BatchOptions): Promise<ClassificationResult | ClassificationResult[]> {
    if (typeof texts === "string") return this.result(await this.classifyRaw([texts], options), 0);
    const batch = await this.classifyRaw(texts, options);
    return Array.from({ length: batch.n }, (_, i) => this.result(batch, i));
  }

  /** The engine's own numbers for a batch. The page stays free; a long list goes in slices. */
  async classifyRaw(texts: readonly string[], options?: BatchOptions): Promise<RawBatch> {
    return classifyMany(this.#opened().client, (call) => this.#run(call), checkTexts(texts), options);
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

  /** Probabilities, one row of numbers for each text. InputError where the model has only decision scores. */
  async predictProba(texts: readonly string[], options?: BatchOptions): Promise<Float64Array[]> {
    const columns = this.#opened().client.document.shape.probabilities;
    if (columns === 0) {
      throw new InputError("This model has no probabilities, only decision scores.", "no-probabilities", "Call classify(texts) and read all_scores.");
    }
    const { probabilities, n } = await this.classifyRaw(texts, options);
    return Array.from({ length: n }, (_, i) => (probabilities as Float64Array).subarray(i * columns, (i + 1) * columns));
  }

  /** Spans of the text with their weight for each class; offsets in UTF-16 units. */
  async explain(text: string): Promise<Explanation> {
    if (typeof text !== "string") throw new InputError(`Expected a text, got ${kind(text)}.`, "input");
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

  async #lookAtStorage(): Promise<void> {
    this.#storage = await pageCache().facts();
  }

  #run<T>(call: (client: EngineClient) => Promise<T>): Promise<T> {
    return this.#opened().run(call, this.#start);
  }

  #opened(): Steady {
    if (this.#disposed) throw new EngineError("This classifier was disposed.", "disposed", "Load it again.");
    return this.#lease.value;
  }
}

async function sourceOf(model: URL | string | ArrayBuffer | Uint8Array, options: LoadOptions, capabilities: Capabilities): Promise<Source> {
  const { signal, onProgress, sha256: pinned } = options;
  if (model instanceof ArrayBuffer || model instanceof Uint8Array) {
    const source = await fromBytes(model instanceof ArrayBuffer ? new Uint8Array(model) : new Uint8Array(whole(model as Uint8Array<ArrayBuffer>)));
    if (pinned !== undefined && pinned !== source.sha256) throw new ModelFileError(`These bytes have the SHA-256 ${source.sha256}, ${pinned} was asked for.`, "model-altered");
    return source;
  }
  if (typeof model !== "string" && !(model instanceof URL)) {
    throw new InputError(`A model is an address or bytes (ArrayBuffer, Uint8Array), not ${kind(model)}.`, "input");
  }
  return fromAddress(absolute(model), {
    cache: pageCache(), use: options.cache ?? "use", pinned, signal, onProgress, admit: (size) => refuse(capabilities, size),
  });
}
