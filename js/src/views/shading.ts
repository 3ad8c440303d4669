/**
 * Cuts a text into runs of equal weight for one class, from spans that may overlap.
 *
 * A span's weight is shared equally by its characters, a run's weight is the sum over the spans that cover it: so
 * overlapping n-grams add up and a long one does not drown a short one. Offsets are UTF-16 units at code-point borders, so
 * no run ever cuts a surrogate pair.
 */
import type { Span } from "../types.js";

export interface Run {
  readonly text: string;
  /** Per character, for the chosen class; 0 where no span covers it. */
  readonly weight: number;
}

export function runs(text: string, spans: readonly Span[], column: number): Run[] {
  const change = new Map<number, number>();
  const add = (at: number, by: number): void => { change.set(at, (change.get(at) ?? 0) + by); };
  for (const { start, end, weights } of spans) {
    const weight = weights[column] ?? 0;
    if (end <= start || weight === 0) continue;
    add(start, weight / (end - start));
    add(end, -weight / (end - start));
  }
  const borders = [...new Set([0, ...change.keys(), text.length])].filter((at) => at <= text.length).sort((a, b) => a - b);
  const found: Run[] = [];
  let weight = 0;
  for (let i = 0; i + 1 < borders.length; i++) {
    const from = borders[i] as number;
    weight += change.get(from) ?? 0;
    found.push({ text: text.slice(from, borders[i + 1]), weight: Math.abs(weight) < 1e-12 ? 0 : weight });
  }
  return found;
}

export interface NgramWeight {
  readonly ngram: string;
  readonly weight: number;
}

/** N-grams with their summed weight for a class, the strongest first. */
export function strongest(spans: readonly Span[], column: number): NgramWeight[] {
  const sums = new Map<string, number>();
  for (const { ngram, weights } of spans) sums.set(ngram, (sums.get(ngram) ?? 0) + (weights[column] ?? 0));
  return [...sums].map(([ngram, weight]) => ({ ngram, weight })).sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
}
