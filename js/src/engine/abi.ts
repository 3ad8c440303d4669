/**
 * A typed wrapper of the engine's ABI (docs/engine-abi.md).
 *
 * One instance holds one memory; a model lives in it until `unload`. Nothing here knows of workers or pages: the same
 * class runs in a Worker, on the main thread and in Node. Every view of the memory is made anew after a call, because
 * any call may grow it.
 */
import { EngineError, InputError, ModelFileError, type WasmClfError } from "../errors.js";
import { emptyBatch, place, type RawBatch, type Shape } from "./raw.js";
import { type PackedTexts, pack, sliceEnd } from "./pack.js";

export const ABI_VERSION = 1;

/** Texts of one call together hold at most this many UTF-16 units (a longer text goes alone). */
const UNITS_PER_CALL = 1 << 20;

interface Exports {
  readonly memory: WebAssembly.Memory;
  wcw_abi(): number;
  wcw_alloc(size: number): number;
  wcw_free(ptr: number, size: number): void;
  wcw_load(ptr: number, size: number): number;
  wcw_load_verified(ptr: number, size: number): number;
  wcw_unload(handle: number): void;
  wcw_classify(handle: number, request: number): number;
  wcw_explain(handle: number, text: number, size: number): number;
  wcw_stage(handle: number, stage: number, text: number, size: number, vectorizer: number): number;
  wcw_output(): number;
  wcw_output_size(): number;
}

export type { RawBatch, Shape };

const FUNCTIONS = [
  "wcw_abi", "wcw_alloc", "wcw_free", "wcw_load", "wcw_load_verified", "wcw_unload", "wcw_classify", "wcw_explain", "wcw_stage",
  "wcw_output", "wcw_output_size",
] as const;

export interface RawSpan {
  readonly start: number;
  readonly end: number;
  readonly ngram: string;
  readonly weights: number[];
}

export interface RawExplanation {
  readonly spans: RawSpan[];
  readonly remainder: number[];
  readonly scores: number[];
}

