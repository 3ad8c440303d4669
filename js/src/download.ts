/**
 * Gets one asset in chunks over a channel.
 *
 * At most WINDOW requests are under way: the tab sets the pace. A chunk that was overtaken by later ones is asked for
 * again soon (it was lost), one that nothing has overtaken with growing patience (the kernel is busy). Repeated and
 * unordered chunks do no harm: each has its place.
 */
import { EngineError } from "./errors.js";
import { CHUNK_BYTES, type AssetEntry, type Channel, type FetchOptions, type GetMessage } from "./protocol.js";
import { tab } from "./tab.js";

const WINDOW = 4;
const TICK_MS = 250;
export const WAITING_AFTER_MS = 1_500;
const LOST_AFTER_MS = 2_000;
const ASK_AGAIN_MS = 8_000;
const ASK_AGAIN_MAX_MS = 60_000;

interface Pending {
  asked: number;
  patience: number;
}

let counter = 0;

export function download(channel: Channel, entry: AssetEntry, options: FetchOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { sha256, size } = entry;
  const { signal, onProgress, onWaiting } = options;
  const id = `${tab}-${++counter}`;
  const bytes = new Uint8Array(size);
  const pending = new Map<number, Pending>();
  const listening = new AbortController();
  let next = 0;
  let loaded = 0;
  let lastHeard = Date.now();
  let waiting = false;

  return new Promise<Uint8Array<ArrayBuffer>>((resolve, reject) => {
    const lengthAt = (offset: number): number => Math.min(CHUNK_BYTES, size - offset);
    const ask = (offset: number, patience: number): void => {
      pending.set(offset, { asked: Date.now(), patience });
      const message: GetMessage = { wcw: 1, type: "get", id, sha256, offset, size: lengthAt(offset) };
      try {
        channel.send(message);
      } catch {
        reject(new EngineError("The kernel cannot be reached.", "kernel-lost", "Run the cell again."));
      }
    };
    const fill = (): void => {
      while (next < size && pending.size < WINDOW && !listening.signal.aborted) {
        ask(next, ASK_AGAIN_MS);
        next += CHUNK_BYTES;
      }
    };
    const setWaiting = (value: boolean): void => {
      if (waiting === value) return;
      waiting = value;
      onWaiting?.(value);
    };

    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { signal: listening.signal });
    channel.listen((message, buffers) => {
      if (message.id !== id) return;
      lastHeard = Date.now();
      setWaiting(false);
      if (message.type === "refused") {
        reject(new EngineError(message.message, message.code, "Run the cell again."));
        return;
      }
      const buffer = buffers[0];
      if (message.type !== "chunk" || buffer === undefined || !pending.has(message.offset)) return;
      if (buffer.byteLength !== lengthAt(message.offset)) {
        reject(new EngineError(
          `The kernel sent ${buffer.byteLength} bytes at ${message.offset}, ${lengthAt(message.offset)} were asked for.`, "protocol",
        ));
        return;
      }
      pending.delete(message.offset);
      bytes.set(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength), message.offset);
      loaded += buffer.byteLength;
      onProgress?.(loaded, size);
      if (loaded === size) resolve(bytes);
      else fill();
    }, listening.signal);

    const timer = setInterval(() => {
      const now = Date.now();
      if (now - lastHeard > WAITING_AFTER_MS) setWaiting(true);
      for (const [offset, { asked, patience }] of pending) {
        const overtaken = lastHeard > asked && now - asked > LOST_AFTER_MS;
        if (overtaken || now - asked > patience) ask(offset, Math.min(patience * 2, ASK_AGAIN_MAX_MS));
      }
    }, TICK_MS);
    listening.signal.addEventListener("abort", () => clearInterval(timer), { once: true });
    if (size === 0) resolve(bytes);
    else fill();
  }).finally(() => listening.abort());
}
