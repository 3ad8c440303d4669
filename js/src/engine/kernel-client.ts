/** The last rung: the model on the kernel's engine, asked over the comm. Texts leave the tab; only `fallback="kernel"` leads here. */
import type { RawBatch, RawExplanation } from "./abi.js";
import type { EngineClient } from "./client.js";
import { parseDocument } from "./document.js";
import { EngineError } from "../errors.js";
import { type AskMessage, aligned, type Channel } from "../protocol.js";
import { tab } from "../tab.js";
import type { ParityReport, Variant } from "../types.js";

/** Two under way, so that the kernel does not wait for the line. */
const PACE = { window: 2, milliseconds: 50 };

let counter = 0;

interface Reply {
  readonly value: unknown;
  readonly buffers: readonly DataView[];
}

export async function openInKernel(channel: Channel, signal: AbortSignal, why: string): Promise<EngineClient> {
  const ask = (what: AskMessage["what"], buffers: ArrayBuffer[] = []): Promise<Reply> => askKernel(channel, signal, what, buffers);
  const { document: text, variant, size } = (await ask("open")).value as { document: string; variant: Variant; size: number };
  const document = parseDocument(text);
  const { shape } = document;
  return {
    ranOn: "kernel-wasm", variant, document, size, pace: PACE,
    reason: `the kernel classifies, and texts are sent to it. ${why}`,
    async classify({ n, bytes, offsets, replaced }): Promise<RawBatch> {
      const started = performance.now();
      const { buffers } = await ask("classify", [bytes.slice().buffer, offsets.slice().buffer]);
      const [scores, probabilities, labels, known] = buffers.map(aligned) as [ArrayBuffer, ArrayBuffer, ArrayBuffer, ArrayBuffer];
      if (scores.byteLength !== n * shape.scores * 8 || labels.byteLength !== n * shape.labels * 4 || known.byteLength !== n * 4) {
        throw new EngineError(`The kernel's answer has not the size of ${n} answers.`, "protocol", "Restart the kernel and run the cell again.");
      }
      return {
        n, scores: new Float64Array(scores), probabilities: shape.probabilities > 0 ? new Float64Array(probabilities) : null,
        labels: new Uint32Array(labels), known: new Uint32Array(known), replaced: replaced ?? new Uint32Array(n), ms: performance.now() - started,
      };
    },
    async explain(text) {
      const { value } = await ask("explain", [new TextEncoder().encode(text).buffer as ArrayBuffer]);
      return inUnits(value as RawExplanation, text);
    },
    stage: () => Promise.reject(new EngineError("The kernel has its own stages.", "kernel-stage")),
    verify: async () => (await ask("verify")).value as ParityReport,
    close: () => undefined,
  };
}

function askKernel(channel: Channel, signal: AbortSignal, what: AskMessage["what"], buffers: ArrayBuffer[]): Promise<Reply> {
  const id = `${tab}-ask-${++counter}`;
  const listening = new AbortController();
  return new Promise<Reply>((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { signal: listening.signal });
    channel.listen((message, received) => {
      if (message.id !== id) return;
      if (message.type === "reply") resolve({ value: message.value, buffers: received });
      if (message.type === "refused") reject(new EngineError(message.message, message.code, "Run the cell again."));
    }, listening.signal);
    try {
      channel.send({ wcw: 1, type: "ask", id, what }, buffers);
    } catch {
      reject(new EngineError("The kernel cannot be reached.", "kernel-lost", "Run the cell again."));
    }
  }).finally(() => listening.abort());
}

/** The kernel counts code points, the page UTF-16 units. */
function inUnits(explanation: RawExplanation, text: string): RawExplanation {
  const units = new Uint32Array(text.length + 1);
  let points = 0;
  let unit = 0;
  for (const character of text) {
    unit += character.length;
    units[++points] = unit;
  }
  return { ...explanation, spans: explanation.spans.map((span) => ({ ...span, start: units[span.start] ?? unit, end: units[span.end] ?? unit })) };
}
