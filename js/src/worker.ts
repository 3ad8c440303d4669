/** The Worker: an EngineHost behind comlink. Built as a classic script, which every browser takes from a Blob URL. */
import { expose, transfer } from "comlink";
import type { RawBatch } from "./engine/abi.js";
import { EngineHost } from "./engine/host.js";
import type { PackedTexts } from "./engine/pack.js";
import { READY, type Ready } from "./engine/ready.js";
import "./engine/wire.js";

class WorkerHost extends EngineHost {
  override classifyPacked(texts: PackedTexts): RawBatch {
    const batch = super.classifyPacked(texts);
    const buffers = [batch.scores, batch.probabilities, batch.labels, batch.known, batch.replaced].flatMap((view) => view?.buffer ?? []);
    return transfer(batch, buffers);
  }
}

expose(new WorkerHost());

const say = (lock: string | null): void => postMessage({ wcw: READY, lock } satisfies Ready);
// Held until this Worker ends, however that happens: see engine/worker-client.ts.
const lock = `wasm-clf-widget:${Math.random().toString(36).slice(2)}${Date.now().toString(36)}`;
try {
  navigator.locks.request(lock, () => {
    say(lock);
    return new Promise(() => undefined);
  }).catch(() => say(null)); // an opaque origin
} catch {
  say(null); // not a secure context
}
