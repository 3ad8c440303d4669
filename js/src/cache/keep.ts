/** Puts an asset into the cache on its way to its user. */
import type { AssetCache, Named } from "./cache.js";

/** Writing may be slow; it is waited for, because the bytes are given away afterwards, but not for ever. */
const KEEP_MS = 10_000;

/** @internal */
export async function keep(cache: AssetCache, asset: Named, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<void>((resolve) => { timer = setTimeout(resolve, KEEP_MS); });
  await Promise.race([cache.put(asset, bytes), patience]);
  clearTimeout(timer);
}
