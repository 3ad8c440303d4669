/** Why, Batch, Parity, Runtime: tabs below the answer, closed at first; what they show is fetched when they are opened. */
import { useEffect, useRef } from "preact/hooks";
import type { ChunkName } from "../lazy/load.js";
import type { PanelName } from "../page/types.js";
import type { ViewProps } from "./app.js";
import { useId } from "./id.js";

export type { PanelName };

const PANELS: readonly { readonly name: PanelName; readonly title: string; readonly chunk: ChunkName }[] = [
  { name: "why", title: "Why", chunk: "panels.js" },
  { name: "batch", title: "Batch", chunk: "batch.js" },
  { name: "parity", title: "Parity", chunk: "panels.js" },
  { name: "runtime", title: "Runtime", chunk: "panels.js" },
];

interface Props extends ViewProps {
  readonly open: PanelName | null;
  readonly onOpen: (panel: PanelName) => void;
  readonly file: File | null;
}

export function Panels({ state, actions, open, onOpen, file }: Props) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent): void => {
    const buttons = [...(list.current?.querySelectorAll("button") ?? [])];
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    const to = event.key === "ArrowRight" ? at + 1 : event.key === "ArrowLeft" ? at - 1 : event.key === "Home" ? 0 : event.key === "End" ? -1 : null;
    if (at < 0 || to === null) return;
    event.preventDefault();
    buttons.at(to % buttons.length)?.focus();
  };
  const focusable = open ?? "why";
  return (
    <div class="wcw-panels">
      <div class="wcw-tabs" role="tablist" aria-label="More about this answer" ref={list} onKeyDown={move}>
        {PANELS.map(({ name, title, chunk }) => (
          <button
            type="button" role="tab" key={name} id={`${id}-${name}`} aria-selected={open === name} aria-controls={`${id}-panel`}
            tabIndex={focusable === name ? 0 : -1} onClick={() => onOpen(name)} onPointerEnter={() => state.lazy.open(chunk)}
          >
            {title}
          </button>
        ))}
      </div>
      <div class="wcw-panel" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${focusable}`} hidden={open === null} tabIndex={open === "parity" ? 0 : undefined}>
        {open !== null && <Body key={open} state={state} actions={actions} open={open} file={file} />}
      </div>
    </div>
  );
}

function Body({ state, actions, open, file }: Omit<Props, "onOpen" | "open"> & { open: PanelName }) {
  const chunk: ChunkName = open === "batch" ? "batch.js" : "panels.js";
  useEffect(() => state.lazy.open(chunk), [state, chunk]);
  const { "panels.js": panels, "batch.js": batch } = state.lazy.views.value;
  if (open === "batch" && batch !== undefined) return <batch.Batch state={state} actions={actions} file={file} />;
  if (open === "why" && panels !== undefined) return <panels.Why state={state} actions={actions} />;
  if (open === "parity" && panels !== undefined) return <panels.Parity state={state} />;
  if (open === "runtime" && panels !== undefined) return <panels.Runtime state={state} actions={actions} />;
  const problem = state.lazy.problem.value;
  if (problem === "") return <div class="wcw-dim">Fetching this view…</div>;
  return (
    <div class="wcw-notice" role="alert">
      <div>{problem}</div>
      <button type="button" onClick={() => state.lazy.open(chunk)}>Try again</button>
    </div>
  );
}
