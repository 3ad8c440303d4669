/** A classified table as CSV: the file's own columns, then ours, with names that are not taken. */
import { unparse } from "papaparse";
import type { ClassificationResult } from "../../types.js";
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
  const columns = [
    ...table.columns,
    ...["label", "confidence", "not_sure", "known_features"].map(free),
    ...(first?.all_scores ?? []).map(({ output, label }) => free(`${kind}_${output === undefined ? "" : `${output}_`}${labelText(label)}`)),
  ];
  const rows = Array.from(shown, (i) => {
    const { label, confidence, is_uncertain, known_features, all_scores } = result(i);
    return [
      ...(table.rows[i] ?? []), labelText(label), confidence === null ? "" : String(confidence), is_uncertain ? "true" : "false",
      String(known_features), ...all_scores.map(({ score }) => String(score)),
    ];
  });
  // With the mark that makes Excel read UTF-8; pandas and other readers drop it.
  return `\ufeff${unparse({ fields: columns, data: rows }, { newline: "\r\n" })}\r\n`;
}
