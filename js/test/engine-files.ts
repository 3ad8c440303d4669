/** Where the built engines and the golden cases lie. Without a built engine the tests fail: `make build` comes first. */
import { readFileSync } from "node:fs";
import { EngineInstance } from "../src/engine/abi.js";
import type { Variant } from "../src/types.js";

export const VARIANTS: readonly Variant[] = ["baseline", "simd"];
const ROOT = new URL("../../", import.meta.url);

export const DATA = new URL("tests/data/", ROOT);

export function engineBytes(variant: Variant): ArrayBuffer {
  return new Uint8Array(readFileSync(new URL(`src/wasm_clf_widget/static/engine.${variant}.wasm`, ROOT))).buffer;
}

export function engine(variant: Variant): Promise<EngineInstance> {
  return EngineInstance.create(engineBytes(variant));
}

export function golden(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(`${name}.safetensors`, DATA)));
}
