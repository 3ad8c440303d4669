/** Puts what a widget has fetched into the cache, and notes what it has read there. */
import type { AssetName, Assets } from "../protocol.js";
import type { AssetCache } from "./cache.js";
import type { AssetKind } from "./types.js";

/** Waits until all of it is written, or cannot be. */
export async function keepFetched({ manifest, fetched, damaged }: Assets, cache: AssetCache): Promise<void> {
  for (const [name, blob] of fetched) {
    const entry = manifest[name];
    fetched.delete(name); // by nobody else
    if (entry === undefined) continue;
    const asset = { sha256: entry.sha256, kind: kindOf(name), name: entry.name ?? name };
    if (damaged.delete(name)) cache.noteDamage(asset);
    await cache.put(asset, new Uint8Array(await blob.arrayBuffer()));
  }
}

/** Notes the use of everything of a widget's that is cached: the loader's reader cannot. */
export async function noteUse({ manifest }: Assets, cache: AssetCache): Promise<void> {
  for (const entry of Object.values(manifest)) await cache.has(entry.sha256);
}

export function kindOf(name: AssetName): AssetKind {
  return name === "model" ? "model" : name.startsWith("engine.") ? "engine" : "program";
}
