/** Files and pasted rows as tables, their order and filter over the engine's arrays, and the CSV that is saved. */
import { parse } from "papaparse";
import { describe, expect, test } from "vitest";
import type { RawBatch } from "../src/engine/abi.js";
import type { ClassificationResult } from "../src/types.js";
import { csvName, toCsv } from "../src/views/batch/csv.js";
import { count, rowsOf, select } from "../src/views/batch/order.js";
import { decode, formatOfName, formatOfText, guessColumn, readFile, readText, TableError } from "../src/views/batch/read.js";

describe("reads", () => {
  test("CSV with quoted commas, quotes, line breaks and an empty cell", () => {
    const table = readText("a.csv", 'id,text\r\n1,"a, b"\r\n2,"say ""hi""\nthere"\r\n3,\r\n', "csv", true);
    expect(table).toEqual({ name: "a.csv", columns: ["id", "text"], rows: [["1", "a, b"], ["2", 'say "hi"\nthere'], ["3", ""]], notes: [] });
  });

  test("CSV with semicolons, with tabs, without a header", () => {
    expect(readText("a.csv", "id;text\n1;x\n", "csv", true).columns).toEqual(["id", "text"]);
    expect(readText("a.tsv", "id\ttext\n1\tx, y\n", "csv", true).rows).toEqual([["1", "x, y"]]);
    const bare = readText("a.csv", "one,1\ntwo,2\n", "csv", false);
    expect([bare.columns, bare.rows]).toEqual([["column 1", "column 2"], [["one", "1"], ["two", "2"]]]);
  });

  test("rows of different length and repeated names, and says so", () => {
    const table = readText("a.csv", "text,text,\na,b,c\nd\n", "csv", true);
    expect(table.columns).toEqual(["text", "text (2)", "column 3"]);
    expect(table.rows).toEqual([["a", "b", "c"], ["d", "", ""]]);
    expect(table.notes).toEqual(["1 row with fewer cells than 3: the missing ones are empty."]);
  });

  test("semicolons, though a row is short: that row is filled and noted, not the table made one column", () => {
    const table = readText("a.csv", "id;text\n1;good, really\nshort\n", "csv", true);
    expect([table.columns, table.rows]).toEqual([["id", "text"], [["1", "good, really"], ["short", ""]]]);
    expect(table.notes).toEqual(["1 row with fewer cells than 2: the missing ones are empty."]);
    expect(readText("a.csv", "text\ngood\nbad\n", "csv", true).columns).toEqual(["text"]);
  });

  test("lines of JSON: objects with different keys, bare values, and what is none", () => {
    expect(() => readText("a.jsonl", '{"text": "a"}\n[{"text": "b"}]', "jsonl", true)).toThrow("a.jsonl, line 2, is a list. Save each row as one object on a line of its own, or as CSV.");
    const table = readText("a.jsonl", '{"text": "a", "stars": 5}\n"b"\n{oops\n\n{"stars": null, "tags": ["x"], "text": "c"}', "jsonl", true);
    expect(table.columns).toEqual(["text", "stars", "tags"]);
    expect(table.rows).toEqual([["a", "5", ""], ["b", "", ""], ["c", "", '["x"]']]);
    expect(table.notes).toEqual(["Not JSON and left out: line 3."]);
  });

  test("text, a line each, whatever ends the lines", () => {
    expect(readText("a.txt", "one\r\ntwo\n\n  \rthree, with comma", "lines", true).rows).toEqual([["one"], ["two"], ["three, with comma"]]);
  });

  test("nothing: says so", () => {
    expect(() => readText("a.csv", "id,text\n", "csv", true)).toThrow(new TableError("a.csv has no rows below its header."));
    expect(() => readText("a.txt", " \n", "lines", true)).toThrow(TableError);
  });

  test("UTF-8 strictly, UTF-16 by its mark, else what the reader chose", () => {
    const bytes = (...values: number[]) => Uint8Array.from(values);
    expect(decode("a", bytes(0xef, 0xbb, 0xbf, 0x61), null)).toBe("a");
    expect(decode("a", bytes(0xff, 0xfe, 0x7d, 0x59), null)).toBe("好");
    expect(() => decode("a", bytes(0xe9), null)).toThrow("a is not UTF-8. Choose its encoding.");
    expect(decode("a", bytes(0xe9), "windows-1252")).toBe("é");
    expect(decode("a", bytes(0xba, 0xc3), "gb18030")).toBe("好");
    expect(() => decode("a", bytes(0x61, 0, 0x62, 0), null)).toThrow("a seems to be UTF-16. Choose its encoding.");
    expect(decode("a", bytes(0x61, 0, 0x62, 0), "utf-16le")).toBe("ab");
    expect(decode("a", bytes(0x61, 0), "utf-8")).toBe("a\0");
  });

  test("a format by the file's name, and of pasted text by its look", () => {
    expect(["a.CSV", "a.tsv", "a.ndjson", "a.txt", "a"].map(formatOfName)).toEqual(["csv", "csv", "jsonl", "lines", "lines"]);
    expect([formatOfText("a\tb\nc\td\n"), formatOfText('{"a":1}\n{"a":2}'), formatOfText("a\tb\nc"), formatOfText("")]).toEqual(["csv", "jsonl", "lines", "lines"]);
  });

  test("pasted CSV by its even rows; sentences with commas stay lines", () => {
    expect(formatOfText("id,text\n1,great value\n2,awful\n")).toBe("csv");
    expect(formatOfText('id,text\n1,"well, good"\n2,"two\nlines"\n')).toBe("csv");
    expect(formatOfText("id;text\n1;great, really\n")).toBe("csv");
    expect(formatOfText("good film, would watch\nbad plot, awful\n")).toBe("lines");
    expect(formatOfText("one,two\nthree\n")).toBe("lines");
    expect(formatOfText("one,two")).toBe("lines");
  });

  test("what is no text is refused by its name, with the way out; an unknown kind is read as lines and noted", async () => {
    const file = (name: string, bytes: readonly number[] = [...new TextEncoder().encode("a\nb\n")]) =>
      ({ name, size: bytes.length, arrayBuffer: () => Promise.resolve(Uint8Array.from(bytes).buffer) }) as unknown as File;
    const refused = (name: string, bytes?: readonly number[]) => expect(readFile(file(name, bytes), null, true)).rejects;
    await refused("a.xlsx").toThrow("a.xlsx is a spreadsheet: save it as CSV. Tables are read from .csv, .tsv and .jsonl, lines from .txt.");
    await refused("a.XLS").toThrow("save it as CSV");
    await refused("a.json").toThrow("a.json is JSON: save it as .jsonl, one object on each line, or as CSV.");
    await refused("a.parquet").toThrow("wasm-clf batch");
    await refused("a.docx").toThrow("save its text as .txt");
    await refused("a.pdf").toThrow(TableError);
    await refused("renamed.csv", [0x50, 0x4b, 3, 4, 0xff]).toThrow("renamed.csv is packed, as spreadsheets are.");
    expect((await readFile(file("a.log"), null, true)).notes).toEqual(["Read as a text on each line. Tables are read from .csv, .tsv and .jsonl, lines from .txt."]);
    expect((await readFile(file("a.txt"), null, true)).notes).toEqual([]);
  });

  test("a file that is too large is not read", async () => {
    const file = { name: "big.csv", size: 3e8, arrayBuffer: () => Promise.reject(new Error("was read")) } as unknown as File;
    await expect(readFile(file, null, true)).rejects.toThrow("big.csv has 300 megabytes");
  });

  test("finds the column of texts: by its name, else the longest cells", () => {
    const table = (columns: string[], ...rows: string[][]) => ({ name: "", columns, rows, notes: [] });
    expect(guessColumn(table(["id", "Review"], ["aaaaaaaaaaaa", "b"]))).toBe(1);
    expect(guessColumn(table(["编号", "评论"], ["1", "好"]))).toBe(1);
    expect(guessColumn(table(["x", "y"], ["1", "a longer cell"], ["2", "another"]))).toBe(1);
  });
});

