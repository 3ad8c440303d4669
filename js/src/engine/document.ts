/**
 * Reads a model file's document and its certificate (docs/model-file.md).
 *
 * The engine validates the whole file, hash included, before anything is answered; here is read what the page itself
 * shows and replays. What is read is checked all the same: a page must not break on a file that a reader chose.
 */
import type { Label } from "../types.js";
import type { Shape } from "./abi.js";
import { checkFormat, damaged, integer, list, parseJson, readHeader, record, string, type Tensor } from "./header.js";

export interface ModelDocument {
  readonly format: number;
  readonly name: string;
  readonly version: string;
  readonly source: { readonly library: string; readonly version: string; readonly python: string };
  readonly unicode: string;
  /** One class a text; any set of the classes; one class for each of several outputs. */
  readonly targets: Targets;
  /** In the columns' order; of a multioutput model those of all outputs, one after the other. */
  readonly classes: readonly Label[];
  /** The classes of each output; one list where `targets` is not multioutput. */
  readonly groups: readonly (readonly Label[])[];
  readonly shape: Shape;
  readonly weights: string;
  readonly bound: number | null;
  readonly uncertain_below: number | null;
  readonly certificate: { readonly texts: number; readonly by: string } | null;
  /** One short line for each stage. */
  readonly pipeline: readonly string[];
  /** Its first vectorizer hashes n-grams of characters: such a model refuses lone surrogates, which have no bytes to hash. */
  readonly hashes_characters: boolean;
  /** Of all vectorizers together. */
  readonly n_features: number;
}

export type Targets = "single" | "multilabel" | "multioutput";

