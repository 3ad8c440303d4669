/** Which rows of a classified table are shown, in which order: over the engine's flat arrays, so that 100,000 rows take no time. */
import type { RawBatch } from "../../engine/abi.js";

export type SortKey = "row" | "text" | "label" | "confidence";
/** A class by its index; "unsure": below the model's band; "unknown": no known feature. */
export type Filter = "all" | "unsure" | "unknown" | number;

export interface Selection {
  readonly key: SortKey;
  readonly descending: boolean;
  readonly filter: Filter;
}

/** The numbers of a batch by row. */
export interface Rows {
  readonly n: number;
  label(i: number): number;
  /** The label's probability, or its decision score where there are no probabilities. */
  confidence(i: number): number;
  unsure(i: number): boolean;
  unknown(i: number): boolean;
}

export function rowsOf(raw: RawBatch, uncertainBelow: number | null): Rows {
  const { n, labels, probabilities, scores, known } = raw;
  const values = probabilities ?? scores;
  const width = n > 0 ? values.length / n : 0;
  const label = (i: number): number => labels[i] as number;
  const confidence = (i: number): number => {
    if (width === 1) return label(i) === 1 ? (values[i] as number) : -(values[i] as number);
    return values[i * width + label(i)] as number;
  };
  return {
    n, label, confidence,
    unsure: (i) => probabilities !== null && uncertainBelow !== null && confidence(i) < uncertainBelow,
    unknown: (i) => known[i] === 0,
  };
}

export function select(rows: Rows, texts: readonly string[], { key, descending, filter }: Selection): Uint32Array {
  const passes = filter === "all" ? () => true
    : filter === "unsure" ? (i: number) => rows.unsure(i)
    : filter === "unknown" ? (i: number) => rows.unknown(i)
    : (i: number) => rows.label(i) === filter;
  const shown = Uint32Array.from(Array.from({ length: rows.n }, (_, i) => i).filter(passes));
  const by = key === "label" ? (a: number, b: number) => rows.label(a) - rows.label(b)
    : key === "confidence" ? (a: number, b: number) => rows.confidence(a) - rows.confidence(b)
    : key === "text" ? (a: number, b: number) => compare(texts[a] ?? "", texts[b] ?? "")
    : (a: number, b: number) => a - b;
  const sign = descending ? -1 : 1;
  return shown.sort((a, b) => sign * by(a, b) || a - b);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** How many rows each class has, and how many are unsure or unknown: the words of the filter. */
export function count(rows: Rows, classes: number): { readonly labels: readonly number[]; readonly unsure: number; readonly unknown: number } {
  const labels = new Array<number>(classes).fill(0);
  let unsure = 0;
  let unknown = 0;
  for (let i = 0; i < rows.n; i++) {
    const label = rows.label(i);
    labels[label] = (labels[label] ?? 0) + 1;
    if (rows.unsure(i)) unsure += 1;
    if (rows.unknown(i)) unknown += 1;
  }
  return { labels, unsure, unknown };
}
