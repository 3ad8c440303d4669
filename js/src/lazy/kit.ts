/**
 * What a lazily loaded chunk of views borrows from the page's first chunk: one preact, for hooks and signals work only
 * within one copy. A chunk comes from a Blob URL (over a notebook's comm, out of a saved page) or from beside the module,
 * so it can import nothing by a relative address; the build puts `jsx.ts`, `hooks.ts` and `signals.ts` in preact's place.
 */
import type * as Signals from "@preact/signals";
import type { Fragment } from "preact";
import type * as Hooks from "preact/hooks";
import type { jsx } from "preact/jsx-runtime";

export interface Kit {
  readonly jsx: typeof jsx;
  readonly Fragment: typeof Fragment;
  readonly hooks: Pick<typeof Hooks, "useEffect" | "useMemo" | "useRef" | "useState">;
  readonly signals: Pick<typeof Signals, "batch" | "signal">;
}

let given: Kit | null = null;

export function install(kit: Kit): void {
  given = kit;
}

export function kit(): Kit {
  if (given === null) throw new Error("A chunk of views was used before the page gave it its kit.");
  return given;
}
