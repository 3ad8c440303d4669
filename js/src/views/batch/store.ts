/** The table of one widget: it stays when its panel is closed and opened again. */
import { batch, signal } from "@preact/signals";
import type { Actions, ViewState } from "../../state.js";
import type { Selection } from "./order.js";
import { type Encoding, EncodingError, guessColumn, readFile, readText, type Format, type Table, TableError } from "./read.js";

/** What a table was read from, so that it can be read again with another header or encoding. */
type Source = { readonly file: File } | { readonly text: string; readonly format: Format };

export class BatchStore {
  readonly table = signal<Table | null>(null);
  readonly column = signal(0);
  readonly header = signal(true);
  readonly encoding = signal<Encoding | null>(null);
  readonly problem = signal("");
  /** The problem may be the encoding. */
  readonly asksEncoding = signal(false);
  readonly reading = signal(false);
  readonly selection = signal<Selection>({ key: "row", descending: false, filter: "all" });
  readonly page = signal(0);
  readonly started = signal(0);
  /** The texts that `state.batch` answers; empty before anything was classified. */
  readonly texts = signal<readonly string[]>([]);
  readonly source = signal<Source | null>(null);
  /** What the reader acted on has gone or will go: the focus belongs to what comes in its place. */
  moveFocus = false;
  readonly #actions: Actions;
  #reads = 0;

  constructor(actions: Actions) {
    this.#actions = actions;
  }

  async read(source: Source): Promise<void> {
    const mine = ++this.#reads;
    this.#actions.cancelBatch();
    batch(() => {
      if (source !== this.source.value) {
        this.source.value = source;
        this.encoding.value = null;
        this.header.value = true;
        this.table.value = null;
      }
      this.problem.value = "";
      this.reading.value = true;
    });
    try {
      const table = "file" in source
        ? await readFile(source.file, this.encoding.value, this.header.value)
        : readText("the pasted text", source.text, source.format, this.header.value);
      if (mine !== this.#reads) return;
      batch(() => {
        this.table.value = table;
        this.reading.value = false;
      });
      this.classify(guessColumn(table));
    } catch (error) {
      if (mine !== this.#reads) return;
      this.moveFocus = this.table.value !== null; // else the reader is still where the source is chosen
      batch(() => {
        this.reading.value = false;
        this.table.value = null;
        this.asksEncoding.value = error instanceof EncodingError || this.encoding.value !== null;
        this.problem.value = error instanceof TableError ? error.message : `The file cannot be read: ${error instanceof Error ? error.message : String(error)}`;
      });
    }
  }

  /** As the reader asked for it by a control that goes when the table comes. */
  take(source: Source): void {
    this.moveFocus = true;
    void this.read(source);
  }

  again(change: { readonly header?: boolean; readonly encoding?: Encoding }): void {
    if (this.source.value === null) return;
    if (change.header !== undefined) this.header.value = change.header;
    if (change.encoding !== undefined) this.encoding.value = change.encoding;
    this.take(this.source.value);
  }

  classify(column: number): void {
    const table = this.table.value;
    if (table === null) return;
    batch(() => {
      this.column.value = column;
      this.selection.value = { key: "row", descending: false, filter: "all" };
      this.page.value = 0;
      this.started.value = performance.now();
      this.texts.value = table.rows.map((row) => row[column] ?? "");
    });
    this.#actions.classifyAll(this.texts.value);
  }

  select(change: Partial<Selection>): void {
    batch(() => {
      this.selection.value = { ...this.selection.value, ...change };
      this.page.value = 0;
    });
  }

  clear(): void {
    this.#reads += 1;
    this.moveFocus = true;
    this.#actions.cancelBatch();
    batch(() => {
      this.source.value = null;
      this.table.value = null;
      this.texts.value = [];
      this.reading.value = false;
      this.problem.value = "";
    });
  }
}

const stores = new WeakMap<ViewState, BatchStore>();

export function storeOf(state: ViewState, actions: Actions): BatchStore {
  const found = stores.get(state) ?? new BatchStore(actions);
  stores.set(state, found);
  return found;
}
