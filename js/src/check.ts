/** What callers in plain JavaScript may give: TypeScript's types do not reach them. */
import { InputError } from "./errors.js";

/** A list of texts, or an InputError. */
export function checkTexts(texts: unknown): readonly string[] {
  if (!Array.isArray(texts)) {
    throw new InputError(`Expected a list of texts, got ${kind(texts)}.`, "input", "Put a single text into a list: [text].");
  }
  for (let i = 0; i < texts.length; i++) {
    if (typeof texts[i] !== "string") throw new InputError(`Text ${i} is ${kind(texts[i])}, not a string.`, "input");
  }
  return texts as string[];
}

export function kind(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "object") return value.constructor?.name ?? "an object";
  return typeof value === "string" ? "a string" : typeof value;
}
