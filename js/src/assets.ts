/** Assets by name, each checked against its SHA-256 before anything is made of it. */
import { download } from "./download.js";
import { EngineError } from "./errors.js";
import type { Assets, Channel, Manifest } from "./protocol.js";
import { sha256 } from "./sha256.js";

export function kernelAssets(channel: Channel, manifest: Manifest): Assets {
  return {
    manifest,
    async fetch(name, options) {
      const entry = manifest[name];
      if (entry === undefined) throw new EngineError(`The kernel offers no ${name}.`, "asset-missing", "Run `make build`, restart the kernel.");
      // What was altered on its way may arrive whole the second time; what is altered at its source will not.
      for (let attempt = 0; attempt < 2; attempt++) {
        const bytes = await download(channel, entry, options);
        if ((await sha256(bytes)) === entry.sha256) return bytes;
      }
      throw new EngineError(`The ${name === "model" ? "model" : `file ${name}`} arrived altered: its SHA-256 is not the one announced.`, "asset-altered", "Restart the kernel and run the cell again.");
    },
  };
}
