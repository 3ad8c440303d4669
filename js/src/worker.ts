/** The Worker: an EngineHost behind comlink. Built as a classic script, which every browser takes from a Blob URL. */
import { expose, transfer } from "comlink";
import type { RawBatch } from "./engine/abi.js";
import { EngineHost } from "./engine/host.js";
import "./engine/wire.js";

class WorkerHost extends EngineHost {
  override classify(texts: readonly string[]): RawBatch {
    const batch = super.classify(texts);
    const buffers = [batch.scores, batch.probabilities, batch.labels, batch.known, batch.replaced].flatMap((view) => view?.buffer ?? []);
    return transfer(batch, buffers);
  }
}

// EngineHost.verify calls classify; there the answer stays inside, so `transfer` has no effect on it.
expose(new WorkerHost());
// Says that the script was allowed to run: a policy that forbids workers is only seen by its silence.
postMessage("wcw-ready");
