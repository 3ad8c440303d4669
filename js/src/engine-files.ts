/** The engine files beside this module: in the npm package their hashes are known when it is built. */
import type { AssetCache } from "./cache/cache.js";
import { EngineError } from "./errors.js";
import { get } from "./http.js";
import { sha256 } from "./sha256.js";
import { keep, whole } from "./source.js";
import type { Variant } from "./types.js";

declare const WCW_ENGINES: Readonly<Record<Variant, string>> | undefined;
const HASHES = typeof WCW_ENGINES === "undefined" ? null : WCW_ENGINES;

export interface EngineFile {
  /** Says which engine it is: a hash, else an address. */
  readonly key: string;
  readonly variant: Variant;
  bytes(signal?: AbortSignal): Promise<ArrayBuffer>;
}

export type EngineOption = URL | string | { readonly bytes: ArrayBuffer; readonly variant: Variant } | undefined;

export async function engineFile(option: EngineOption, variant: Variant, cache: AssetCache | null): Promise<EngineFile> {
  if (typeof option === "object" && !(option instanceof URL)) {
    const { bytes } = option;
    return { key: await sha256(new Uint8Array(bytes)), variant: option.variant, bytes: async () => bytes.slice(0) };
  }
  if (option !== undefined) {
    const url = new URL(option, globalThis.location?.href ?? import.meta.url);
    return { key: url.href, variant, bytes: async (signal) => whole(await fetched(url, signal)) };
  }
  const url = new URL(`./engine.${variant}.wasm`, import.meta.url);
  const hash = HASHES?.[variant];
  if (hash === undefined) return { key: url.href, variant, bytes: async (signal) => whole(await fetched(url, signal)) };
  return {
    key: hash, variant,
    bytes: async (signal) => {
      const cached = await cache?.get(hash);
      if (cached) return whole(cached);
      const bytes = await fetched(url, signal);
      if ((await sha256(bytes)) !== hash) throw new EngineError(`The engine at ${url.href} is not the one that belongs to this program.`, "engine-altered", "Install the files of one version together.");
      if (cache !== null) await keep(cache, { sha256: hash, kind: "engine", name: `engine.${variant}.wasm` }, bytes);
      return whole(bytes);
    },
  };
}

async function fetched(url: URL, signal: AbortSignal | undefined): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await get(url, "engine", { signal });
  if (answer.same) throw new EngineError(`The server says that ${url.href} has not changed, but nothing was asked.`, "http-304");
  return answer.bytes;
}
