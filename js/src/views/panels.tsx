/** Why, Parity, Runtime: tabs below the answer, closed at first. */
import { useId, useRef } from "preact/hooks";
import type { ViewProps } from "./app.js";
import { ParityPanel } from "./parity.js";
import { RuntimePanel } from "./runtime.js";
import { WhyPanel } from "./why.js";

const PANELS = [
  { name: "why", title: "Why" },
  { name: "parity", title: "Parity" },
  { name: "runtime", title: "Runtime" },
] as const;

export type PanelName = (typeof PANELS)[number]["name"];

interface Props extends ViewProps {
  readonly open: PanelName | null;
  readonly onOpen: (panel: PanelName) => void;
}

export function Panels({ state, actions, open, onOpen }: Props) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent): void => {
    const buttons = [...(list.current?.querySelectorAll("button") ?? [])];
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (at < 0 || step === 0) return;
    event.preventDefault();
    buttons[(at + step + buttons.length) % buttons.length]?.focus();
  };
  const focusable = open ?? "why";
  return (
    <div class="wcw-panels">
      <div class="wcw-tabs" role="tablist" aria-label="More about this answer" ref={list} onKeyDown={move}>
        {PANELS.map(({ name, title }) => (
          <button
            type="button" role="tab" key={name} id={`${id}-${name}`} aria-selected={open === name} aria-controls={`${id}-panel`}
            tabIndex={focusable === name ? 0 : -1} onClick={() => onOpen(name)}
          >
            {title}
          </button>
        ))}
      </div>
      <div class="wcw-panel" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${focusable}`} hidden={open === null}>
        {open === "why" && <WhyPanel state={state} actions={actions} />}
        {open === "parity" && <ParityPanel state={state} />}
        {open === "runtime" && <RuntimePanel state={state} />}
      </div>
    </div>
  );
}
