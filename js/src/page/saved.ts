/**
 * The program of a page that Python saved: everything it needs stands in the page itself, in data blocks.
 *
 * `<script type="application/octet-stream" data-wcw="NAME" data-sha256="…">` holds base64 of gzip; the block "settings" is
 * JSON. Nothing is fetched: the page's policy forbids every request.
 */
import type * as Late from "../cache/late.js";
import { probe } from "../capabilities.js";
import { EngineError } from "../errors.js";
import { type ChunkModule, importBytes } from "../lazy/load.js";
import { openParts, RunningClassifier } from "../running.js";
import type * as Seldom from "../seldom.js";
import { sha256 } from "../sha256.js";
import { explore } from "./explore.js";

interface Settings {
  readonly title: string;
  readonly text: string;
}

function block(name: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(`script[data-wcw="${name}"]`);
  if (found === null) throw new EngineError(`This page lacks its part ${name}: it was cut off or altered.`, "page-damaged", "Save it again from Python.");
  return found;
}

function hashOf(name: string): string {
  return block(name).dataset["sha256"] ?? "";
}

/** A part of the page, unpacked; refused where its hash is not the one written beside it. */
async function part(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const text = atob((block(name).textContent ?? "").trim());
  const packed = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) packed[i] = text.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  if ((await sha256(bytes)) !== hashOf(name)) {
    throw new EngineError(`The part ${name} of this page was altered: its SHA-256 is not the one written beside it.`, "page-damaged", "Save it again from Python.");
  }
  return bytes;
}

async function open(signal: AbortSignal): Promise<RunningClassifier> {
  const capabilities = await probe();
  const engine = `engine.${capabilities.variant}.wasm`;
  return new RunningClassifier(await openParts({
    capabilities,
    engineKey: hashOf(engine),
    variant: capabilities.variant,
    modelSha256: hashOf("model"),
    modelSize: null,
    engine: async () => (await part(engine)).buffer,
    model: async () => (await part("model")).buffer,
    modelVerified: true, // `part` did
    worker: async () => ({ source: await part("worker.js") }),
    lower: async () => (await importBytes(await part("seldom.js"))) as typeof Seldom,
  }, signal));
}

const { title, text } = JSON.parse(block("settings").textContent ?? "") as Settings;
const el = document.querySelector<HTMLElement>("[data-wcw-view]");
if (el !== null) {
  el.replaceChildren();
  explore(el, {
    title, ...(text === "" ? {} : { text }), open,
    importChunk: async (name) => (await importBytes(await part(name))) as ChunkModule,
    importCache: async () => (await importBytes(await part("cache.js"))) as typeof Late,
    styles: () => part("widget.css"),
  });
}
