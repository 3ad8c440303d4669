/**
 * The ladder's rungs in the tab: Worker, then main thread. The kernel's is the classifier's to take (`NOT_HERE`).
 *
 * A step down is taken for what the page or the device forbids, never for an error of the engine or the model, which would
 * only happen again.
 */
import type { Capabilities } from "../capabilities.js";
import { EngineError } from "../errors.js";
import type { Variant } from "../types.js";
import type { EngineClient } from "./client.js";
import type { LowerRungs } from "./lower.js";
import { type ModelSize, memoryNeed } from "./memory.js";
import { openInWorker, type Started, startWorker, type WorkerSource } from "./worker-client.js";

export interface Rungs {
  readonly capabilities: Capabilities;
  /** Where it is known before the model is here. */
  readonly modelSize: ModelSize | null;
  engine(): Promise<{ readonly bytes: ArrayBuffer; readonly variant: Variant }>;
  model(): Promise<ArrayBuffer>;
  /** Whether its bytes are known to be those of a file whose content hash was right. */
  readonly modelVerified: boolean;
  worker(): Promise<WorkerSource>;
  lower(): Promise<LowerRungs>;
  onCompiling?(): void;
}

/** Codes of errors that say: not in this tab. */
export const NOT_HERE: ReadonlySet<string> = new Set(["no-wasm", "wasm-forbidden", "model-too-large", "out-of-memory"]);

export async function climb(rungs: Rungs): Promise<EngineClient> {
  refuse(rungs.capabilities, rungs.modelSize);
  return inTab(rungs);
}

/** Throws where it cannot run in this tab: before anything is fetched. */
export function refuse(capabilities: Capabilities, modelSize: ModelSize | null): void {
  if (!capabilities.webassembly) throw new EngineError("This browser has no WebAssembly.", "no-wasm", "Use a current browser.");
  if (!capabilities.webassembly_allowed) {
    throw new EngineError(
      "This page's policy forbids WebAssembly: the directive script-src lacks 'wasm-unsafe-eval'.", "wasm-forbidden",
      "Ask the site's owner to add it.",
    );
  }
  if (modelSize === null) return;
  const { fits, need, limit, limit_reason } = memoryNeed(modelSize, capabilities.device_memory);
  if (fits) return;
  const mb = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20).toLocaleString("en")} MiB`;
  throw new EngineError(
    `The model (${mb(modelSize.bytes)}) needs about ${mb(need)} of memory; in a tab here it may have ${mb(limit)} (${limit_reason}).`, "model-too-large",
    "Use a smaller model, or a device with more memory.",
  );
}

async function inTab(rungs: Rungs): Promise<EngineClient> {
  // The Worker starts while engine and model are on their way.
  let why = "";
  const starting: Promise<Started | null> = rungs.worker().then(async (source) => {
    if (source === null) {
      why = "the caller wants no Worker";
      return null;
    }
    try {
      return await startWorker(source);
    } catch (error) {
      why = `no Worker: ${error instanceof Error ? error.message : String(error)}`;
      return null;
    }
  });
  let started: Started | null = null;
  try {
    const [engine, model] = await Promise.all([rungs.engine(), rungs.model()]);
    started = await starting;
    rungs.onCompiling?.();
    if (started !== null) return await openInWorker(started, engine.bytes, model, rungs.modelVerified, engine.variant);
    const { openMain } = await rungs.lower();
    const node = typeof document === "undefined" && typeof Worker === "undefined";
    return await openMain(engine.bytes, model, rungs.modelVerified, node ? "node" : "tab-main", engine.variant, node ? "no page and no Worker here" : why);
  } catch (error) {
    starting.then((running) => running?.end(), () => undefined);
    throw error;
  }
}
