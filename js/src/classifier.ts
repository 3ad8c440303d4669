/**
 * A Classifier is a model on an engine: the library's own face, and what the widget uses itself.
 *
 * Classifiers of the same engine and model share one worker and one copy of the weights per page.
 */
import { type Capabilities, probe } from "./capabilities.js";
import { connect, type EngineClient, type WorkerSource } from "./engine/client.js";
import type { ModelDocument } from "./engine/document.js";
import { type Lease, Pool } from "./engine/pool.js";
import { EngineError, InputError, ModelFileError } from "./errors.js";
import { checkTexts, kind, toResult, type Where } from "./results.js";
import { sha256 } from "./sha256.js";
import type { RawBatch } from "./engine/abi.js";
import type { ClassificationResult, Explanation, ModelInfo, ParityReport, Stage, Variant } from "./types.js";

interface Opened {
  readonly client: EngineClient;
  readonly document: ModelDocument;
  readonly size: number;
}

const pool = new Pool<Opened>(({ client }) => client.close());

/** For tests and the runtime panel: how many (engine, model) pairs are alive in this page. */
export function openEngines(): number {
  return pool.size;
}

export interface LoadOptions {
  readonly signal?: AbortSignal;
  /** Bytes loaded so far and, where the server says it, their total. */
  readonly onProgress?: (loaded: number, total: number | null) => void;
  /** Where the engine files lie; default: beside this module. */
  readonly engine?: URL | string | { readonly bytes: ArrayBuffer; readonly variant: Variant };
  /** Where worker.js lies; default: beside this module. null: run on the calling thread. */
  readonly worker?: URL | string | null;
}

/** Parts that a host delivers itself; each is only called where the page does not have the engine already. */
export interface Parts {
  readonly capabilities: Capabilities;
  readonly engineSha256: string;
  readonly modelSha256: string;
  engine(): Promise<ArrayBuffer>;
  model(): Promise<ArrayBuffer>;
  worker(): Promise<WorkerSource>;
  onCompiling?(): void;
}

export class Classifier {
  readonly #lease: Lease<Opened>;
  readonly #where: Where;
  readonly capabilities: Capabilities;
  #disposed = false;

  private constructor(lease: Lease<Opened>, where: Where, capabilities: Capabilities) {
    this.#lease = lease;
    this.#where = where;
    this.capabilities = capabilities;
  }

  /** Loads a model from an address or from its bytes (which are copied, and stay the caller's). */
  static async load(model: URL | string | ArrayBuffer | Uint8Array, options: LoadOptions = {}): Promise<Classifier> {
    const { signal, onProgress } = options;
    const capabilities = await probe();
    const file = await modelBytes(model, signal, onProgress);
    const { engine, variant } = await engineBytes(options.engine, capabilities.variant, signal);
    const worker = options.worker;
    return Classifier.fromParts({
      capabilities: variant === capabilities.variant ? capabilities : { ...capabilities, variant, variant_reason: "given by the caller" },
      engineSha256: await sha256(new Uint8Array(engine)),
      modelSha256: await sha256(new Uint8Array(file)),
      engine: async () => engine,
      model: async () => file,
      worker: async () => (worker === null ? null : { url: worker === undefined ? new URL("./worker.js", import.meta.url) : absolute(worker) }),
    }, signal);
  }

  static async fromParts(parts: Parts, signal?: AbortSignal): Promise<Classifier> {
    const lease = await pool.acquire(`${parts.engineSha256}:${parts.modelSha256}`, () => open(parts));
    if (signal?.aborted) {
      lease.release();
      throw signal.reason;
    }
    const { client } = lease.value;
    const { variant } = parts.capabilities;
    const capabilities = { ...parts.capabilities, rung: client.ranOn, rung_reason: client.reason };
    return new Classifier(lease, { ranOn: client.ranOn, variant, sha256: parts.modelSha256 }, capabilities);
  }

