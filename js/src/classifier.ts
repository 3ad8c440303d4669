/** The library's own face: a model from an address or from bytes, on an engine, here. */
import { pageCache } from "./cache/cache.js";
import { type Capabilities, probe } from "./capabilities.js";
import { refuse } from "./engine/ladder.js";
import { begin, end, type WorkerSource } from "./engine/worker-client.js";
import { InputError, ModelFileError } from "./errors.js";
import { absolute, engineFile, keepWorker, workerSource } from "./package-files.js";
import type { RawBatch } from "./engine/raw.js";
import { checkTexts, kind } from "./check.js";
import { openEngines, openParts, RunningClassifier } from "./running.js";
import { type CacheUse, fromAddress, fromBytes, type Source, whole } from "./source.js";
import { type BatchOptions, classifyMany } from "./slices.js";
import type { ClassificationResult, Explanation, Variant } from "./types.js";

export interface LoadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Bytes loaded so far and, where the server says it, their total. */
  readonly onProgress?: ((loaded: number, total: number | null) => void) | undefined;
  /** "use" (default): the model stays in this browser's IndexedDB, an address is asked whether there is a newer version, and the cached copy answers where it cannot. "refresh": fetched now. "off": neither read nor written. */
  readonly cache?: CacheUse | undefined;
  /** The hash of the model that is wanted, in hex. It is then never asked for again, and nothing else is taken. */
  readonly sha256?: string | undefined;
  /** Where to classify if the tab cannot; "kernel" exists in notebooks only. */
  readonly fallback?: "none" | undefined;
  /** The folder that holds the engine files and worker.js; default: this module's own, which a bundler moves. */
  readonly base?: URL | string | undefined;
  /** One engine in particular: its address, or its bytes. Default: of those in `base` the one that browser and model need. */
  readonly engine?: URL | string | { readonly bytes: ArrayBuffer; readonly variant: Variant } | undefined;
  /** The address of worker.js, or its source; default: the one in `base`. null: run on the calling thread. */
  readonly worker?: URL | string | { readonly source: BlobPart } | null | undefined;
}

/** How many are under way in this page. */
let loads = 0;

export class Classifier extends RunningClassifier {
  /** Loads a model from an address or from its bytes (which are copied, and stay the caller's). */
  static async load(model: URL | string | ArrayBuffer | Uint8Array, options: LoadOptions = {}): Promise<Classifier> {
    const { signal, worker, base } = options;
    const fallback: string = options.fallback ?? "none";
    if (fallback !== "none") throw new InputError(`There is no fallback ${JSON.stringify(fallback)} here, only "none": a page has no kernel.`, "input");
    const capabilities = await probe();
    refuse(capabilities, null);
    const cache = options.cache === "off" ? null : pageCache();
    const idle = openEngines() === 0;
    // All at once, where the page has no engine yet: the one that most models need, until the model says that it needs the
    // other, and a Worker, but one for loads that may share it. An error is thrown where it is asked for.
    const usual = await engineFile(options.engine, base, capabilities.variant, "linear", cache);
    const early = idle ? usual.bytes(signal) : null;
    early?.catch(() => undefined);
    const program = (): Promise<WorkerSource> => workerSource(worker, base, cache);
    let starting = idle && loads === 0 ? program().then(begin) : null;
    starting?.catch(() => undefined);
    let source: Source | null = null;
    loads += 1;
    try {
      source = await sourceOf(model, options, capabilities);
      const taken = source;
      const engine = taken.edition === "linear" ? usual : await engineFile(options.engine, base, capabilities.variant, "complete", cache);
      let first = engine.key === usual.key ? early : null;
      const classifier = new Classifier(await openParts({
        capabilities: engine.variant === capabilities.variant ? capabilities : { ...capabilities, variant: engine.variant, variant_reason: "given by the caller" },
        engineKey: engine.key, variant: engine.variant, modelSha256: taken.sha256, modelSize: { bytes: taken.size, widened: taken.widened },
        engine: () => {
          const bytes = first ?? engine.bytes(signal);
          first = null;
          return bytes;
        },
        model: () => taken.take(), modelVerified: taken.isVerified,
        worker: () => {
          const now = starting ?? program();
          starting = null;
          return now;
        },
        lower: () => import("./engine/lower.js"),
      }, signal));
      await taken.loaded();
      void pageCache().facts().then((facts) => { classifier.storage = facts; });
      if (cache !== null && worker === undefined) void keepWorker(base, cache);
      return classifier;
    } catch (error) {
      if (error instanceof ModelFileError) await source?.spoiled();
      throw error;
    } finally {
      loads -= 1;
      starting?.then(end, () => undefined);
    }
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
    return this.use((client, run) => classifyMany(client, run, checkTexts(texts), options));
  }

  /** Probabilities, one row of numbers for each text. InputError where the model has only decision scores. */
  async predictProba(texts: readonly string[], options?: BatchOptions): Promise<Float64Array[]> {
    const columns = await this.use(async (client) => client.document.shape.probabilities);
    if (columns === 0) {
      throw new InputError("This model has no probabilities, only decision scores.", "no-probabilities", "Call classify(texts) and read all_scores.");
    }
    const { probabilities, n } = await this.classifyRaw(texts, options);
    return Array.from({ length: n }, (_, i) => (probabilities as Float64Array).subarray(i * columns, (i + 1) * columns));
  }

  /** Spans of the text with their weight for each class; offsets in UTF-16 units. */
  override async explain(text: string): Promise<Explanation> {
    if (typeof text !== "string") throw new InputError(`Expected a text, got ${kind(text)}.`, "input");
    return super.explain(text);
  }
}

async function sourceOf(model: URL | string | ArrayBuffer | Uint8Array, options: LoadOptions, capabilities: Capabilities): Promise<Source> {
  const { signal, onProgress } = options;
  const pinned = options.sha256?.toLowerCase();
  if (model instanceof ArrayBuffer || model instanceof Uint8Array) {
    const source = await fromBytes(model instanceof ArrayBuffer ? new Uint8Array(model) : new Uint8Array(whole(model as Uint8Array<ArrayBuffer>)), pinned !== undefined);
    if (pinned !== undefined && pinned !== source.sha256) throw new ModelFileError(`These bytes have the SHA-256 ${source.sha256}, ${pinned} was asked for.`, "model-altered");
    return source;
  }
  if (typeof model !== "string" && !(model instanceof URL)) {
    throw new InputError(`A model is an address or bytes (ArrayBuffer, Uint8Array), not ${kind(model)}.`, "input");
  }
  return fromAddress(absolute(model), {
    cache: pageCache(), use: options.cache ?? "use", pinned, signal, onProgress, admit: (size) => refuse(capabilities, { bytes: size, widened: size }),
  });
}
