/** What Python may ask of the tab: to classify texts that it sends, and to look into and tidy this browser's cache. */
import type { CacheInspector } from "./cache/types.js";
import type { Classifier } from "./classifier.js";
import { EngineError, toWire } from "./errors.js";
import { aligned } from "./kernel-client.js";
import type { CallMessage, Channel } from "./protocol.js";
import { tab } from "./tab.js";

interface Answer {
  readonly value: unknown;
  readonly buffers?: ArrayBuffer[];
}

/** `ready` resolves when the classifier is there, and rejects where it does not come. */
export function answerPython(channel: Channel, signal: AbortSignal, ready: () => Promise<Classifier>, inspector: CacheInspector): void {
  const answer = async ({ what, value }: CallMessage, buffers: readonly DataView[]): Promise<Answer> => {
    switch (what) {
      case "take": return { value: { tab } };
      case "classify": return classify(await ready(), buffers);
      case "cache-report": return { value: await inspector.report() };
      case "cache-evict": return { value: await inspector.evict(String(value)) };
      case "cache-clear": return { value: await inspector.clear() };
      case "cache-persist": return { value: await inspector.persist() };
      default: throw new EngineError(`This page does not know the call ${String(what)}.`, "protocol", "Reload the page.");
    }
  };
  channel.listen((message, buffers) => {
    if (message.type !== "call" || (message.tab !== null && message.tab !== tab)) return;
    answer(message, buffers).then(
      (done) => send(channel, message.id, done, null),
      (error: unknown) => { if (!signal.aborted) send(channel, message.id, { value: null }, error); },
    );
  }, signal);
}

function send(channel: Channel, id: string, { value, buffers }: Answer, error: unknown): void {
  try {
    channel.send({ wcw: 1, type: "done", id, tab, value, error: error === null ? null : toWire(error) }, buffers ?? []);
  } catch {
    // The kernel is gone, and with it the one who asked.
  }
}

async function classify(classifier: Classifier, buffers: readonly DataView[]): Promise<Answer> {
  const [bytes, offsets] = buffers.map(aligned);
  if (bytes === undefined || offsets === undefined) throw new EngineError("The call came without its texts.", "protocol");
  const packed = { n: offsets.byteLength / 4 - 1, bytes: new Uint8Array(bytes), offsets: new Uint32Array(offsets), replaced: null };
  const { batch, ranOn, variant } = await classifier.classifyPacked(packed);
  const { scores, probabilities, labels, known } = batch;
  return { value: { ran_on: ranOn, variant }, buffers: [scores.buffer, probabilities?.buffer ?? new ArrayBuffer(0), labels.buffer, known.buffer] };
}