export class EngineInstance {
  readonly #exports: Exports;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  private constructor(exports: Exports) {
    this.#exports = exports;
  }

  /** Compiles an engine. Errors: EngineError "no-wasm", "wasm-forbidden", "engine-damaged", "engine-abi". */
  static async create(bytes: BufferSource): Promise<EngineInstance> {
    if (typeof WebAssembly === "undefined") {
      throw new EngineError("This browser has no WebAssembly.", "no-wasm", "Use a current browser.");
    }
    let instance: WebAssembly.Instance;
    try {
      ({ instance } = await WebAssembly.instantiate(bytes, {}));
    } catch (error) {
      const text = String(error);
      if (/unsafe-eval|Content Security|Refused/i.test(text)) {
        throw new EngineError(
          "This page's policy forbids WebAssembly: the directive script-src lacks 'wasm-unsafe-eval'.",
          "wasm-forbidden",
          "Ask the site's owner to add it.",
        );
      }
      throw new EngineError(`The engine does not start: ${text}`, "engine-damaged", "Build the package again.");
    }
    return EngineInstance.from(instance);
  }

  static from(instance: WebAssembly.Instance): EngineInstance {
    const exports = instance.exports as unknown as Exports;
    const missing = FUNCTIONS.filter((name) => typeof exports[name] !== "function");
    if (missing.length > 0 || !(exports.memory instanceof WebAssembly.Memory)) {
      throw new EngineError(`This is not the engine: it does not export ${missing.join(", ") || "memory"}.`, "engine-abi");
    }
    const abi = exports.wcw_abi();
    if (abi !== ABI_VERSION) {
      throw new EngineError(
        `The engine has ABI ${abi}, this page speaks ABI ${ABI_VERSION}.`, "engine-abi", "Restart the kernel and reload the page.",
      );
    }
    return new EngineInstance(exports);
  }

  /** Bytes that the instance's memory takes now. */
  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  /** Loads a whole model file and returns its handle; `isVerified`: its content hash need not be computed once more. */
  load(file: Uint8Array, isVerified = false): number {
    const ptr = this.#alloc(file.length);
    new Uint8Array(this.#exports.memory.buffer, ptr, file.length).set(file);
    return this.#check(this.#call(() => this.#exports[isVerified ? "wcw_load_verified" : "wcw_load"](ptr, file.length)));
  }

  unload(handle: number): void {
    this.#call(() => this.#exports.wcw_unload(handle));
  }

  classify(handle: number, texts: readonly string[], shape: Shape): RawBatch {
    const started = performance.now();
    const batch = emptyBatch(texts.length, shape);
    for (let begin = 0; begin < texts.length; ) {
      const end = sliceEnd(texts, begin, texts.length, UNITS_PER_CALL);
      place(this.classifyPacked(handle, pack(texts, begin, end), shape), batch, begin, shape);
      begin = end;
    }
    return { ...batch, ms: performance.now() - started };
  }

  /** One call of the engine. */
  classifyPacked(handle: number, texts: PackedTexts, shape: Shape): RawBatch {
    const started = performance.now();
    const { n, bytes, replaced } = texts;
    // One block for everything, the parts with 8-byte elements first, so that all of them are aligned.
    let size = 0;
    const reserve = (length: number): number => {
      const at = size;
      size += Math.ceil(length / 8) * 8;
      return at;
    };
    const scores = reserve(n * shape.scores * 8);
    const probabilities = reserve(n * shape.probabilities * 8);
    const labels = reserve(n * shape.labels * 4);
    const known = reserve(n * 4);
    const offsets = reserve((n + 1) * 4);
    const request = reserve(40);
    const text = reserve(bytes.length);
    const block = this.#alloc(size);
    try {
      let memory = this.#exports.memory.buffer;
      new Uint8Array(memory, block + text, bytes.length).set(bytes);
      new Uint32Array(memory, block + offsets, n + 1).set(texts.offsets);
      new Uint32Array(memory, block + request, 10).set([
        block + text, bytes.length, block + offsets, n, block + scores, shape.probabilities > 0 ? block + probabilities : 0,
        block + labels, block + known, 0, 0,
      ]);
      this.#check(this.#call(() => this.#exports.wcw_classify(handle, block + request)));
      memory = this.#exports.memory.buffer;
      return {
        n,
        scores: new Float64Array(memory, block + scores, n * shape.scores).slice(),
        probabilities: shape.probabilities > 0 ? new Float64Array(memory, block + probabilities, n * shape.probabilities).slice() : null,
        labels: new Uint32Array(memory, block + labels, n * shape.labels).slice(),
        known: new Uint32Array(memory, block + known, n).slice(),
        replaced: replaced ?? new Uint32Array(n),
        ms: performance.now() - started,
      };
    } finally {
      this.#exports.wcw_free(block, size);
    }
  }

  /** Spans with offsets in UTF-16 units of the text. */
  explain(handle: number, text: string): RawExplanation {
    const out = this.#withText(text, (ptr, size) => this.#exports.wcw_explain(handle, ptr, size));
    const view = new DataView(out.buffer);
    const count = view.getUint32(0, true);
    const classes = view.getUint32(4, true);
    const weights = Math.ceil((8 + count * 24) / 8) * 8;
    const remainder = weights + count * classes * 8;
    const bytes = remainder + classes * 16;
    const doubles = (at: number): number[] => Array.from({ length: classes }, (_, k) => view.getFloat64(at + k * 8, true));
    const spans: RawSpan[] = [];
    for (let i = 0; i < count; i++) {
      const at = 8 + i * 24;
      const from = bytes + view.getUint32(at + 16, true);
      spans.push({
        start: view.getUint32(at + 8, true),
        end: view.getUint32(at + 12, true),
        ngram: this.#decoder.decode(out.subarray(from, from + view.getUint32(at + 20, true))),
        weights: doubles(weights + i * classes * 8),
      });
    }
    return { spans, remainder: doubles(remainder), scores: doubles(remainder + classes * 8) };
  }

  /** The bytes that a stage gives for one text, as the ABI describes them; of the first vectorizer where there are several. */
  stage(handle: number, stage: number, text: string, vectorizer = 0): Uint8Array<ArrayBuffer> {
    return this.#withText(text, (ptr, size) => this.#exports.wcw_stage(handle, stage, ptr, size, vectorizer));
  }

  #withText(text: string, run: (ptr: number, size: number) => number): Uint8Array<ArrayBuffer> {
    const encoded = this.#encoder.encode(text);
    const size = Math.max(encoded.length, 1); // an empty block has no address
    const ptr = this.#alloc(size);
    try {
      new Uint8Array(this.#exports.memory.buffer, ptr, encoded.length).set(encoded);
      this.#check(this.#call(() => run(ptr, encoded.length)));
      return this.#output();
    } finally {
      this.#exports.wcw_free(ptr, size);
    }
  }

  #alloc(size: number): number {
    const ptr = this.#call(() => this.#exports.wcw_alloc(size)) >>> 0;
    if (ptr === 0) {
      throw new EngineError(
        `The tab has no memory for ${size} more bytes.`, "out-of-memory", "Close other tabs, or use a smaller model or text.",
      );
    }
    return ptr;
  }

  #output(): Uint8Array<ArrayBuffer> {
    const ptr = this.#exports.wcw_output() >>> 0;
    const size = this.#exports.wcw_output_size() >>> 0;
    return new Uint8Array(this.#exports.memory.buffer, ptr, size).slice() as Uint8Array<ArrayBuffer>;
  }

  #call<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      throw new EngineError(`The engine stopped: ${String(error)}`, "engine-stopped", "Reload the page; please report this.");
    }
  }

  #check(code: number): number {
    if (code >= 0) return code;
    throw errorOf(code, this.#decoder.decode(this.#output()));
  }
}

function errorOf(code: number, detail: string): WasmClfError {
  const message = detail || `the engine answered ${code}`;
  switch (code) {
    case -2: return new ModelFileError(message, "model-damaged", "Export the model again.");
    case -3: return new ModelFileError(message, "model-unsupported", "Update wasm_clf_widget, or export the model with this version.");
    case -7: return new ModelFileError(message, "model-altered", "Export the model again, or fetch it again from its source.");
    case -4:
    case -6: return new InputError(message, "input");
    case -8: return new InputError(message, "pattern-steps", "Use a shorter text.");
    case -5: return new EngineError(message, "out-of-memory", "Use a smaller model or text.");
    default: return new EngineError(message, "engine-argument");
  }
}
