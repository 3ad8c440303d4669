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

/** What one label column holds: the index of the text's class, whether one class is on, or the class of one output. */
export type Targets = "single" | "multilabel" | "multioutput";

/** The numbers of a batch by row. */
export interface Rows {
  readonly n: number;
  /** Whether the text has this class; of several outputs the classes are counted through, one output after the other. */
  has(i: number, label: number): boolean;
  /** The classes that it has. */
  classes(i: number): readonly number[];
  compareLabels(a: number, b: number): number;
  /** The label's probability, or its decision score where there are no probabilities; 0 where there are several labels. */
  confidence(i: number): number;
  unsure(i: number): boolean;
  unknown(i: number): boolean;
}

export function rowsOf(raw: RawBatch, uncertainBelow: number | null, targets: Targets = "single", groups: readonly (readonly unknown[])[] = []): Rows {
  const { n, labels, probabilities, scores, known } = raw;
  const several = targets !== "single";
  const columns = n > 0 ? labels.length / n : 1;
  const values = probabilities ?? scores;
  const width = n > 0 ? values.length / n : 0;
  const starts = groups.map((_, output) => groups.slice(0, output).reduce((sum, { length }) => sum + length, 0));
  const classes = (i: number): readonly number[] => {
    const own = Array.from(labels.subarray(i * columns, (i + 1) * columns));
    return targets === "multilabel" ? own.flatMap((on, k) => (on === 1 ? [k] : [])) : own.map((k, output) => (starts[output] ?? 0) + k);
  };
  const label = (i: number): number => labels[i] as number;
  const confidence = (i: number): number => {
    if (several) return 0;
    if (width === 1) return label(i) === 1 ? (values[i] as number) : -(values[i] as number);
    return values[i * width + label(i)] as number;
  };
  return {
    n, confidence,
    has: (i, k) => (several ? classes(i).includes(k) : label(i) === k),
    classes,
    compareLabels: (a, b) => {
      for (let column = 0; column < columns; column++) {
        const difference = (labels[a * columns + column] as number) - (labels[b * columns + column] as number);
        if (difference !== 0) return difference;
      }
      return 0;
    },
    unsure: (i) => !several && probabilities !== null && uncertainBelow !== null && confidence(i) < uncertainBelow,
    unknown: (i) => known[i] === 0,
  };
}

export function select(rows: Rows, texts: readonly string[], { key, descending, filter }: Selection): Uint32Array {
  const passes = filter === "all" ? () => true
    : filter === "unsure" ? (i: number) => rows.unsure(i)
    : filter === "unknown" ? (i: number) => rows.unknown(i)
    : (i: number) => rows.has(i, filter);
  const shown = Uint32Array.from(Array.from({ length: rows.n }, (_, i) => i).filter(passes));
  const by = key === "label" ? rows.compareLabels
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
    for (const k of rows.classes(i)) if (k < classes) labels[k] = (labels[k] as number) + 1;
    if (rows.unsure(i)) unsure += 1;
    if (rows.unknown(i)) unknown += 1;
  }
  return { labels, unsure, unknown };
}
