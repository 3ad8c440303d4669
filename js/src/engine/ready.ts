/** The worker's first message: its program was allowed to run. A policy that forbids workers is only seen by its silence. */
export interface Ready {
  readonly wcw: "ready";
  /** The Web Lock that it holds while it lives; null where there are none. */
  readonly lock: string | null;
}

export function isReady(data: unknown): data is Ready {
  return typeof data === "object" && data !== null && (data as Ready).wcw === "ready";
}
