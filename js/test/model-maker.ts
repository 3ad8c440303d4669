/** Makes a small model file in the test itself, with a certificate and a right content hash (docs/model-file.md). */
import { createHash } from "node:crypto";

interface Tensor {
  readonly dtype: "F64" | "U32" | "U8";
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

export interface Parts {
  readonly classes?: { readonly type: string; readonly values: readonly unknown[] };
  /** Replaces the text of the document's `classes`, for what JSON.stringify cannot write. */
  readonly rawClasses?: string;
  readonly document?: Readonly<Record<string, unknown>>;
  readonly coef?: readonly number[];
  readonly certificate?: {
    readonly texts: readonly string[];
    readonly scores: readonly number[];
    readonly labels: readonly number[];
    readonly tolerance?: number;
    readonly engineScores?: readonly number[];
    readonly engineProbabilities: readonly number[];
  };
}

export const f64 = (values: readonly number[], ...shape: number[]): Tensor => ({
  dtype: "F64", shape: shape.length > 0 ? shape : [values.length], data: new Uint8Array(new Float64Array(values).buffer),
});
const u32 = (values: readonly number[]): Tensor => ({ dtype: "U32", shape: [values.length], data: new Uint8Array(new Uint32Array(values).buffer) });

function packed(name: string, texts: readonly string[]): Record<string, Tensor> {
  const encoded = texts.map((text) => new TextEncoder().encode(text));
  const offsets = [0];
  for (const bytes of encoded) offsets.push((offsets[offsets.length - 1] as number) + bytes.length);
  const data = new Uint8Array(Buffer.concat(encoded));
  return { [`${name}.bytes`]: { dtype: "U8", shape: [data.length], data }, [`${name}.offsets`]: u32(offsets) };
}

/** Word counts of "bad" and "good", one score, logistic. */
export function makeModel(parts: Parts = {}): Uint8Array<ArrayBuffer> {
  const { certificate } = parts;
  const classes = parts.classes ?? { type: "str", values: ["negative", "positive"] };
  const tensors: Record<string, Tensor> = {
    ...packed("vocabulary", ["bad", "good"]),
    coef: f64(parts.coef ?? [-1.5, 2.25], 2, 1),
    intercept: f64([0.25]),
  };
  if (certificate !== undefined) {
    const n = certificate.texts.length;
    Object.assign(tensors, packed("certificate", certificate.texts), {
      "certificate.scores": f64(certificate.scores, n, 1),
      "certificate.labels": u32(certificate.labels),
      "certificate.tolerance": f64(certificate.scores.map(() => certificate.tolerance ?? 0), n, 1),
      "certificate.engine_scores": f64(certificate.engineScores ?? certificate.scores, n, 1),
      "certificate.probabilities": f64(certificate.engineProbabilities, n, 2),
      "certificate.engine_probabilities": f64(certificate.engineProbabilities, n, 2),
    });
  }
  const document = {
    format: 1, name: "handmade", version: "1", source: { library: "scikit-learn", version: "1.9.1", python: "3.11.7" },
    unicode: "14.0.0", classes, weights: "float64", bound: 0, uncertain_below: 0.6,
    certificate: certificate === undefined ? null : { texts: certificate.texts.length, by: "scikit-learn 1.9.1" },
    pipeline: [
      { stage: "vectorize", method: "vocabulary", analyzer: "word", ngram_range: [1, 1], lowercase: true, strip_accents: null,
        token_pattern: "(?u)\\b\\w\\w+\\b", binary: false, n_features: 2, alternate_sign: false },
      { stage: "linear", kind: "linear", link: "logistic", label: "sign", outputs: 1 },
    ],
    ...parts.document,
  };
  let text = JSON.stringify(document);
  if (parts.rawClasses !== undefined) text = text.replace(JSON.stringify(classes), parts.rawClasses);
  return write(text, tensors);
}

function write(document: string, tensors: Record<string, Tensor>): Uint8Array<ArrayBuffer> {
  const size = { F64: 8, U32: 4, U8: 1 };
  const names = Object.keys(tensors).sort();
  const laid = [...names].sort((a, b) => size[(tensors[b] as Tensor).dtype] - size[(tensors[a] as Tensor).dtype] || (a < b ? -1 : 1));
  const header: Record<string, unknown> = {};
  const places = new Map<string, [number, number]>();
  let at = 0;
  for (const name of laid) {
    const { data } = tensors[name] as Tensor;
    places.set(name, [at, at + data.length]);
    at += data.length;
  }
  const section = Buffer.concat(laid.map((name) => (tensors[name] as Tensor).data));
  const hash = createHash("sha256").update(document).update("\0");
  for (const name of names) {
    const { dtype, shape } = tensors[name] as Tensor;
    const [begin, end] = places.get(name) as [number, number];
    hash.update(`${name} ${dtype} ${shape.join(",")} ${begin} ${end}\n`);
  }
  header["__metadata__"] = { wcw: document, sha256: hash.update("\0").update(section).digest("hex") };
  for (const name of laid) {
    const { dtype, shape } = tensors[name] as Tensor;
    header[name] = { dtype, shape, data_offsets: places.get(name) };
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, " ")]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return new Uint8Array(Buffer.concat([length, padded, section]));
}
