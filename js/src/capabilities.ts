/**
 * What this browser can do, what was chosen, and why.
 *
 * Everything here is looked up, nothing guessed from the browser's name. What can only be known by trying (a Worker from
 * a Blob, the place of the last answer) is null until it was tried.
 */
import { simd } from "wasm-feature-detect";
import type { StorageFacts } from "./cache/types.js";
import type { RanOn, Variant } from "./types.js";

export interface Capabilities {
  /** The browser has WebAssembly. */
  readonly webassembly: boolean;
  /** The page's policy lets it compile (script-src 'wasm-unsafe-eval'). */
  readonly webassembly_allowed: boolean;
  readonly simd: boolean;
  /** The browser offers WebGPU; nothing uses it yet. */
  readonly webgpu: boolean;
  /** The browser has Workers. */
  readonly worker: boolean;
  /** The page's policy lets us start ours; null: not tried. */
  readonly worker_allowed: boolean | null;
  /** `crypto.subtle`, durable storage and the device's memory are only shown to such a page. */
  readonly secure_context: boolean;
  /** Gigabytes, as coarse as the browser says it; null where it does not. */
  readonly device_memory: number | null;
  readonly cores: number | null;
  readonly storage: StorageFacts | null;
  readonly host: string;
  readonly variant: Variant;
  readonly variant_reason: string;
  /** null: nothing runs (yet). */
  readonly rung: RanOn | null;
  readonly rung_reason: string;
  /** What the model asks of the memory here, once its size is known. */
  readonly memory: MemoryNeed | null;
  readonly [key: string]: unknown;
}

export interface MemoryNeed {
  /** Bytes: model × factor + base. */
  readonly need: number;
  /** The most that we start in a tab of this device, and why that much. */
  readonly limit: number;
  readonly limit_reason: string;
  readonly fits: boolean;
}

/** What is known before anything is loaded. */
export async function probe(): Promise<Capabilities> {
  const webassembly = typeof WebAssembly !== "undefined";
  const hasSimd = webassembly && (await simd());
  const { hardwareConcurrency, deviceMemory } = (globalThis.navigator ?? {}) as Partial<Navigator> & { deviceMemory?: number };
  return {
    webassembly,
    webassembly_allowed: webassembly && compiles(),
    simd: hasSimd,
    webgpu: typeof navigator !== "undefined" && "gpu" in navigator,
    worker: typeof Worker !== "undefined",
    worker_allowed: null,
    secure_context: globalThis.isSecureContext ?? true,
    device_memory: deviceMemory ?? null,
    cores: hardwareConcurrency ?? null,
    storage: null,
    host: hostName(),
    variant: hasSimd ? "simd" : "baseline",
    variant_reason: hasSimd ? "this browser has WebAssembly SIMD" : "this browser lacks WebAssembly SIMD",
    rung: null,
    rung_reason: "nothing is loaded yet",
    memory: null,
  };
}

/** The smallest module there is: a policy without 'wasm-unsafe-eval' refuses this one too. */
function compiles(): boolean {
  try {
    new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    return true;
  } catch {
    return false;
  }
}

function hostName(): string {
  if (typeof document === "undefined") return "node";
  const body = document.body;
  if (document.getElementById("jupyter-config-data") !== null) {
    if (document.querySelector('script[src*="jupyterlite"], link[href*="jupyterlite"]') !== null || "jupyterliteApp" in globalThis) return "JupyterLite";
    return body?.dataset["notebook"] !== undefined ? "Notebook" : "JupyterLab";
  }
  if (body?.dataset["vscodeContext"] !== undefined || location.protocol === "vscode-webview:") return "VS Code";
  if (/googleusercontent\.com$/.test(location.hostname)) return "Colab";
  if (document.querySelector("marimo-filename, marimo-island") !== null) return "marimo";
  return "plain page";
}
