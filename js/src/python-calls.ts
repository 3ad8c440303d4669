/** What Python may ask of the tab: to classify texts that it sends, and to look into and tidy this browser's cache. */
import type { CacheInspector } from "./cache/types.js";
import type { RunningClassifier } from "./running.js";
import { EngineError, toWire } from "./errors.js";
import { aligned, type CallMessage, type Channel } from "./protocol.js";

interface Answer {
  readonly value: unknown;
  readonly buffers?: ArrayBuffer[];
}

/** What a call needs of its widget. */
export interface Asked {
  readonly channel: Channel;
  readonly signal: AbortSignal;
  /** This page's own word. */
  readonly tab: string;
  /** Resolves when the classifier is there, and rejects where it does not come. */
  ready(): Promise<RunningClassifier>;
  inspector(): Promise<CacheInspector>;
}

export async function answerCall(asked: Asked, message: CallMessage, buffers: readonly DataView[]): Promise<void> {
  try {
    send(asked, message.id, await answer(asked, message, buffers), null);
  } catch (error) {
    if (!asked.signal.aborted) send(asked, message.id, { value: null }, error);
  }
}

async function answer({ ready, inspector, tab }: Asked, { what, value }: CallMessage, buffers: readonly DataView[]): Promise<Answer> {
  switch (what) {
    case "take": return { value: { tab } };
    case "classify": return classify(await ready(), buffers);
    case "cache-report": return { value: await (await inspector()).report() };
    case "cache-evict": return { value: await (await inspector()).evict(String(value)) };
    case "cache-clear": return { value: await (await inspector()).clear() };
    case "cache-persist": return { value: await (await inspector()).persist() };
    default: throw new EngineError(`This page does not know the call ${String(what)}.`, "protocol", "Reload the page.");
  }
}

function send({ channel, tab }: Asked, id: string, { value, buffers }: Answer, error: unknown): void {
  try {
    channel.send({ wcw: 1, type: "done", id, tab, value, error: error === null ? null : toWire(error) }, buffers ?? []);
  } catch {
    // The kernel is gone, and with it the one who asked.
  }
}

async function classify(classifier: RunningClassifier, buffers: readonly DataView[]): Promise<Answer> {
  const [bytes, offsets] = buffers.map(aligned);
  if (bytes === undefined || offsets === undefined) throw new EngineError("The call came without its texts.", "protocol");
  const packed = { n: offsets.byteLength / 4 - 1, bytes: new Uint8Array(bytes), offsets: new Uint32Array(offsets), replaced: null };
  const { batch, ranOn, variant } = await classifier.classifyPacked(packed);
  const { scores, probabilities, labels, known } = batch;
  return { value: { ran_on: ranOn, variant }, buffers: [scores.buffer, probabilities?.buffer ?? new ArrayBuffer(0), labels.buffer, known.buffer] };
}
