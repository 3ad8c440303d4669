/** The Worker: an EngineHost that answers messages. Built as a classic script, which every browser takes from a Blob URL. */
import type { RawBatch } from "./engine/abi.js";
import { EngineHost } from "./engine/host.js";
import { READY, type Ready } from "./engine/ready.js";
import { serve } from "./engine/wire.js";

serve(new EngineHost(), (value, method) => {
  if (method !== "classifyPacked") return [];
  const { scores, probabilities, labels, known, replaced } = value as RawBatch;
  return [scores, probabilities, labels, known, replaced].flatMap((view) => view?.buffer ?? []);
});

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
