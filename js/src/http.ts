/**
 * Bytes from an address, streamed, with progress, and an error that says what came instead.
 *
 * Every request that this library makes goes through here, and is counted.
 */
import { EngineError, ModelFileError, type WasmClfError } from "./errors.js";

export type What = "model" | "engine" | "worker";

export interface HttpOptions {
  readonly signal?: AbortSignal | undefined;
  /** Bytes so far and, where the server says it, their number. */
  readonly onProgress?: ((loaded: number, total: number | null) => void) | undefined;
  /** How the browser's own cache is used; default: as the server says. */
  readonly mode?: "default" | "no-cache" | "reload";
  /** The version that the caller has: the answer may then be "same". */
  readonly etag?: string | null;
  /** Throws where a body of this size is not wanted; called before it is read. */
  readonly admit?: (size: number) => void;
}

export type HttpAnswer = { readonly same: true } | { readonly same: false; readonly bytes: Uint8Array<ArrayBuffer>; readonly etag: string | null };

/** Called before each request; see `onRequest`. */
const listeners = new Set<() => void>();

/** Tells of every request that this library makes, until the signal aborts. */
export function onRequest(callback: () => void, signal: AbortSignal): void {
  listeners.add(callback);
  signal.addEventListener("abort", () => listeners.delete(callback), { once: true });
}

export async function get(url: URL, what: What, options: HttpOptions = {}): Promise<HttpAnswer> {
  const { signal, onProgress, etag, admit, mode = "default" } = options;
  const fail = (code: string, why: string, action = "Check the address."): WasmClfError => {
    const text = `The ${what} at ${url.href} cannot be used: ${why}.`;
    return what === "model" ? new ModelFileError(text, code, action) : new EngineError(text, code, action);
  };
  if (url.protocol === "file:" && typeof document === "undefined") {
    const { readLocal } = await import("./node-file.js");
    return { same: false, bytes: await readLocal(url, fail), etag: null };
  }
  const sameOrigin = url.origin === globalThis.location?.origin;
  let response: Response;
  try {
    for (const listener of listeners) listener();
    // To another origin If-None-Match would need a preflight; there the answer's own ETag is compared instead.
    const headers: Record<string, string> = etag && sameOrigin ? { "If-None-Match": etag } : {};
    response = await fetch(url, { headers, cache: mode, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (globalThis.navigator?.onLine === false) throw fail("offline", "this device is offline", "Connect, and try again.");
    const message = error instanceof Error ? error.message : String(error);
    if (sameOrigin) throw fail("network", `the server does not answer (${message})`, "Check that it runs, and try again.");
    throw fail("network-or-cors", `the server does not answer, or does not allow this page to read it (${message})`, "Check the address, and that the server sends Access-Control-Allow-Origin.");
  }
  if (response.status === 304 || (etag && response.ok && response.headers.get("etag") === etag)) {
    void response.body?.cancel();
    return { same: true };
  }
  if (!response.ok || response.body === null) throw fail(`http-${response.status}`, `the server answered ${response.status}`, response.status >= 500 ? "Try again later." : "Check the address.");
  // A compressed body's length says nothing of what comes out, and another origin shows the length but not that it is compressed.
  const total = response.type !== "cors" && response.headers.get("content-encoding") === null ? Number(response.headers.get("content-length")) || null : null;
  if (total !== null) admit?.(total);
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  try {
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (loaded === 0 && isHtml(value)) {
        await reader.cancel();
        throw fail("html", "it is an HTML page (a login or error page, perhaps)");
      }
      chunks.push(value);
      loaded += value.length;
      onProgress?.(loaded, total);
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (error instanceof EngineError || error instanceof ModelFileError) throw error;
    throw fail("short-body", `the connection broke after ${loaded} of ${total ?? "unknown"} bytes`, "Try again.");
  }
  if (total !== null && loaded < total) throw fail("short-body", `the body has ${loaded} bytes, ${total} were announced`, "Try again.");
  const bytes = new Uint8Array(loaded);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return { same: false, bytes, etag: response.headers.get("etag") };
}

function isHtml(start: Uint8Array): boolean {
  return /^\s*<(!doctype|html|\?xml|!--)/i.test(new TextDecoder().decode(start.subarray(0, 64)));
}
