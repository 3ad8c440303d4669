/** The files beside this module: engines and worker. In the npm package their hashes are known when it is built. */
import type { AssetCache } from "./cache/cache.js";
import { keep } from "./cache/keep.js";
import type { Edition } from "./engine/header.js";
import type { WorkerSource } from "./engine/worker-client.js";
import { EngineError } from "./errors.js";
import { get, type HttpOptions } from "./http.js";
import { sha256 } from "./sha256.js";
import { whole } from "./source.js";
import type { Variant } from "./types.js";

type FileName = `engine.${"" | "linear."}${Variant}.wasm` | "worker.js";
/** As JSON: an object would become a file of its own in the package. */
declare const WCW_FILES: string | undefined;
const HASHES = typeof WCW_FILES === "undefined" ? null : (JSON.parse(WCW_FILES) as Readonly<Record<FileName, string>>);

/** @internal */
export interface EngineFile {
  /** Says which engine it is: a hash, else an address. */
  readonly key: string;
  readonly variant: Variant;
  bytes(signal?: AbortSignal): Promise<ArrayBuffer>;
}

export type EngineOption = URL | string | { readonly bytes: ArrayBuffer; readonly variant: Variant } | undefined;
export type WorkerOption = URL | string | { readonly source: BlobPart } | null | undefined;

/** The folder of this package's files, where a bundler has moved this module away from them. */
export type BaseOption = URL | string | undefined;

/** @internal */
export async function engineFile(option: EngineOption, base: BaseOption, variant: Variant, edition: Edition, cache: AssetCache | null): Promise<EngineFile> {
  if (typeof option === "object" && !(option instanceof URL)) {
    const { bytes } = option;
    return { key: await sha256(new Uint8Array(bytes)), variant: option.variant, bytes: async () => bytes.slice(0) };
  }
  if (option !== undefined) {
    const url = absolute(option);
    return { key: url.href, variant: url.pathname.includes("baseline") ? "baseline" : variant, bytes: async (signal) => whole(await fetched(url, "engine", signal)) };
  }
  const name: FileName = `engine.${edition === "linear" ? "linear." : ""}${variant}.wasm`;
  const url = fileUrl(name, base);
  return { key: HASHES?.[name] ?? url.href, variant, bytes: async (signal) => whole(await ownFile(name, url, cache, signal)) };
}

/** Where the worker's program comes from; a Blob of the cached program stands in where its address cannot be reached. @internal */
export async function workerSource(option: WorkerOption, base: BaseOption, cache: AssetCache | null): Promise<WorkerSource> {
  if (option === null || (typeof document === "undefined" && typeof Worker === "undefined")) return null;
  if (typeof option === "object" && "source" in option) return option;
  if (option !== undefined) {
    const url = absolute(option);
    return sameOrigin(url) ? { url } : { source: await fetched(url, "worker") };
  }
  const url = fileUrl("worker.js", base);
  const own = (): Promise<Uint8Array<ArrayBuffer>> => ownFile("worker.js", url, cache);
  // A page may not start another origin's script, but a Blob of it.
  return sameOrigin(url) ? { url, spare: own } : { source: await own() };
}

/** Keeps the worker's program for a visit without a network: the copy is written now, and read where it is needed. @internal */
export async function keepWorker(base: BaseOption, cache: AssetCache): Promise<void> {
  if (HASHES === null || typeof Worker === "undefined" || (await cache.has(HASHES["worker.js"]))) return;
  await ownFile("worker.js", fileUrl("worker.js", base), cache).catch(() => undefined);
}

/** A file of this package: out of the cache where its hash is known, else from beside this module, and then kept. */
async function ownFile(name: FileName, url: URL, cache: AssetCache | null, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const hash = HASHES?.[name];
  const what = name === "worker.js" ? "worker" : "engine";
  if (hash === undefined) return fetched(url, what, signal);
  const cached = await cache?.get(hash);
  if (cached) return cached;
  // After an update the browser's own cache may still have the file of before.
  for (const mode of ["default", "reload"] as const) {
    const bytes = await fetched(url, what, signal, mode);
    if ((await sha256(bytes)) !== hash) continue;
    if (cache !== null) await keep(cache, { sha256: hash, kind: what === "worker" ? "program" : what, name }, bytes);
    return bytes;
  }
  throw new EngineError(`The ${what} at ${url.href} is not the one that belongs to this program.`, `${what}-altered`, "Install the files of one version together.");
}

async function fetched(url: URL, what: "engine" | "worker", signal?: AbortSignal, mode: HttpOptions["mode"] = "default"): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await get(url, what, { signal, mode });
  if (answer.same) throw new EngineError(`The server says that ${url.href} has not changed, but nothing was asked.`, "http-304");
  return answer.bytes;
}

/** Where a file of this package lies. A bundler that saw a literal here would copy every file that might be meant. @internal */
export function fileUrl(name: string, base: BaseOption): URL {
  return new URL(name, base === undefined ? import.meta.url : absolute(base).href.replace(/\/?$/, "/"));
}

function sameOrigin(url: URL): boolean {
  return url.origin === globalThis.location?.origin;
}

/** As the page would read it; in Node a path is one from the folder in which the program runs. */
export function absolute(address: URL | string): URL {
  return new URL(address, globalThis.location?.href ?? `file://${process.cwd()}/`);
}
