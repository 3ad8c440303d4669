/** A file or pasted rows, classified: where it comes from, how far it is, and the table. Works without a kernel. */
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { BatchState } from "../../state.js";
import type { ViewProps } from "../app.js";
import { plural } from "../format.js";
import { useId } from "../id.js";
import { ENCODINGS, type Encoding, formatOfText, type Table } from "./read.js";
import { type BatchStore, storeOf } from "./store.js";
import { ResultTable } from "./table.js";

interface Props extends ViewProps {
  /** A file that was dropped on the widget. */
  readonly file: File | null;
}

/** A dropped file is read once, however often its panel is opened. */
const taken = new WeakSet<File>();

export function BatchPanel({ state, actions, file }: Props) {
  const store = storeOf(state, actions);
  useEffect(() => {
    if (file === null || taken.has(file)) return;
    taken.add(file);
    void store.read({ file });
  }, [file, store]);
  const table = store.table.value;
  const batch = state.batch.value;
  const mine = batch !== null && batch.total === store.texts.value.length;
  return (
    <div class="wcw-batch">
      {store.problem.value !== "" && <div class="wcw-notice" role="alert">{store.problem.value}</div>}
      {/* always there, so that a screen reader hears every change of it */}
      <div class="wcw-dim" role="status">{store.reading.value && "Reading…"}</div>
      {table === null ? <Source store={store} /> : <Read store={store} table={table} />}
      {store.problem.value !== "" && store.asksEncoding.value && <EncodingChoice store={store} />}
      {table !== null && !store.reading.value && mine && batch.phase !== "done" && <Progress store={store} batch={batch} cancel={actions.cancelBatch} />}
      {table !== null && !store.reading.value && mine && batch.phase === "done" && batch.raw !== null && (
        <ResultTable store={store} table={table} raw={batch.raw} result={(i) => batch.result(i)} info={state.info.value} onText={actions.type} />
      )}
    </div>
  );
}

/** Takes over the focus of what the reader acted on, which went when this came. */
function useMovedFocus<T extends HTMLElement>(store: BatchStore): RefObject<T | null> {
  const target = useRef<T>(null);
  useEffect(() => {
    if (store.moveFocus) target.current?.focus();
    store.moveFocus = false;
  }, [store]);
  return target;
}

function Source({ store }: { store: BatchStore }) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const choose = useMovedFocus<HTMLButtonElement>(store);
  const paste = (event: ClipboardEvent): void => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const file = event.clipboardData?.files?.[0];
    if (text === "" && file === undefined) return;
    event.preventDefault();
    store.take(text === "" && file !== undefined ? { file } : { text, format: formatOfText(text) });
  };
  return (
    <div class="wcw-source">
      <div class="wcw-line">
        <button type="button" ref={choose} onClick={() => input.current?.click()}>Choose a file…</button>
        <span class="wcw-dim">or drop one here: .csv, .tsv, .jsonl, or .txt with a text on each line. It is read in this tab.</span>
      </div>
      <input
        ref={input} type="file" hidden aria-label="File of texts" accept=".csv,.tsv,.jsonl,.ndjson,.txt"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (file !== undefined) store.take({ file });
        }}
      />
      <label class="wcw-hidden" for={id}>Paste rows</label>
      <textarea id={id} rows={1} placeholder="or paste lines or cells here" value="" onPaste={paste} onInput={(event) => { event.currentTarget.value = ""; }} />
    </div>
  );
}

function Read({ store, table }: { store: BatchStore; table: Table }) {
  const id = useId();
  const name = useMovedFocus<HTMLSpanElement>(store);
  const source = store.source.value;
  const csv = source !== null && ("file" in source ? /\.(csv|tsv)$/i.test(source.file.name) : source.format === "csv");
  return (
    <>
      <div class="wcw-line">
        <span class="wcw-file" ref={name} tabIndex={-1} dir="auto" title={table.name}>{table.name}</span>
        <span class="wcw-dim">{plural(table.rows.length, "row")}</span>
        {table.columns.length > 1 && (
          <span class="wcw-pair">
            <label for={`${id}-column`}>text in</label>
            <select id={`${id}-column`} value={store.column.value} onChange={(event) => store.classify(Number(event.currentTarget.value))}>
              {table.columns.map((column, i) => <option key={column} value={i}>{column}</option>)}
            </select>
          </span>
        )}
        {csv && (
          <label class="wcw-pair">
            <input type="checkbox" checked={store.header.value} onChange={(event) => store.again({ header: event.currentTarget.checked })} />
            first row is a header
          </label>
        )}
        <span class="wcw-gap" />
        <button type="button" onClick={() => store.clear()}>Another file</button>
      </div>
      {table.notes.map((note) => <div class="wcw-dim" key={note}>{note}</div>)}
    </>
  );
}

function EncodingChoice({ store }: { store: BatchStore }) {
  const id = useId();
  return (
    <div class="wcw-line">
      <label for={id}>Read it as</label>
      <select id={id} value={store.encoding.value ?? ""} onChange={(event) => store.again({ encoding: event.currentTarget.value as Encoding })}>
        <option value="" disabled>encoding</option>
        {ENCODINGS.map((encoding) => <option key={encoding} value={encoding}>{encoding}</option>)}
      </select>
    </div>
  );
}

function Progress({ store, batch, cancel }: { store: BatchStore; batch: BatchState; cancel: () => void }) {
  const { phase, done, total, problem } = batch;
  if (phase === "failed") return <div class="wcw-notice" role="alert">{problem}</div>;
  const running = phase === "running";
  const seconds = (performance.now() - store.started.value) / 1000;
  const rate = seconds > 0.2 && done > 0 ? ` · ${Math.round(done / seconds).toLocaleString("en")} texts/s` : "";
  return (
    <div class="wcw-loading">
      {running && <progress aria-label="Texts classified" max={total} value={done} />}
      <div class="wcw-line">
        <span>{running ? "" : "Cancelled after "}{done.toLocaleString("en")} of {plural(total, "text")}{running ? rate : "."}</span>
        <span class="wcw-gap" />
        {/* one button, so that the focus stays on it */}
        <button type="button" onClick={() => (running ? cancel() : store.classify(store.column.value))}>{running ? "Cancel" : "Start again"}</button>
      </div>
    </div>
  );
}
