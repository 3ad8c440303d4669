/** Where the built engines and the golden cases lie. Without a built engine the tests fail: `make build` comes first. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EngineInstance } from "../src/engine/abi.js";
import type { Variant } from "../src/types.js";

export const VARIANTS: readonly Variant[] = ["baseline", "simd"];
// Paths and not URLs: happy-dom has a URL class of its own.
const ROOT = join(import.meta.dirname, "../..");

export const DATA = join(ROOT, "tests/data");

export function engineBytes(variant: Variant): ArrayBuffer {
  return new Uint8Array(readFileSync(join(ROOT, `src/wasm_clf_widget/static/engine.${variant}.wasm`))).buffer;
}

export function engine(variant: Variant): Promise<EngineInstance> {
  return EngineInstance.create(engineBytes(variant));
}

export function golden(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(join(DATA, `${name}.safetensors`)));
}