  /** One text gives one result, a list of texts a list of results. */
  classify(text: string): Promise<ClassificationResult>;
  classify(texts: readonly string[]): Promise<ClassificationResult[]>;
  async classify(texts: string | readonly string[]): Promise<ClassificationResult | ClassificationResult[]> {
    const { document } = this.#opened();
    if (typeof texts === "string") return toResult(await this.classifyRaw([texts]), 0, document, this.#where);
    const batch = await this.classifyRaw(texts);
    return Array.from({ length: batch.n }, (_, i) => toResult(batch, i, document, this.#where));
  }

  /** The engine's own numbers for a batch. */
  async classifyRaw(texts: readonly string[]): Promise<RawBatch> {
    return this.#opened().client.classify(checkTexts(texts));
  }

  result(batch: RawBatch, i: number): ClassificationResult {
    return toResult(batch, i, this.#opened().document, this.#where);
  }

  /** Probabilities, one row of `classes` numbers for each text. InputError where the model has only decision scores. */
  async predictProba(texts: readonly string[]): Promise<Float64Array[]> {
    const { probabilities, n } = await this.classifyRaw(texts);
    if (probabilities === null) {
      throw new InputError("This model has no probabilities, only decision scores.", "no-probabilities", "Call classify(texts) and read all_scores.");
    }
    const classes = this.#opened().document.classes.length;
    return Array.from({ length: n }, (_, i) => probabilities.slice(i * classes, (i + 1) * classes));
  }

  /** Spans of the text with their weight for each class; offsets in UTF-16 units. */
  async explain(text: string): Promise<Explanation> {
    if (typeof text !== "string") throw new InputError(`Expected a text, got ${kind(text)}.`, "input");
    const { client, document } = this.#opened();
    return { text, classes: document.classes, ...(await client.explain(text)) };
  }

  /** What a stage gives for a text, in the ABI's layout; for comparing with the twin. */
  async stage(stage: Stage, text: string): Promise<Uint8Array> {
    return this.#opened().client.stage(stage, text);
  }

  /** Replays the certificate on this engine, here. */
  async verify(): Promise<ParityReport> {
    return this.#opened().client.verify();
  }

  modelInfo(): ModelInfo {
    const { document: d, size } = this.#opened();
    return {
      name: d.name, version: d.version, classes: d.classes, n_features: d.n_features, outputs: d.shape.scores, targets: d.targets, groups: d.groups, weights: d.weights,
      bound: d.bound, uncertain_below: d.uncertain_below, source: `${d.source.library} ${d.source.version}`, unicode: d.unicode,
      pipeline: d.pipeline, certificate_texts: d.certificate?.texts ?? 0, size, sha256: this.#where.sha256,
    };
  }

  /** Lets go of the engine; the last classifier of a page that does releases its worker and memory. */
  dispose(): void {
    this.#disposed = true;
    this.#lease.release();
  }

  #opened(): Opened {
    if (this.#disposed) throw new EngineError("This classifier was disposed.", "disposed", "Load it again.");
    return this.#lease.value;
  }
}

async function open(parts: Parts): Promise<Opened> {
  const [engine, model, worker] = await Promise.all([parts.engine(), parts.model(), parts.worker()]);
  parts.onCompiling?.();
  const client = await connect(worker);
  try {
    const size = model.byteLength; // read before the buffer is given away
    const { document } = await client.open(engine, model);
    return { client, document, size };
  } catch (error) {
    client.close();
    throw error;
  }
}

async function modelBytes(
  model: URL | string | ArrayBuffer | Uint8Array, signal: AbortSignal | undefined, onProgress: LoadOptions["onProgress"],
): Promise<ArrayBuffer> {
  if (model instanceof ArrayBuffer) return model.slice(0);
  if (model instanceof Uint8Array) return model.slice().buffer as ArrayBuffer;
  if (typeof model !== "string" && !(model instanceof URL)) {
    throw new InputError(`A model is an address or bytes (ArrayBuffer, Uint8Array), not ${kind(model)}.`, "input");
  }
  return download(absolute(model), "model", signal, onProgress);
}

async function engineBytes(
  engine: LoadOptions["engine"], variant: Variant, signal: AbortSignal | undefined,
): Promise<{ engine: ArrayBuffer; variant: Variant }> {
  if (typeof engine === "object" && !(engine instanceof URL)) return { engine: engine.bytes.slice(0), variant: engine.variant };
  const url = engine === undefined ? new URL(`./engine.${variant}.wasm`, import.meta.url) : absolute(engine);
  return { engine: await download(url, "engine", signal), variant };
}

function absolute(address: URL | string): URL {
  return new URL(address, globalThis.location?.href ?? import.meta.url);
}

async function download(
  url: URL, what: "model" | "engine", signal?: AbortSignal, onProgress?: LoadOptions["onProgress"],
): Promise<ArrayBuffer> {
  if (url.protocol === "file:" && typeof document === "undefined") {
    const { readFile } = await import("node:fs/promises");
    return new Uint8Array(await readFile(url)).buffer as ArrayBuffer;
  }
  const fail = (why: string): Error => {
    const text = `The ${what} at ${url.href} cannot be fetched: ${why}.`;
    return what === "model" ? new ModelFileError(text, "fetch", "Check the address.") : new EngineError(text, "fetch", "Check where the engine files lie.");
  };
  let response: Response;
  try {
    response = await fetch(url, signal === undefined ? {} : { signal });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw fail(`${error instanceof Error ? error.message : String(error)} (offline, or the server does not allow this page to read it)`);
  }
  if (!response.ok || response.body === null) throw fail(`the server answered ${response.status}`);
  const length = Number(response.headers.get("content-length")) || null;
  const total = response.headers.get("content-encoding") === null ? length : null;
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    loaded += value.length;
    onProgress?.(loaded, total);
  }
  if (total !== null && loaded < total) throw fail(`the body ended after ${loaded} of ${total} bytes`);
  const bytes = new Uint8Array(loaded);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes.buffer;
}
