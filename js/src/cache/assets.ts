/** Assets out of the cache, else from where they come, and then kept. */
import { keep } from "../source.js";
import type { AssetName, Assets } from "../protocol.js";
import type { AssetCache } from "./cache.js";
import type { AssetKind } from "./types.js";

export function cachedAssets(origin: Assets, cache: AssetCache): Assets {
  return {
    manifest: origin.manifest,
    async fetch(name, options) {
      const entry = origin.manifest[name];
      if (entry === undefined) return origin.fetch(name, options);
      const cached = await cache.get(entry.sha256);
      if (cached !== null) {
        options.signal.throwIfAborted();
        options.onProgress?.(cached.length, cached.length);
        return cached;
      }
      const bytes = await origin.fetch(name, options);
      await keep(cache, { sha256: entry.sha256, kind: kindOf(name), name: entry.name ?? name }, bytes);
      return bytes;
    },
  };
}

export function kindOf(name: AssetName): AssetKind {
  return name === "model" ? "model" : name.startsWith("engine.") ? "engine" : "program";
}
