/** What this browser can do, what was chosen, and why. */
import { simd } from "wasm-feature-detect";
import type { RanOn, Variant } from "./types.js";

export interface Capabilities {
  readonly webassembly: boolean;
  readonly simd: boolean;
  readonly worker: boolean;
  /** `crypto.subtle` and storage need it. */
  readonly secure_context: boolean;
  readonly variant: Variant;
  readonly variant_reason: string;
  readonly rung: RanOn | null;
  readonly rung_reason: string;
  readonly host: string;
  readonly [key: string]: unknown;
}

/** What is known before anything is loaded. */
export async function probe(): Promise<Capabilities> {
  const webassembly = typeof WebAssembly !== "undefined";
  const hasSimd = webassembly && (await simd());
  return {
    webassembly,
    simd: hasSimd,
    worker: typeof Worker !== "undefined",
    secure_context: globalThis.isSecureContext ?? true,
    variant: hasSimd ? "simd" : "baseline",
    variant_reason: hasSimd ? "this browser has WebAssembly SIMD" : "this browser lacks WebAssembly SIMD",
    rung: null,
    rung_reason: "nothing is loaded yet",
    host: hostName(),
  };
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
