/** The traits of the Python widget, as the tab sees them, and a comm as a Channel. */
import type { AnyModel } from "@anywidget/types";
import { type Channel, isFromKernel, type Manifest } from "./protocol.js";
import type { ParityReport } from "./types.js";

export interface Status {
  readonly state: "idle" | "fetching" | "compiling" | "verifying" | "ready" | "failed" | "waiting-for-kernel";
  /** 0 to 1, null where it is not known. */
  readonly progress: number | null;
  readonly code: string;
  readonly message: string;
  readonly action: string;
}

export interface WidgetTraits {
  text: string;
  share_text: boolean;
  fallback: "none" | "kernel";
  result: Record<string, unknown> | null;
  parity: ParityReport | Record<string, never>;
  status: Status;
  capabilities: Record<string, unknown>;
  ran_on: string;
  /** The certificate's replay in the tab; Python joins it with its live checks into `parity`. */
  _replay: ParityReport | Record<string, never>;
  /** Grows by one with each text that Python sets, an equal one included. */
  _text_seq: number;
  /** Lone surrogates that Python had to replace in the text before it could be sent. */
  _text_replaced: number;
  _manifest: Manifest;
  _uid: string;
}

export type WidgetModel = AnyModel<WidgetTraits>;

/** Sets traits for the kernel; a dead comm (the kernel was restarted) is no error of the page's. */
export function publish(model: WidgetModel, traits: Partial<WidgetTraits>): void {
  try {
    for (const [name, value] of Object.entries(traits)) model.set(name as keyof WidgetTraits, value as never);
    model.save_changes();
  } catch {
    // The views show the same state from the tab's own signals.
  }
}

export function channelOf(model: WidgetModel): Channel {
  return {
    send: (message, buffers) => model.send(message, undefined, buffers),
    listen: (callback, signal) => {
      const handler = (message: unknown, buffers: DataView[]): void => {
        if (isFromKernel(message)) callback(message, buffers);
      };
      model.on("msg:custom", handler);
      signal.addEventListener("abort", () => model.off("msg:custom", handler), { once: true });
    },
  };
}
