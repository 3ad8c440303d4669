/**
 * Where a model comes from: its bytes once, and again where the engine has to be started anew.
 *
 * The rule by which a named model is asked for a newer version: with a pinned hash never; an address by its ETag at every
 * load, the cached copy answering where the server cannot; `refresh` now.
 */
import type { AssetCache } from "./cache/cache.js";
import { keep } from "./cache/keep.js";
import { type Edition, modelEdition, modelName, widenedSize } from "./engine/header.js";
import { EngineError, ModelFileError, toWire } from "./errors.js";
import { get, type HttpOptions } from "./http.js";
import { sha256 as hash } from "./sha256.js";

/** @internal */
export interface Source {
  readonly sha256: string;
  readonly size: number;
  /** What it needs of the engine. */
  readonly edition: Edition;
  /** With every weight as float64. */
  readonly widened: number;
  /** The bytes, which are the caller's to give away. */
  take(): Promise<ArrayBuffer>;
  /** Whether these bytes are those that the caller named by their hash, or of a file that loaded before. */
  readonly isVerified: boolean;
  /** They were loaded: from now on the address stands for them. */
  loaded(): Promise<void>;
  /** They cannot be used after all: whatever kept them forgets them. */
  spoiled(): Promise<void>;
  /** How it came here, in words. */
  readonly note: string;
}

export type CacheUse = "use" | "refresh" | "off";

/** @internal */
export interface AddressOptions extends HttpOptions {
  readonly cache: AssetCache;
  readonly use: CacheUse;
  /** The hash that the caller wants, whatever the address gives. */
  readonly pinned?: string | undefined;
}

/** Bytes of the caller's: kept as a Blob, which the browser may hold outside the tab's memory. @internal */
export async function fromBytes(bytes: Uint8Array<ArrayBuffer>, isVerified: boolean): Promise<Source> {
  let first: ArrayBuffer | null = bytes.slice().buffer;
  const kept = new Blob([bytes]);
  return {
    sha256: await hash(bytes), size: bytes.length, widened: widenedSize(bytes), edition: modelEdition(bytes), note: "given by the caller", isVerified,
    take: async () => {
      const now = first ?? (await kept.arrayBuffer());
      first = null;
      return now;
    },
    loaded: async () => undefined,
    spoiled: async () => undefined,
  };
}

/** @internal */
export async function fromAddress(url: URL, options: AddressOptions): Promise<Source> {
  const { cache, use, pinned, signal, admit } = options;
  if (use === "off") {
    const bytes = await fetched(url, options);
    return held(await checked(url, bytes, pinned), bytes, "fetched, and not cached", pinned !== undefined, options, url);
  }
  if (pinned !== undefined && use === "use") {
    const bytes = await cache.get(pinned);
    if (bytes !== null) return held(pinned, bytes, "from the cache, by its pinned hash", true, options, url);
  }
  const known = use === "use" && pinned === undefined ? await cache.address(url.href) : null;
  const have = known === null ? null : await cache.get(known.sha256);
  if (have !== null) admit?.(have.length);
  let answer: Awaited<ReturnType<typeof get>>;
  try {
    answer = await get(url, "model", { ...options, mode: use === "refresh" ? "reload" : "no-cache", ...(have === null ? {} : { etag: known?.etag ?? null }) });
    if (!answer.same) modelName(answer.bytes); // a portal's page or a cut file does not replace what we have
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    const { code, message } = toWire(error);
    // The owner took it away, or it does not fit: then the old copy is not what was asked for either.
    if (have === null || known === null || code === "http-404" || code === "http-410" || code === "model-too-large") throw error;
    console.info(`[wasm_clf_widget] ${message} The copy of ${new Date(known.checked).toISOString().slice(0, 10)} is used.`);
    return held(known.sha256, have, "from the cache: the address could not be asked for a newer version", true, options, url);
  }
  if (answer.same && known !== null && have !== null) {
    await cache.remember({ ...known, checked: Date.now() });
    return held(known.sha256, have, "from the cache: the address has no newer version", true, options, url);
  }
  if (answer.same) throw new EngineError(`The server says that ${url.href} has not changed, but nothing was asked.`, "http-304");
  const { bytes, etag } = answer;
  const sha256 = await checked(url, bytes, pinned);
  await keep(cache, { sha256, kind: "model", name: modelName(bytes) }, bytes);
  return {
    ...held(sha256, bytes, "fetched from its address", pinned !== undefined, options, url),
    // Not before: what is remembered is taken for verified.
    loaded: () => cache.remember({ url: url.href, sha256, etag, checked: Date.now() }),
  };
}

async function fetched(url: URL, options: HttpOptions): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await get(url, "model", options);
  if (answer.same) throw new EngineError(`The server says that ${url.href} has not changed, but nothing was asked.`, "http-304");
  return answer.bytes;
}

async function checked(url: URL, bytes: Uint8Array<ArrayBuffer>, pinned: string | undefined): Promise<string> {
  const found = await hash(bytes);
  if (pinned !== undefined && found !== pinned) {
    throw new ModelFileError(
      `The model at ${url.href} has the SHA-256 ${found}, ${pinned} was asked for.`, "model-altered", "Use the version whose hash you have, or give the new hash.",
    );
  }
  return found;
}

function held(sha256: string, bytes: Uint8Array<ArrayBuffer>, note: string, isVerified: boolean, options: AddressOptions, url: URL): Source {
  let first: Uint8Array<ArrayBuffer> | null = bytes;
  return {
    sha256, size: bytes.length, widened: widenedSize(bytes), edition: modelEdition(bytes), note, isVerified,
    take: async () => {
      const now = first ?? (await options.cache.get(sha256)) ?? (await fetched(url, { signal: undefined }));
      if (first === null) await checked(url, now, sha256);
      first = null;
      return whole(now);
    },
    loaded: async () => undefined,
    spoiled: async () => { await options.cache.evict(sha256); },
  };
}

/** The buffer of a view that is all of it; else a copy. */
export function whole(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
}