export interface ModelFile {
  readonly document: ModelDocument;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** The recorded texts with the source's answers and the engine's own at export. */
export interface Certificate {
  readonly by: string;
  readonly texts: readonly string[];
  readonly scores: Float64Array;
  readonly labels: Uint32Array;
  readonly tolerance: Float64Array;
  readonly engineScores: Float64Array;
  readonly engineProbabilities: Float64Array | null;
}

export function parseModelFile(file: Uint8Array): ModelFile {
  const { text, tensors } = readHeader(file);
  return { document: parseDocument(text), tensors };
}

export function parseDocument(text: string): ModelDocument {
  const raw = record(parseJson(text, "document"), "document");
  const format = checkFormat(raw);
  const stages = stagesOf(raw["pipeline"], "pipeline");
  // It may be a head alone, whose members are pipelines from the text, or which says the same to every text.
  const [first, head] = [stages[0], stages[stages.length - 1]];
  const fromText = first !== undefined && (stages.length === 1 || ["vectorize", "union"].includes(String(first["stage"])));
  if (!fromText || head === undefined || TRANSFORMS.has(String(head["stage"]))) {
    throw damaged("its pipeline does not start with `vectorize` or `union` and end with a head");
  }
  const source = record(raw["source"], "source");
  const certificate = raw["certificate"];
  const targets = parseTargets(raw);
  const groups = parseGroups(raw, text, targets, targets === "single" && head["stage"] !== "constant" ? 2 : 1);
  const known = certificate === null || certificate === undefined ? null : record(certificate, "certificate");
  return {
    format,
    name: string(raw, "name"),
    version: string(raw, "version"),
    source: { library: string(source, "library"), version: string(source, "version"), python: string(source, "python") },
    unicode: string(raw, "unicode"),
    targets,
    classes: groups.flat(),
    groups,
    shape: parseShape(raw, head, targets, groups),
    weights: string(raw, "weights"),
    bound: numberOrNull(raw, "bound"),
    uncertain_below: numberOrNull(raw, "uncertain_below"),
    certificate: known === null ? null : { texts: integer(known, "texts"), by: string(known, "by") },
    pipeline: stages.map(describe),
    hashes_characters: hashesCharacters(stages),
    n_features: features(stages),
  };
}

function parseTargets(raw: Record<string, unknown>): Targets {
  const found = raw["targets"] ?? "single";
  if (found === "single" || found === "multilabel" || found === "multioutput") return found;
  throw damaged(`\`targets\` is ${JSON.stringify(found)}, not single, multilabel or multioutput`);
}

function parseGroups(raw: Record<string, unknown>, text: string, targets: Targets, least: number): Label[][] {
  const found = raw["classes"];
  const groups = targets === "multioutput" ? list(found, "classes") : [found];
  if (groups.length === 0) throw damaged("it has no outputs");
  // JSON.parse rounds integers beyond 2^53: their digits are read from the text. A quote inside a JSON string is written \",
  // so this pattern cannot match within one, and int classes have no strings among their values.
  const digits = [...text.matchAll(/"values"\s*:\s*\[([-\d\s,]*)\]/g)].map(([, inside]) => inside?.split(",") ?? []);
  return groups.map((group) => parseClasses(record(group, "classes"), digits, least));
}

function parseClasses(classes: Record<string, unknown>, digits: readonly string[][], least: number): Label[] {
  const type = string(classes, "type");
  const values = list(classes["values"], "classes.values");
  if (values.length < least) throw damaged(`it has ${values.length} classes; such a classifier has at least ${least}`);
  const allowed = type === "int" ? "number" : type === "bool" ? "boolean" : "string";
  for (const value of values) {
    if (typeof value !== allowed) throw damaged(`one of its classes is ${JSON.stringify(value)}, not of type ${type}`);
  }
  if (type !== "int" || values.every((value) => Number.isSafeInteger(value))) return values as Label[];
  const words = digits.find((found) => found.length === values.length && found.every((word, i) => Number(word) === values[i]));
  if (words === undefined) throw damaged("its whole-number classes cannot be read");
  return words.map((word) => (Number.isSafeInteger(Number(word)) ? Number(word) : BigInt(word.trim())));
}

/** K, P and L as the file says them, or those of a single linear head. */
function parseShape(raw: Record<string, unknown>, head: Record<string, unknown>, targets: Targets, groups: readonly Label[][]): Shape {
  const said = raw["outputs"];
  const classes = groups.reduce((sum, group) => sum + group.length, 0);
  if (said === undefined || said === null) {
    return { scores: integer(head, "outputs"), probabilities: string(head, "link") === "none" ? 0 : classes, labels: 1 };
  }
  const outputs = record(said, "outputs");
  const shape = { scores: integer(outputs, "scores"), probabilities: integer(outputs, "probabilities"), labels: integer(outputs, "labels") };
  const labels = targets === "single" ? 1 : targets === "multilabel" ? classes : groups.length;
  if (shape.labels !== labels || (shape.probabilities !== 0 && shape.probabilities !== classes) || shape.scores < 1) {
    throw damaged(`its outputs ${JSON.stringify(shape)} do not fit ${classes} classes (${targets})`);
  }
  return shape;
}

const TRANSFORMS: ReadonlySet<string> = new Set(["vectorize", "union", "sublinear_tf", "idf", "norm", "select", "scale", "binarize", "svd"]);
const MAX_DEPTH = 16;

function stagesOf(value: unknown, what: string): Record<string, unknown>[] {
  return list(value, what).map((stage) => record(stage, `a stage of the ${what}`));
}

/** Pipelines inside a stage: a union's branches, a head's members. */
function inner(stage: Record<string, unknown>, depth: number): Record<string, unknown>[][] {
  if (depth > MAX_DEPTH) throw damaged(`its pipelines nest more than ${MAX_DEPTH} deep`);
  return [...list(stage["branches"] ?? [], "branches"), ...list(stage["members"] ?? [], "members")]
    .map((member) => stagesOf(Array.isArray(member) ? member : record(member, "a member")["pipeline"], "pipeline of a member"));
}

function features(stages: readonly Record<string, unknown>[], depth = 0): number {
  return stages.reduce((sum, stage) => sum + (stage["stage"] === "vectorize" ? integer(stage, "n_features") : 0)
    + inner(stage, depth).reduce((more, pipeline) => more + features(pipeline, depth + 1), 0), 0);
}

function hashesCharacters(stages: readonly Record<string, unknown>[]): boolean {
  const first = firstVectorizer(stages);
  return first?.["method"] === "hashing" && first["analyzer"] !== "word" && first["strip_accents"] !== "ascii";
}

function firstVectorizer(stages: readonly Record<string, unknown>[], depth = 0): Record<string, unknown> | undefined {
  for (const stage of stages) {
    if (stage["stage"] === "vectorize") return stage;
    for (const pipeline of inner(stage, depth)) {
      const found = firstVectorizer(pipeline, depth + 1);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function describe(stage: Record<string, unknown>): string {
  return describeAt(stage, 0);
}

function describeAt(stage: Record<string, unknown>, depth: number): string {
  const name = String(stage["stage"]);
  const hidden = ["stage", "tensor", "prefix", "branches", "members"];
  const options = Object.entries(stage)
    .filter(([key, value]) => !hidden.includes(key) && value !== null && value !== false)
    .map(([key, value]) => `${key}=${Array.isArray(value) ? value.join("–") : typeof value === "object" ? "…" : String(value)}`);
  const pipelines = inner(stage, depth);
  const shown = pipelines.slice(0, 3).map((pipeline) => pipeline.map((each) => describeAt(each, depth + 1)).join(" → ") || "as it is");
  const parts = pipelines.length > 0 ? ` [${[...shown, ...(pipelines.length > 3 ? [`${pipelines.length - 3} more`] : [])].join(" | ")}]` : "";
  return (options.length > 0 ? `${name} (${options.join(", ")})` : name) + parts;
}

/** The certificate; null where the file has none. */
export function readCertificate(file: Uint8Array, model: ModelFile): Certificate | null {
  const { document, tensors } = model;
  if (document.certificate === null || !tensors.has("certificate.offsets")) return null;
  const take = (name: string, dtype: string, elements?: number): Uint8Array<ArrayBuffer> => {
    const found = tensors.get(name);
    if (found === undefined) throw damaged(`the tensor ${name} is missing`);
    const bytes = file.slice(found.begin, found.end) as Uint8Array<ArrayBuffer>;
    const size = dtype === "F64" ? 8 : dtype === "U32" ? 4 : 1;
    if (found.dtype !== dtype || (elements !== undefined && bytes.length !== elements * size)) {
      throw damaged(`the tensor ${name} is ${found.dtype} [${found.shape.join(", ")}], expected ${dtype} of ${elements ?? "any"} entries`);
    }
    return bytes;
  };
  const offsets = new Uint32Array(take("certificate.offsets", "U32").buffer);
  const n = offsets.length - 1;
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const bytes = take("certificate.bytes", "U8");
  const texts = Array.from({ length: Math.max(n, 0) }, (_, i) => decoder.decode(bytes.subarray(offsets[i], offsets[i + 1])));
  const { shape } = document;
  const scores = n * shape.scores;
  const f64 = (name: string, elements: number): Float64Array => new Float64Array(take(name, "F64", elements).buffer);
  return {
    by: document.certificate.by,
    texts,
    scores: f64("certificate.scores", scores),
    labels: new Uint32Array(take("certificate.labels", "U32", n * shape.labels).buffer),
    tolerance: f64("certificate.tolerance", scores),
    engineScores: f64("certificate.engine_scores", scores),
    engineProbabilities: tensors.has("certificate.engine_probabilities")
      ? f64("certificate.engine_probabilities", n * shape.probabilities)
      : null,
  };
}

function numberOrNull(from: Record<string, unknown>, key: string): number | null {
  const value = from[key];
  if (value === null || value === undefined) return null;
  if (typeof value !== "number") throw damaged(`\`${key}\` is ${JSON.stringify(value)}, not a number or null`);
  return value;
}
