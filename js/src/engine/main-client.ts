/** The engine on the calling thread: in Node, and in a page whose policy forbids Workers. */
import type { RanOn, Variant } from "../types.js";
import type { EngineClient } from "./client.js";
import { EngineHost } from "./host.js";

/** Half a frame: between two slices the page paints and hears the reader. */
const PACE = { window: 1, milliseconds: 6 };

export async function openMain(engine: ArrayBuffer, model: ArrayBuffer, isVerified: boolean, ranOn: RanOn, variant: Variant, reason: string): Promise<EngineClient> {
  const host = new EngineHost();
  const size = model.byteLength;
  const { document } = await host.open(engine, model, isVerified);
  return {
    ranOn, variant, reason, document, size, pace: PACE,
    classify: async (texts) => host.classifyPacked(texts),
    explain: async (text) => host.explain(text),
    stage: async (stage, text) => host.stage(stage, text),
    verify: async () => host.verify(),
    close: () => host.close(),
  };
}
