/**
 * The outermost layer of a model file: a safetensors header with our document in it, and tensors that lie inside the file.
 *
 * Enough to tell a model from a login page, a cut body or a file of a later format; what the document says is read by
 * `document.ts`, where the engine runs.
 */
import { ModelFileError } from "../errors.js";

export const FORMAT = 1;
const MAX_HEADER = 4 << 20;

export interface Tensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Byte offsets into the file. */
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  /** The document, which is JSON. */
  readonly text: string;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

export function readHeader(file: Uint8Array): Header {
  if (file.length < 8) throw damaged(`it has ${file.length} bytes, a model has more than 8`);
  const length = Number(new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true));
  if (length > MAX_HEADER || 8 + length > file.length) {
    const html = new TextDecoder().decode(file.subarray(0, 64)).trimStart().startsWith("<");
    throw damaged(html ? "it is an HTML page" : `its header would have ${length} bytes; the file has ${file.length}`);
  }
  const header = record(parseJson(new TextDecoder().decode(file.subarray(8, 8 + length)), "header"), "header");
  const metadata = record(header["__metadata__"], "__metadata__");
  const text = metadata["wcw"];
  if (typeof text !== "string") throw damaged("it is a safetensors file without a classifier's document (`wcw`)");
  const tensors = new Map<string, Tensor>();
  for (const [name, value] of Object.entries(header)) {
    if (name !== "__metadata__") tensors.set(name, tensor(name, value, 8 + length, file.length));
  }
  return { text, tensors };
}

/** The name of a model whose header is sound and whose format this program reads; throws for any other file. */
export function modelName(file: Uint8Array): string {
  const raw = record(parseJson(readHeader(file).text, "document"), "document");
  checkFormat(raw);
  return string(raw, "name");
}

/** Bytes with every weight as float64, as the engine computes; the file's own where it is no model, which the engine will say. */
export function widenedSize(file: Uint8Array): number {
  try {
    let more = 0;
    for (const { dtype, begin, end } of readHeader(file).tensors.values()) more += (end - begin) * ((WIDENING[dtype] ?? 1) - 1);
    return file.length + more;
  } catch {
    return file.length;
  }
}

/** How many times larger a weight becomes. */
const WIDENING: Readonly<Record<string, number>> = { I8: 8, F16: 4, F32: 2 };

export function checkFormat(raw: Record<string, unknown>): number {
  const format = integer(raw, "format");
  if (format === FORMAT) return format;
  throw new ModelFileError(
    `The model file has format ${format}; this version reads format ${FORMAT}.`, "model-unsupported", "Update wasm_clf_widget.",
  );
}

function tensor(name: string, value: unknown, dataStart: number, fileSize: number): Tensor {
  const entry = record(value, `tensor ${name}`);
  const [begin, end] = list(entry["data_offsets"], `data_offsets of ${name}`).map(Number);
  if (begin === undefined || end === undefined || !(begin >= 0 && begin <= end && dataStart + end <= fileSize)) {
    throw damaged(`the tensor ${name} lies outside the file: it is cut short or altered`);
  }
  return {
    dtype: string(entry, "dtype"),
    shape: list(entry["shape"], `shape of ${name}`).map(Number),
    begin: dataStart + begin,
    end: dataStart + end,
  };
}

export function damaged(what: string): ModelFileError {
  return new ModelFileError(`This is not a usable model file: ${what}.`, "model-damaged", "Export the model again, or check its address.");
}

export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw damaged(`its ${what} is not JSON`);
  }
}

export function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw damaged(`its ${what} is not a JSON object`);
  return value as Record<string, unknown>;
}

export function list(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw damaged(`its ${what} is not a list`);
  return value;
}

export function string(from: Record<string, unknown>, key: string): string {
  const value = from[key];
  if (typeof value !== "string") throw damaged(`\`${key}\` is ${JSON.stringify(value)}, not a string`);
  return value;
}

export function integer(from: Record<string, unknown>, key: string): number {
  const value = from[key];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw damaged(`\`${key}\` is ${JSON.stringify(value)}, not a whole number`);
  }
  return value;
}
