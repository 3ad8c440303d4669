/** Numbers and words as the views show them. */
import type { Label, Labels } from "../types.js";

/** ".931"; "1.00" for one; "<.001" rather than a zero that is none. */
export function probability(p: number): string {
  if (p >= 0.9995) return p === 1 ? "1.00" : ">.999";
  if (p > 0 && p < 0.0005) return "<.001";
  return p.toFixed(3).replace(/^0/, "");
}

/** "−1.24", "+0.61": the sign is always written, with a real minus. */
export function signed(x: number): string {
  const text = Math.abs(x).toFixed(Math.abs(x) >= 100 ? 0 : 2);
  return text === "0.00" ? text : `${x < 0 ? "−" : "+"}${text}`;
}

export function milliseconds(ms: number): string {
  if (ms < 0.1) return "< 0.1 ms";
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

export function bytes(size: number): string {
  return size < 1e6 ? `${Math.round(size / 1e3)} kB` : `${(size / 1e6).toFixed(1)} MB`;
}

/** A class in words; several joined, none as such. */
export function labelText(label: Labels): string {
  if (Array.isArray(label)) return label.length === 0 ? "(none)" : label.map((each: Label) => labelText(each)).join(", ");
  return typeof label === "boolean" ? (label ? "True" : "False") : String(label);
}

export function plural(n: number, word: string): string {
  return `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;
}

const PLACES: Readonly<Record<string, string>> = { "tab-worker": "in this tab", "tab-main": "in this tab, main thread", node: "in Node" };

export function place(ranOn: string): string {
  return PLACES[ranOn] ?? ranOn;
}
