/**
 * Files and pasted text become a table of strings: .csv and .tsv by papaparse, .jsonl by line, anything else one text a line.
 *
 * What cannot be read is counted and said, never guessed: a broken line of JSON is left out with its number in a note, a
 * file that is not UTF-8 is read in the encoding that the reader chose, a spreadsheet or a document is refused by its name.
 */
import { type ParseResult, parse } from "papaparse";
import { plural } from "../format.js";

export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  /** Every row has as many cells as there are columns. */
  readonly rows: readonly (readonly string[])[];
  /** What the reader of the table should know of its reading. */
  readonly notes: readonly string[];
}

export type Format = "csv" | "jsonl" | "lines";
export const ENCODINGS = ["utf-8", "utf-16le", "windows-1252", "gb18030", "big5", "shift_jis", "euc-kr"] as const;
export type Encoding = (typeof ENCODINGS)[number];

export const MAX_FILE_BYTES = 200_000_000;
export const MAX_ROWS = 1_000_000;
const SAID = 3;

/** Something that the reader can put right; its message says how. */
export class TableError extends Error {}
/** Put right by choosing an encoding. */
export class EncodingError extends TableError {}

export async function readFile(file: File, encoding: Encoding | null, header: boolean): Promise<Table> {
  if (file.size > MAX_FILE_BYTES) {
    throw new TableError(`${file.name} has ${plural(Math.round(file.size / 1e6), "megabyte")}; a table here takes up to ${MAX_FILE_BYTES / 1e6}. On the command line: wasm-clf batch.`);
  }
  refuse(file.name);
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (ZIP.every((byte, i) => bytes[i] === byte)) throw new TableError(`${file.name} is packed, as spreadsheets are. ${READ}`);
  const table = readText(file.name, decode(file.name, bytes, encoding), formatOfName(file.name), header);
  return KINDS.test(file.name) ? table : { ...table, notes: [...table.notes, `Read as a text on each line. ${READ}`] };
}

const KINDS = /\.(csv|tsv|jsonl|ndjson|txt)$/i;
const READ = "Tables are read from .csv, .tsv and .jsonl, lines from .txt.";
const ZIP = [0x50, 0x4b, 3, 4];
/** What is no text, or no table of texts, and in what to save it instead. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/\.(xlsx?|xlsm|ods|numbers)$/i, "is a spreadsheet: save it as CSV."],
  [/\.json$/i, "is JSON: save it as .jsonl, one object on each line, or as CSV."],
  [/\.(parquet|feather|arrow)$/i, "is a binary table: save it as CSV, or classify it on the command line: wasm-clf batch."],
  [/\.(docx?|odt|rtf|pdf|html?)$/i, "is a document: save its text as .txt, or as CSV."],
  [/\.(zip|gz|zst|xz|7z)$/i, "is packed: unpack it first."],
];

function refuse(name: string): void {
  const found = OTHERS.find(([ending]) => ending.test(name));
  if (found !== undefined) throw new TableError(`${name} ${found[1]} ${READ}`);
}

/** A byte-order mark decides; else the reader's choice, else UTF-8, strictly: a wrong guess would give wrong texts. */
export function decode(name: string, bytes: Uint8Array, encoding: Encoding | null): string {
  // Without a mark UTF-16 of Latin letters passes for UTF-8 with a NUL behind each.
  if (encoding === null && bytes[0] !== 0 && bytes[1] === 0) throw new EncodingError(`${name} seems to be UTF-16. Choose its encoding.`);
  const marked = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : null;
  try {
    return new TextDecoder(marked ?? encoding ?? "utf-8", { fatal: encoding === null || encoding === "utf-8" }).decode(bytes);
  } catch {
    throw new EncodingError(`${name} is not UTF-8. Choose its encoding.`);
  }
}

export function formatOfName(name: string): Format {
  if (/\.(csv|tsv)$/i.test(name)) return "csv";
  return /\.(jsonl|ndjson)$/i.test(name) ? "jsonl" : "lines";
}

/** What was pasted: lines of JSON objects, rows of a spreadsheet (tabs) or of a CSV file, or lines. */
export function formatOfText(text: string): Format {
  const lines = text.split("\n", 20).filter((line) => line.trim() !== "");
  if (lines.length > 0 && lines.every((line) => line.trimStart().startsWith("{"))) return "jsonl";
  if (lines.length > 0 && lines.every((line) => line.includes("\t"))) return "csv";
  return [",", ";"].some((delimiter) => isCsv(text, delimiter)) ? "csv" : "lines";
}

