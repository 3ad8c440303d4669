/** The whole widget on a plain page: what `wasm-clf-widget/widget` exports. Its other files lie beside this module. */
import * as late from "./cache/late.js";
import { Classifier, type LoadOptions } from "./classifier.js";
import { EngineError } from "./errors.js";
import type { ChunkModule } from "./lazy/load.js";
import { fileUrl } from "./package-files.js";
import { explore } from "./page/explore.js";
import type { Explorer, PanelName } from "./page/types.js";
import type { ClassificationResult } from "./types.js";

export type { Explorer, PanelName };

export interface MountOptions extends Omit<LoadOptions, "signal" | "onProgress"> {
  /** What to call the model until it is here. */
  readonly title?: string | undefined;
  /** A text to begin with. */
  readonly text?: string | undefined;
  /** The panel that is open at first. */
  readonly panel?: PanelName | undefined;
  /** Called with each answer; null where the text could not be classified. */
  readonly onResult?: ((result: ClassificationResult | null) => void) | undefined;
}

/** Shows the whole widget in `el`, which may lie in a shadow root. */
export function mountClassifier(el: HTMLElement, model: URL | string | ArrayBuffer | Uint8Array, options: MountOptions = {}): Explorer {
  const { title, text, panel, onResult, ...load } = options;
  return explore(el, {
    title: title ?? "Text classifier",
    ...(text === undefined ? {} : { text }),
    ...(panel === undefined ? {} : { panel }),
    ...(onResult === undefined ? {} : { onResult }),
    open: (signal, onProgress) => Classifier.load(model, { ...load, signal, onProgress }),
    importChunk: (name) => import(/* webpackIgnore: true */ /* @vite-ignore */ fileUrl(name, load.base).href) as Promise<ChunkModule>,
    importCache: async () => late, // the classifier brings the cache itself, and one file of it compresses better than two
    styles: async () => {
      const response = await fetch(fileUrl("widget.css", load.base));
      if (!response.ok) throw new EngineError(`The styles at ${response.url} cannot be fetched: the server answered ${response.status}.`, "fetch");
      return new Uint8Array(await response.arrayBuffer());
    },
  });
}
