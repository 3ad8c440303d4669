/** Assets by name, each checked against its SHA-256 before anything is made of it: out of the cache, else from the kernel. */
import { peek } from "./cache/peek.js";
import { download } from "./download.js";
import { EngineError } from "./errors.js";
import type { AssetEntry, AssetName, Assets, Channel, FetchOptions, Manifest } from "./protocol.js";
import { sha256 } from "./sha256.js";

export function kernelAssets(channel: Channel, manifest: Manifest): Assets {
  const fetched = new Map<AssetName, Blob>();
  const damaged = new Set<AssetName>();
  return {
    manifest, fetched, damaged,
    async fetch(name, options) {
      const entry = manifest[name];
      if (entry === undefined) throw new EngineError(`The kernel offers no ${name}.`, "asset-missing", "Run `make build`, restart the kernel.");
      const cached = await peek(entry.sha256, () => damaged.add(name));
      options.signal.throwIfAborted();
      if (cached !== null) {
        options.onProgress?.(cached.length, cached.length);
        return cached;
      }
      const bytes = await fromKernel(channel, name, entry, options);
      fetched.set(name, new Blob([bytes])); // the bytes are given away; a Blob the browser may hold outside the tab
      return bytes;
    },
  };
}

/** What was altered on its way may arrive whole the second time; what is altered at its source will not. */
async function fromKernel(channel: Channel, name: AssetName, entry: AssetEntry, options: FetchOptions): Promise<Uint8Array<ArrayBuffer>> {
  for (let attempt = 0; attempt < 2; attempt++) {
    const bytes = await download(channel, entry, options);
    if ((await sha256(bytes)) === entry.sha256) return bytes;
  }
  throw new EngineError(`The ${name === "model" ? "model" : `file ${name}`} arrived altered: its SHA-256 is not the one announced.`, "asset-altered", "Restart the kernel and run the cell again.");
}
