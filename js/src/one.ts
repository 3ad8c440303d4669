/** One text on an engine: apart from lists, which a page needs later, if at all. */
import type { EngineClient } from "./engine/client.js";
import { pack } from "./engine/pack.js";
import type { RawBatch } from "./engine/raw.js";
import { InputError } from "./errors.js";

/** Runs `call` with a client; see engine/steady.ts. @internal */
export type Run = <T>(call: (client: EngineClient) => Promise<T>) => Promise<T>;

/** @internal */
export async function classifyOne(client: EngineClient, run: Run, text: string): Promise<RawBatch> {
  const batch = await run((engine) => engine.classify(pack([text])));
  if (batch.replaced[0] !== 0) await refuseHashed(client, run, text, batch.known[0] as number);
  return batch;
}

/**
 * Where scikit-learn hashes a lone surrogate it raises, and so does every host of ours; a word holds none, an n-gram of
 * characters may. If the text has any n-gram at all, then every character stands in one. The kernel, which shows the tab
 * no n-grams, has counted them.
 */
export async function refuseHashed({ document, ranOn }: EngineClient, run: Run, text: string, known: number, where = ""): Promise<void> {
  if (!document.hashes_characters) return;
  const ngrams = ranOn === "kernel-wasm" ? known : new DataView((await run((engine) => engine.stage("ngrams", text))).buffer).getUint32(0, true);
  if (ngrams === 0) return;
  throw new InputError(
    `${where}the text holds a lone surrogate, which has no UTF-8 bytes to hash (scikit-learn raises there too); `
      + "replace it first, for example by text.toWellFormed()", "input",
  );
}
