/** Opens a widget's classifier: out of the cache where it is there, else from the kernel; says how far it is. */
import type { AssetCache } from "./cache/cache.js";
import { type Capabilities, probe } from "./capabilities.js";
import { Classifier } from "./classifier.js";
import { openInKernel } from "./kernel-client.js";
import type { Status } from "./model-state.js";
import type { AssetName, Assets, Channel } from "./protocol.js";

export interface Opening {
  readonly assets: Assets;
  readonly cache: AssetCache;
  readonly channel: Channel;
  readonly signal: AbortSignal;
  readonly fallback: "none" | "kernel";
  /** Which widget this is. */
  readonly uid: string;
  say(status: Status): void;
  found(capabilities: Capabilities): void;
}

export async function openClassifier({ assets, cache, channel, signal, fallback, uid, say, found }: Opening): Promise<Classifier> {
  say(statusOf("fetching", "Looking for the engine and the model", 0));
  const capabilities = await probe();
  found(capabilities);
  void cache.facts().then((storage) => found({ ...capabilities, storage }));
  const engineName: AssetName = `engine.${capabilities.variant}.wasm`;
  const { manifest } = assets;
  const total = (manifest[engineName]?.size ?? 0) + (manifest.model?.size ?? 0);
  const loaded = new Map<AssetName, number>();
  const fetching = (name: AssetName): Promise<Uint8Array<ArrayBuffer>> => assets.fetch(name, {
    signal,
    onProgress: (bytes) => {
      if (name !== engineName && name !== "model") return;
      loaded.set(name, bytes);
      const sum = [...loaded.values()].reduce((a, b) => a + b, 0);
      say(statusOf("fetching", `Fetching the model · ${megabytes(sum)} of ${megabytes(total)}`, total > 0 ? sum / total : null));
    },
    onWaiting: (waiting) => say(waiting
      ? statusOf("waiting-for-kernel", "Waiting for the kernel: it is busy with another cell", null)
      : statusOf("fetching", "Fetching the model", null)),
  });
  return Classifier.fromParts({
    capabilities,
    engineKey: manifest[engineName]?.sha256 ?? "",
    variant: capabilities.variant,
    modelSha256: manifest.model?.sha256 ?? "",
    modelSize: manifest.model?.size ?? 0,
    engine: async () => (await fetching(engineName)).buffer,
    model: async () => (await fetching("model")).buffer,
    worker: async () => ({ source: await fetching("worker.js") }),
    ...(fallback === "kernel" ? { kernel: { key: uid, open: (why: string) => openInKernel(channel, signal, why) } } : {}),
    onCompiling: () => say(statusOf("compiling", "Starting the engine", null)),
  }, signal);
}

/** Opens the classifier of a page that has everything itself. */
export type OpenHere = (signal: AbortSignal, onProgress: (loaded: number, total: number | null) => void) => Promise<Classifier>;

export function openHere(open: OpenHere, signal: AbortSignal, say: (status: Status) => void): Promise<Classifier> {
  say(statusOf("fetching", "Fetching the engine and the model", null));
  return open(signal, (bytes, total) => say(statusOf(
    "fetching", `Fetching the model · ${megabytes(bytes)}${total === null ? "" : ` of ${megabytes(total)}`}`, total === null ? null : bytes / total,
  )));
}

export function statusOf(state: Status["state"], message: string, progress: number | null): Status {
  return { state, progress, code: "", message, action: "" };
}

function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
