/** Answers of many texts as flat arrays: apart from the engine itself, which a page with a Worker does not load. */

/** Answers for n texts, row-major. */
export interface RawBatch {
  readonly n: number;
  readonly scores: Float64Array<ArrayBuffer>;
  readonly probabilities: Float64Array<ArrayBuffer> | null;
  readonly labels: Uint32Array<ArrayBuffer>;
  readonly known: Uint32Array<ArrayBuffer>;
  readonly replaced: Uint32Array<ArrayBuffer>;
  /** Milliseconds inside this class, encoding the texts included. */
  readonly ms: number;
}

/** Columns of a batch's answers: K, P and L of docs/model-file.md. */
export interface Shape {
  readonly scores: number;
  /** 0: the model has none. */
  readonly probabilities: number;
  readonly labels: number;
}

/** Room for n answers. */
export function emptyBatch(n: number, shape: Shape): RawBatch {
  return {
    n,
    scores: new Float64Array(n * shape.scores),
    probabilities: shape.probabilities > 0 ? new Float64Array(n * shape.probabilities) : null,
    labels: new Uint32Array(n * shape.labels),
    known: new Uint32Array(n),
    replaced: new Uint32Array(n),
    ms: 0,
  };
}

/** Puts the answers of a part at its place in the whole. */
export function place(part: RawBatch, whole: RawBatch, begin: number, shape: Shape): void {
  whole.scores.set(part.scores, begin * shape.scores);
  if (part.probabilities !== null) whole.probabilities?.set(part.probabilities, begin * shape.probabilities);
  whole.labels.set(part.labels, begin * shape.labels);
  whole.known.set(part.known, begin);
  whole.replaced.set(part.replaced, begin);
}
