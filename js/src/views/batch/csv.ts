/**
 * A classified table as CSV: the file's own columns, then ours, with names that are not taken.
 *
 * A text with one label has it and its confidence; of several labels each class has a column of its own (true or false), of
 * several outputs each output has one: a list in one cell would be read differently by every reader.
 */
import { unparse } from "papaparse";
import type { ClassificationResult, Label } from "../../types.js";
import { isChosen } from "../../results.js";
import { labelText } from "../format.js";
import type { Table } from "./read.js";

export function toCsv(table: Table, shown: ArrayLike<number>, result: (i: number) => ClassificationResult): string {
  const taken = new Set(table.columns);
  const free = (name: string): string => {
    let found = name;
    while (taken.has(found)) found = `${found}_`;
    taken.add(found);
    return found;
  };
  const first = shown.length > 0 ? result(shown[0] as number) : null;
  const kind = first?.score_kind === "decision" ? "score" : "probability";
  const ownNames = first === null || typeof first.class_index === "number" ? ["label", "confidence", "not_sure"]
    : first.all_scores[0]?.output === undefined ? first.all_scores.map(({ label }) => `is_${labelText(label)}`)
    : first.class_index.map((_, output) => `label_${output}`);
  const columns = [
    ...table.columns,
    ...[...ownNames, "known_features"].map(free),
    ...(first?.all_scores ?? []).map(({ output, label }) => free(`${kind}_${output === undefined ? "" : `${output}_`}${labelText(label)}`)),
  ];
  const rows = Array.from(shown, (i) => {
    const answer = result(i);
    const { known_features, all_scores } = answer;
    return [
      ...(table.rows[i] ?? []), ...own(answer), String(known_features), ...all_scores.map(({ score }) => String(score)),
    ];
  });
  // With the mark that makes Excel read UTF-8; pandas and other readers drop it.
  return `\ufeff${unparse({ fields: columns, data: rows }, { newline: "\r\n" })}\r\n`;
}

/** What to call it: by the file that it came from, in whatever script. */
export function csvName(name: string): string {
  return `${name.replace(/\.[a-z]+$/i, "").replace(/[^\p{L}\p{M}\p{N}_]+/gu, "-")}-classified.csv`;
}

/** What a text is, in the columns that one, several labels or several outputs have. */
function own(answer: ClassificationResult): string[] {
  const { label, class_index, confidence, is_uncertain, all_scores } = answer;
  if (typeof class_index === "number") return [labelText(label), confidence === null ? "" : String(confidence), is_uncertain ? "true" : "false"];
  if (all_scores[0]?.output === undefined) return all_scores.map((_, k) => String(isChosen(answer, k)));
  return (label as readonly Label[]).map(labelText);
}
