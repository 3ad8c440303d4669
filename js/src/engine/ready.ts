/**
 * The worker's first message: its program was allowed to run. A policy that forbids workers is only seen by its silence.
 *
 * It names the build, so that a page notices a worker.js that was left over, or came too early, on a server half updated.
 */
declare const WCW_BUILD: string | undefined;

export const READY = `ready ${typeof WCW_BUILD === "undefined" ? "" : WCW_BUILD}`;

export interface Ready {
  readonly wcw: typeof READY;
  /** The Web Lock that it holds while it lives; null where there are none. */
  readonly lock: string | null;
}

export function isReady(data: unknown): data is Ready {
  return typeof data === "object" && data !== null && (data as Ready).wcw === READY;
}