const raw = (parts: Partial<RawBatch>): RawBatch => ({
  n: 0, scores: new Float64Array(), probabilities: null, labels: new Uint32Array(), known: new Uint32Array(), replaced: new Uint32Array(), ms: 0, ...parts,
} as RawBatch);

describe("orders", () => {
  const batch = raw({
    n: 4, labels: Uint32Array.of(1, 0, 1, 0), known: Uint32Array.of(3, 0, 1, 2),
    scores: Float64Array.of(2, -1, 0.1, -3), probabilities: Float64Array.of(0.1, 0.9, 0.7, 0.3, 0.45, 0.55, 0.95, 0.05),
  });
  const texts = ["d", "b", "c", "a"];
  const rows = rowsOf(batch, 0.6);
  const order = (selection: Partial<Parameters<typeof select>[2]>) => [...select(rows, texts, { key: "row", descending: false, filter: "all", ...selection })];

  test("by row, text, label and confidence, both ways, equal ones by row", () => {
    expect(order({})).toEqual([0, 1, 2, 3]);
    expect(order({ key: "text" })).toEqual([3, 1, 2, 0]);
    expect(order({ key: "label" })).toEqual([1, 3, 0, 2]);
    expect(order({ key: "label", descending: true })).toEqual([0, 2, 1, 3]);
    expect(order({ key: "confidence" })).toEqual([2, 1, 0, 3]);
    expect(order({ key: "confidence", descending: true })).toEqual([3, 0, 1, 2]);
  });

  test("filtered by label, by the model's band, by nothing known", () => {
    expect(order({ filter: 1 })).toEqual([0, 2]);
    expect(order({ filter: "unsure" })).toEqual([2]);
    expect(order({ filter: "unknown" })).toEqual([1]);
    expect(count(rows, 2)).toEqual({ labels: [2, 2], unsure: 1, unknown: 1 });
  });

  test("decision scores: of two classes the label's side counts, nothing is unsure", () => {
    const one = rowsOf(raw({ n: 2, labels: Uint32Array.of(1, 0), scores: Float64Array.of(0.5, -2), known: Uint32Array.of(1, 1) }), 0.6);
    expect([one.confidence(0), one.confidence(1), one.unsure(0)]).toEqual([0.5, 2, false]);
    const three = rowsOf(raw({ n: 1, labels: Uint32Array.of(2), scores: Float64Array.of(-1, 0, 4), known: Uint32Array.of(1) }), null);
    expect(three.confidence(0)).toBe(4);
  });

  test("several labels: filtered by each, ordered as sets, without a confidence", () => {
    const many = rowsOf(raw({ n: 3, labels: Uint32Array.of(0, 1, 1, 1, 0, 0), scores: new Float64Array(6), probabilities: new Float64Array(6), known: Uint32Array.of(1, 1, 1) }), 0.6, "multilabel");
    const ordered = (selection: Partial<Parameters<typeof select>[2]>) => [...select(many, ["a", "b", "c"], { key: "row", descending: false, filter: "all", ...selection })];
    expect(ordered({ filter: 1 })).toEqual([0, 1]);
    expect(ordered({ filter: 0 })).toEqual([1]);
    expect(ordered({ key: "label" })).toEqual([2, 0, 1]);
    expect(count(many, 2)).toEqual({ labels: [1, 2], unsure: 0, unknown: 0 });
  });

  test("several outputs: filtered by the classes of each, which are counted through", () => {
    const groups = [["no", "yes"], ["a", "b", "c"]];
    const both = rowsOf(raw({ n: 3, labels: Uint32Array.of(1, 2, 0, 2, 1, 0), scores: new Float64Array(15), probabilities: new Float64Array(15), known: Uint32Array.of(1, 1, 1) }), null, "multioutput", groups);
    const ordered = (selection: Partial<Parameters<typeof select>[2]>) => [...select(both, ["a", "b", "c"], { key: "row", descending: false, filter: "all", ...selection })];
    expect(ordered({ filter: 1 })).toEqual([0, 2]);
    expect(ordered({ filter: 4 })).toEqual([0, 1]);
    expect(ordered({ filter: 3 })).toEqual([]);
    expect(ordered({ key: "label" })).toEqual([1, 2, 0]);
    expect(count(both, 5).labels).toEqual([1, 2, 1, 0, 2]);
  });

  test("a hundred thousand rows in a moment", () => {
    const n = 100_000;
    const labels = Uint32Array.from({ length: n }, (_, i) => i % 2);
    const probabilities = Float64Array.from({ length: 2 * n }, (_, i) => ((i * 7919) % n) / n);
    const many = rowsOf(raw({ n, labels, probabilities, scores: new Float64Array(n), known: new Uint32Array(n) }), 0.5);
    const sorted = select(many, [], { key: "confidence", descending: true, filter: 1 });
    expect(sorted).toHaveLength(n / 2);
    const confidences = Array.from(sorted, (i) => many.confidence(i));
    expect(confidences.every((value, i) => i === 0 || value <= (confidences[i - 1] as number))).toBe(true);
  });
});

