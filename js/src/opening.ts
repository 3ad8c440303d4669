/** Opens a widget's classifier: out of the cache where it is there, else from the kernel; says how far it is. */
import { type Capabilities, probe } from "./capabilities.js";
import { NOT_HERE } from "./engine/ladder.js";
import type { LowerRungs } from "./engine/lower.js";
import { EngineError, toWire } from "./errors.js";
import type { Status } from "./model-state.js";
import type { AssetName, Assets, Channel } from "./protocol.js";
import { openParts, RunningClassifier } from "./running.js";

/** The Worker's program stands in ours: one file, compressed as one, and there whenever we are. */
declare const WCW_WORKER: string | undefined;
const WORKER = typeof WCW_WORKER === "undefined" ? "" : WCW_WORKER;

/** A model of this size is kept before it is used, so that a reader who reloads at once does not fetch it again; but this long at most. */
const LARGE_BYTES = 4 << 20;
const KEEP_MS = 10_000;

export interface Opening {
  readonly assets: Assets;
  readonly channel: Channel;
  readonly signal: AbortSignal;
  readonly fallback: "none" | "kernel";
  /** Which widget this is. */
  readonly uid: string;
  lower(): Promise<LowerRungs>;
  /** Puts what was fetched into the cache; never rejects. */
  keep(): Promise<unknown>;
  say(status: Status): void;
  found(capabilities: Capabilities): void;
}

export async function openClassifier({ assets, channel, signal, fallback, uid, lower, keep, say, found }: Opening): Promise<RunningClassifier> {
  say(statusOf("fetching", "Looking for the engine and the model", 0));
  const capabilities = await probe();
  found(capabilities);
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
      ? statusOf("waiting-for-kernel", "Waiting for the kernel: it is busy with another cell, or was restarted (then run this cell again)", null)
      : statusOf("fetching", "Fetching the model", null)),
  });
  const opened = await openParts({
    capabilities,
    engineKey: manifest[engineName]?.sha256 ?? "",
    variant: capabilities.variant,
    modelSha256: manifest.model?.sha256 ?? "",
    modelSize: { bytes: manifest.model?.size ?? 0, widened: manifest.model?.widened ?? manifest.model?.size ?? 0 },
    engine: async () => (await fetching(engineName)).buffer,
    model: async () => {
      const bytes = await fetching("model");
      if (bytes.length > LARGE_BYTES && assets.fetched.has("model")) await Promise.race([keep(), new Promise((resolve) => setTimeout(resolve, KEEP_MS))]);
      return bytes.buffer;
    },
    modelVerified: true, // by its SHA-256, which a kernel announced that had read it
    worker: async () => ({ source: WORKER }),
    ...(fallback === "kernel" ? { kernel: { key: uid, open: (rungs, why) => rungs.openInKernel(channel, signal, why) } } : {}),
    lower,
    onCompiling: () => say(statusOf("compiling", "Starting the engine", null)),
  }, signal).catch((error: unknown) => { throw inNotebook(error); });
  return new RunningClassifier(opened);
}

/** A notebook has one more place to classify than a page. */
function inNotebook(error: unknown): unknown {
  const { message, code, action } = toWire(error);
  return NOT_HERE.has(code) ? new EngineError(message, code, `${action} Or let the kernel classify (fallback="kernel").`) : error;
}

/** Opens the classifier of a page that has everything itself. */
export type OpenHere = (signal: AbortSignal, onProgress: (loaded: number, total: number | null) => void) => Promise<RunningClassifier>;

export function openHere(open: OpenHere, signal: AbortSignal, say: (status: Status) => void): Promise<RunningClassifier> {
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
