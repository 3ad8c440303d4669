/** The classified rows: sorted by a click on a heading, filtered, in pages, saved as CSV. */
import { useMemo } from "preact/hooks";
import type { RawBatch } from "../../engine/abi.js";
import type { ClassificationResult, ModelInfo } from "../../types.js";
import { labelText, plural, probability, signed } from "../format.js";
import { useId } from "../id.js";
import { csvName, toCsv } from "./csv.js";
import { count, type Filter, rowsOf, select, type SortKey } from "./order.js";
import type { Table } from "./read.js";
import type { BatchStore } from "./store.js";

const PAGE = 10;
/** A cell shows so much; the whole text stands in the file. */
const CELL_UNITS = 300;

interface Props {
  readonly store: BatchStore;
  readonly table: Table;
  readonly raw: RawBatch;
  readonly info: ModelInfo | null;
  result(i: number): ClassificationResult;
  /** Shows a row's text in the field above. */
  onText(text: string): void;
}

const HEADINGS: readonly { readonly key: SortKey; readonly title: string; readonly number?: true }[] = [
  { key: "row", title: "row", number: true }, { key: "text", title: "text" }, { key: "label", title: "label" }, { key: "confidence", title: "confidence", number: true },
];

export function ResultTable({ store, table, raw, info, result, onText }: Props) {
  const targets = info?.targets ?? "single";
  const groups = info?.groups ?? [];
  // Of several outputs a text has a class each, and an output has a number, as in the scores above.
  const names = groups.flatMap((group, output) => group.map((label) => (targets === "multioutput" ? `${output}: ${labelText(label)}` : labelText(label))));
  const headings = targets === "single" ? HEADINGS : HEADINGS.filter(({ key }) => key !== "confidence");
  const texts = store.texts.value;
  const selection = store.selection.value;
  const rows = useMemo(() => rowsOf(raw, info?.uncertain_below ?? null, targets, groups), [raw, info, targets]);
  const counts = useMemo(() => count(rows, names.length), [rows, names.length]);
  const shown = useMemo(() => select(rows, texts, selection), [rows, texts, selection]);
  const pages = Math.max(1, Math.ceil(shown.length / PAGE));
  const page = Math.min(store.page.value, pages - 1);
  const visible = shown.subarray(page * PAGE, (page + 1) * PAGE);
  const sort = (key: SortKey): void => store.select({ key, descending: selection.key === key ? !selection.descending : false });
  const turn = (by: number): void => { store.page.value = Math.min(Math.max(page + by, 0), pages - 1); };
  return (
    <>
      <FilterChoice store={store} classes={names} counts={counts} total={rows.n} confident={targets === "single"} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is of controls */}
      <div class="wcw-scroll" role="group" aria-label="Classified rows" tabIndex={0}>
        <table aria-label="Classified rows">
          <thead>
            <tr>
              {headings.map(({ key, title, number }) => (
                <th key={key} scope="col" class={number && "wcw-number"} aria-sort={selection.key !== key ? "none" : selection.descending ? "descending" : "ascending"}>
                  <button type="button" onClick={() => sort(key)}>
                    {title}<span aria-hidden="true">{selection.key !== key ? "" : selection.descending ? " ▾" : " ▴"}</span>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {Array.from(visible, (i) => <Row key={i} i={i} text={texts[i] ?? ""} result={result(i)} onText={onText} />)}
          </tbody>
        </table>
      </div>
      <div class="wcw-line">
        <span class="wcw-dim" role="status">
          {shown.length === 0 ? "no rows" : `${(page * PAGE + 1).toLocaleString("en")}–${(page * PAGE + visible.length).toLocaleString("en")} of ${plural(shown.length, "row")}`}
          <span class="wcw-hidden">, sorted by {selection.key}{selection.descending ? ", descending" : ""}</span>
        </span>
        {/* not disabled, because a disabled button loses the focus */}
        <button type="button" aria-label="Previous page" aria-disabled={page === 0} onClick={() => turn(-1)}>‹</button>
        <button type="button" aria-label="Next page" aria-disabled={page + 1 === pages} onClick={() => turn(1)}>›</button>
        <span class="wcw-gap" />
        <button type="button" title="The rows shown, all pages of them, in this order, with the file's own columns" onClick={() => save(table.name, toCsv(table, shown, result))}>Save CSV</button>
      </div>
    </>
  );
}

function Row({ i, text, result, onText }: { i: number; text: string; result: ClassificationResult; onText: (text: string) => void }) {
  const { label, class_index, confidence, all_scores, is_uncertain, known_features } = result;
  const tone = is_uncertain ? "" : all_scores.length !== 2 ? "" : class_index === 1 ? "wcw-blue" : "wcw-orange";
  return (
    <tr>
      <td class="wcw-number wcw-dim">{i + 1}</td>
      <td class="wcw-text"><button type="button" dir="auto" title="Show it in the field above" onClick={() => onText(text)}>{text === "" ? "(empty)" : text.slice(0, CELL_UNITS)}</button></td>
      <td class="wcw-verdicts">
        <span class={`wcw-tone ${tone}`} dir="auto">{labelText(label)}</span>
        {is_uncertain && <span class="wcw-chip wcw-warn">not sure</span>}
        {known_features === 0 && <span class="wcw-chip">no known feature</span>}
      </td>
      {typeof class_index === "number" && <td class="wcw-number">{confidence !== null ? probability(confidence) : signed(all_scores[class_index]?.score ?? 0)}</td>}
    </tr>
  );
}

interface FilterProps {
  readonly store: BatchStore;
  readonly classes: readonly string[];
  readonly counts: ReturnType<typeof count>;
  readonly total: number;
  /** Whether a text has one label, and so a confidence. */
  readonly confident: boolean;
}

function FilterChoice({ store, classes, counts, total, confident }: FilterProps) {
  const id = useId();
  const { filter, key, descending } = store.selection.value;
  const chosen = (value: string): Filter => (value === "all" || value === "unsure" || value === "unknown" ? value : Number(value));
  const lowest = key === "confidence" && !descending;
  return (
    <div class="wcw-line">
      <span class="wcw-pair">
        <label for={id}>show</label>
        <select id={id} value={String(filter)} onChange={(event) => store.select({ filter: chosen(event.currentTarget.value) })}>
          <option value="all">all · {total.toLocaleString("en")}</option>
          {counts.unsure > 0 && <option value="unsure">not sure · {counts.unsure.toLocaleString("en")}</option>}
          {counts.unknown > 0 && <option value="unknown">no known feature · {counts.unknown.toLocaleString("en")}</option>}
          {classes.map((name, i) => <option key={i} value={i}>{name} · {(counts.labels[i] ?? 0).toLocaleString("en")}</option>)}
        </select>
      </span>
      {confident && (
        <button type="button" aria-pressed={lowest} onClick={() => store.select(lowest ? { key: "row", descending: false } : { key: "confidence", descending: false })}>
          low confidence first
        </button>
      )}
    </div>
  );
}

function save(name: string, csv: string): void {
  const url = URL.createObjectURL(new Blob([csv], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = csvName(name);
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser may read it after the click
}
