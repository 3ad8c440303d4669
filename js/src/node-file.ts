/** A file of this machine, for Node: apart, because no page needs it. */
import type { WasmClfError } from "./errors.js";

/** Bundlers would look for a module that no page has: they do not see this name. */
const FS = ["node:fs", "promises"].join("/");

export async function readLocal(url: URL, fail: (code: string, why: string) => WasmClfError): Promise<Uint8Array<ArrayBuffer>> {
  const { readFile } = (await import(/* webpackIgnore: true */ /* @vite-ignore */ FS)) as typeof import("node:fs/promises");
  try {
    return new Uint8Array(await readFile(url));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code === "ENOENT" ? fail("not-found", "there is no such file") : fail("unreadable", message);
  }
}