/** Every row has as many cells; and none in the first begins with a blank, as what follows a comma in a sentence does. */
function isCsv(text: string, delimiter: string): boolean {
  const { data } = parse<string[]>(text, { delimiter, preview: 20, skipEmptyLines: true });
  const [first = []] = data;
  return data.length > 1 && first.length > 1 && data.every(({ length }) => length === first.length) && first.every((cell) => !/^\s/.test(cell));
}

export function readText(name: string, text: string, format: Format, header: boolean): Table {
  const table = format === "csv" ? readCsv(name, text, header) : format === "jsonl" ? readJsonLines(name, text) : readLines(name, text);
  if (table.rows.length === 0) throw new TableError(`${name} has no rows${format === "csv" && header ? " below its header" : ""}.`);
  if (table.rows.length > MAX_ROWS) {
    throw new TableError(`${name} has ${plural(table.rows.length, "row")}; a table here takes up to ${MAX_ROWS.toLocaleString("en")}. On the command line: wasm-clf batch.`);
  }
  return table;
}

function readCsv(name: string, text: string, header: boolean): Table {
  const { data, errors } = parseRows(text);
  const width = data.reduce((most, row) => Math.max(most, row.length), 0);
  const names = header ? (data.shift() ?? []) : [];
  const columns = unique(Array.from({ length: width }, (_, i) => names[i]?.trim() || `column ${i + 1}`));
  const notes = errors.filter(({ code }) => code !== "UndetectableDelimiter").slice(0, SAID).map(({ message, row }) => (row === undefined ? message : `Row ${row + 1}: ${message}`));
  const ragged = data.filter((row) => row.length !== width).length;
  if (ragged > 0) notes.push(`${plural(ragged, "row")} with fewer cells than ${width}: the missing ones are empty.`);
  return { name, columns, rows: data.map((row) => pad(row, width)), notes };
}

/** papaparse guesses by the average width and gives up where short rows pull it down; then the first row decides. */
function parseRows(text: string): ParseResult<string[]> {
  const guessed = parse<string[]>(text, { skipEmptyLines: true });
  if (!guessed.errors.some(({ code }) => code === "UndetectableDelimiter")) return guessed;
  const width = (delimiter: string): number => parse<string[]>(text, { delimiter, preview: 1, skipEmptyLines: true }).data[0]?.length ?? 0;
  const widest = [",", ";", "\t", "|"].sort((a, b) => width(b) - width(a))[0] ?? ",";
  return parse<string[]>(text, { delimiter: widest, skipEmptyLines: true });
}

function readJsonLines(name: string, text: string): Table {
  const columns: string[] = [];
  const at = new Map<string, number>();
  const rows: string[][] = [];
  const bad: number[] = [];
  const place = (column: string): number => {
    const known = at.get(column);
    if (known !== undefined) return known;
    at.set(column, columns.length);
    return columns.push(column) - 1;
  };
  text.split("\n").forEach((line, i) => {
    if (line.trim() === "") return;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      bad.push(i + 1);
      return;
    }
    if (Array.isArray(value)) throw new TableError(`${name}, line ${i + 1}, is a list. Save each row as one object on a line of its own, or as CSV.`);
    const entries = typeof value === "object" && value !== null ? Object.entries(value) : [["text", value] as const];
    const row: string[] = [];
    for (const [column, cell] of entries) row[place(column)] = cellText(cell);
    rows.push(row);
  });
  const more = bad.length > SAID ? ` and ${bad.length - SAID} more` : "";
  const notes = bad.length === 0 ? [] : [`Not JSON and left out: line ${bad.slice(0, SAID).join(", ")}${more}.`];
  return { name, columns, rows: rows.map((row) => pad(row, columns.length)), notes };
}

function readLines(name: string, text: string): Table {
  const rows = text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== "").map((line) => [line]);
  return { name, columns: ["text"], rows, notes: [] };
}

function cellText(value: unknown): string {
  if (typeof value === "string") return value;
  return value === null || value === undefined ? "" : JSON.stringify(value);
}

function pad(row: readonly string[], width: number): string[] {
  return Array.from({ length: width }, (_, i) => row[i] ?? "");
}

/** Column names, made different where a file repeats one. */
function unique(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times === 1 ? name : `${name} (${times})`;
  });
}

const TEXT_NAMES = /^(texts?|reviews?|comments?|content|body|messages?|sentences?|documents?|description|tweet|question|文本|内容|评论|评价|正文)$/i;
const LOOKED_AT = 200;

/** Which column holds the texts: by its name, else the one with the longest cells. */
export function guessColumn({ columns, rows }: Table): number {
  const named = columns.findIndex((column) => TEXT_NAMES.test(column.trim()));
  if (named >= 0) return named;
  const lengths = columns.map((_, i) => rows.slice(0, LOOKED_AT).reduce((sum, row) => sum + (row[i] ?? "").length, 0));
  return lengths.indexOf(Math.max(...lengths));
}
