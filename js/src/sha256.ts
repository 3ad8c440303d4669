/**
 * SHA-256 as lower-case hex: the browser's own where it is offered, else a few lines that come when they are needed. A page that is served over
 * plain http from another machine (a common JupyterHub) has no `crypto.subtle`, and what comes unchecked is not used.
 */

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const subtle = globalThis.crypto?.subtle;
  return hex(subtle === undefined ? (await import("./digest.js")).digest(bytes) : new Uint8Array(await subtle.digest("SHA-256", bytes)));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
