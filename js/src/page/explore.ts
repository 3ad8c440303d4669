/** The whole widget in a page without a kernel: the same controller and views, with traits that stay in the page. */
import type { RunningClassifier } from "../running.js";
import type * as Late from "../cache/late.js";
import { EngineError } from "../errors.js";
import type { ImportChunk } from "../lazy/load.js";
import type { Assets } from "../protocol.js";
import type { ClassificationResult } from "../types.js";
import type { PanelName } from "../views/panels.js";
import { createController } from "../widget.js";
import { LocalModel, NO_CHANNEL } from "./local-model.js";
import type { Explorer } from "./types.js";

export interface ExploreOptions {
  /** What to call the model until it is here. */
  readonly title: string;
  readonly text?: string;
  /** Opens the classifier; the view disposes of it when it is closed. Called again when the reader tries again. */
  open(signal: AbortSignal, onProgress: (loaded: number, total: number | null) => void): Promise<RunningClassifier>;
  readonly importChunk: ImportChunk;
  readonly importCache: () => Promise<typeof Late>;
  styles(): Promise<Uint8Array<ArrayBuffer>>;
  /** The panel that is open at first. */
  readonly panel?: PanelName;
  onResult?(result: ClassificationResult | null): void;
}

export function explore(el: HTMLElement, options: ExploreOptions): Explorer {
  const { title, text, open, importChunk, importCache, styles, onResult } = options;
  const end = new AbortController();
  const model = new LocalModel({ text: text ?? "", _text_seq: text === undefined ? 0 : 1 });
  model.on("change:result", () => onResult?.(model.get("result") as unknown as ClassificationResult | null));
  const assets: Assets = {
    fetched: new Map(),
    damaged: new Set(),
    manifest: { model: { sha256: "", size: 0, name: title } },
    fetch: (name) => name === "widget.css" ? styles() : Promise.reject(new EngineError(`This page has no ${name}.`, "asset-missing")),
  };
  const controller = createController({ model: model.asWidgetModel(), channel: NO_CHANNEL, assets, signal: end.signal, importChunk, importCache, open });
  const unmount = controller.mount(el, options.panel);
  return {
    setText: (next) => model.setText(next),
    close: () => {
      unmount();
      end.abort();
    },
  };
}