describe("saves", () => {
  const result = (label: string, p: number): ClassificationResult => ({
    label, class_index: 1, confidence: p, score_kind: "probability", all_scores: [{ label: "no", score: 1 - p }, { label: "yes", score: p }],
    known_features: 2, replaced_surrogates: 0, is_uncertain: false, ran_on: "tab-worker", variant: "simd", model_sha256: "",
  });

  test("the file's own columns and ours, every number with all its digits, in the order shown", () => {
    const table = { name: "a", columns: ["text", "label"], rows: [["a, b", "old"], ['"q"\nx', "old"]], notes: [] };
    const csv = toCsv(table, [1, 0], (i) => result("yes", i === 0 ? 1 / 3 : 0.1 + 0.2));
    expect(csv.startsWith("\ufeff")).toBe(true);
    const { data } = parse<string[]>(csv.slice(1), { skipEmptyLines: true });
    expect(data[0]).toEqual(["text", "label", "label_", "confidence", "not_sure", "known_features", "probability_no", "probability_yes"]);
    expect(data[1]?.slice(0, 4)).toEqual(['"q"\nx', "old", "yes", "0.30000000000000004"]);
    expect(Number(data[2]?.[3])).toBe(1 / 3);
  });

  test("several labels: a column for each class; several outputs: one for each output", () => {
    const table = { name: "a", columns: ["text"], rows: [["x"], ["y"]], notes: [] };
    const rowsOfCsv = (results: ClassificationResult[]) => parse<string[]>(toCsv(table, [0, 1], (i) => results[i] as ClassificationResult).slice(1), { skipEmptyLines: true }).data;
    const several = (class_index: number[]): ClassificationResult => ({
      ...result("", 0.25), confidence: null, class_index, label: class_index.map((k) => ["a, b", "c"][k] as string),
      all_scores: [{ label: "a, b", score: 0.5 }, { label: "c", score: 0.75 }],
    });
    expect(rowsOfCsv([several([0, 1]), several([])])).toEqual([
      ["text", "is_a, b", "is_c", "known_features", "probability_a, b", "probability_c"],
      ["x", "true", "true", "2", "0.5", "0.75"], ["y", "false", "false", "2", "0.5", "0.75"],
    ]);
    const outputs = (class_index: number[]): ClassificationResult => ({
      ...several([]), class_index, label: class_index.map((k, output) => [["no", "yes"], [1, 2]][output]?.[k] as string | number),
      all_scores: [{ output: 0, label: "no", score: 0.5 }, { output: 0, label: "yes", score: 0.5 }, { output: 1, label: 1, score: 0.25 }, { output: 1, label: 2, score: 0.75 }],
    });
    expect(rowsOfCsv([outputs([1, 0]), outputs([0, 1])])).toEqual([
      ["text", "label_0", "label_1", "known_features", "probability_0_no", "probability_0_yes", "probability_1_1", "probability_1_2"],
      ["x", "yes", "1", "2", "0.5", "0.5", "0.25", "0.75"], ["y", "no", "2", "2", "0.5", "0.5", "0.25", "0.75"],
    ]);
  });

  test("is called by the file that it came from, in whatever script", () => {
    expect(["reviews.csv", "评论.csv", "über 5 – a/b.jsonl", "हिन्दी.txt", "the pasted text"].map(csvName)).toEqual([
      "reviews-classified.csv", "评论-classified.csv", "über-5-a-b-classified.csv", "हिन्दी-classified.csv", "the-pasted-text-classified.csv",
    ]);
  });
});
