/** One engine with one model, wherever it runs: a Worker exposes this object, the main thread and Node use it directly. */
import type { ParityReport, Stage } from "../types.js";
import { EngineInstance, type RawBatch, type RawExplanation, type Shape } from "./abi.js";
import { type Certificate, type ModelDocument, parseModelFile, readCertificate } from "./document.js";
import type { PackedTexts } from "./pack.js";
import { NO_CERTIFICATE, replay } from "./verify.js";
import { EngineError } from "../errors.js";

export const STAGES: readonly Stage[] = ["normalize", "tokens", "ngrams", "features", "scores"];

export interface Opened {
  readonly document: ModelDocument;
  /** Bytes of the engine's memory with the model in it. */
  readonly memory: number;
}

export class EngineHost {
  #engine: EngineInstance | null = null;
  #handle = -1;
  #shape: Shape = { scores: 0, probabilities: 0, labels: 0 };
  #certificate: Certificate | null = null;

  /** Compiles the engine and loads the model (`isVerified`: its hash is right); both buffers may be given away by the caller. */
  async open(engine: ArrayBuffer, model: ArrayBuffer, isVerified = false): Promise<Opened> {
    const file = new Uint8Array(model);
    const parsed = parseModelFile(file);
    this.#shape = parsed.document.shape;
    const instance = await EngineInstance.create(engine);
    this.#handle = instance.load(file, isVerified);
    this.#engine = instance;
    this.#certificate = readCertificate(file, parsed);
    return { document: parsed.document, memory: instance.memoryBytes };
  }

  classify(texts: readonly string[]): RawBatch {
    return this.#opened().classify(this.#handle, texts, this.#shape);
  }

  classifyPacked(texts: PackedTexts): RawBatch {
    return this.#opened().classifyPacked(this.#handle, texts, this.#shape);
  }

  explain(text: string): RawExplanation {
    return this.#opened().explain(this.#handle, text);
  }

  stage(stage: Stage, text: string): Uint8Array<ArrayBuffer> {
    return this.#opened().stage(this.#handle, STAGES.indexOf(stage), text);
  }

  verify(): ParityReport {
    const certificate = this.#certificate;
    return certificate === null ? NO_CERTIFICATE : replay(certificate, this.#shape, (texts) => this.classify(texts));
  }

  close(): void {
    if (this.#engine !== null) this.#engine.unload(this.#handle);
    this.#engine = null;
  }

  #opened(): EngineInstance {
    if (this.#engine === null) throw new EngineError("This classifier was disposed.", "disposed", "Load it again.");
    return this.#engine;
  }
}
