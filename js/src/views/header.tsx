/** The model's name, where it runs, and the parity badge: both chips open their panel. */
import type { ViewState } from "../state.js";
import type { ParityReport } from "../types.js";
import { bytes, place } from "./format.js";
import type { PanelName } from "./panels.js";

interface Props {
  readonly state: ViewState;
  readonly open: PanelName | null;
  readonly onOpen: (panel: PanelName) => void;
}

export function Header({ state, open, onOpen }: Props) {
  const info = state.info.value;
  const capabilities = state.capabilities.value;
  const parity = state.parity.value;
  const { state: phase } = state.status.value;
  return (
    <header class="wcw-head">
      <span class="wcw-name" dir="auto" title={state.title}>{info?.name ?? state.title}</span>
      {info !== null && <span class="wcw-dim wcw-wide">{info.version !== "" && `v${info.version.replace(/^v/, "")} · `}{bytes(info.size)}</span>}
      <span class="wcw-chips">
      {phase === "failed" && <span class="wcw-chip wcw-bad">failed</span>}
      {phase === "ready" && capabilities?.rung && (
        <button type="button" class="wcw-chip" data-wcw="capabilities" title={`Runs ${place(capabilities.rung)}, WebAssembly ${capabilities.variant}`} aria-expanded={open === "runtime"} onClick={() => onOpen("runtime")}>
          <span aria-hidden="true">● </span><span class="wcw-wide">{place(capabilities.rung)} · wasm </span>{capabilities.variant}
        </button>
      )}
      {parity !== null && phase === "ready" && <ParityBadge parity={parity} open={open === "parity"} onOpen={() => onOpen("parity")} />}
      </span>
    </header>
  );
}

function ParityBadge({ parity, open, onOpen }: { parity: ParityReport; open: boolean; onOpen: () => void }) {
  const tone = parity.ok ? "wcw-good" : parity.first_difference === null ? "" : "wcw-bad";
  return (
    <button type="button" class={`wcw-chip ${tone}`} data-wcw="parity" data-ok={String(parity.ok)} aria-expanded={open} title={parityWords(parity)} onClick={onOpen}>
      {badge(parity)}
    </button>
  );
}

function badge(parity: ParityReport) {
  const { ok, checked, live_checked, first_difference } = parity;
  if (first_difference !== null) return <><span aria-hidden="true">✕ </span>differs at {first_difference.stage}</>;
  if (!ok) return <>no recorded answers</>;
  return <><span aria-hidden="true">✓ </span>{checked > 0 ? checked : live_checked}<span class="wcw-wide"> {checked + live_checked === 1 ? "answer" : "answers"}{" "}{checked > 0 ? "replayed" : "checked"}</span></>;
}

export function parityWords(parity: ParityReport): string {
  const { first_difference: first, checked } = parity;
  if (first !== null) return `This tab's answers differ from those it is held against, first at the stage "${first.stage}".`;
  if (checked === 0) return "The model file holds no recorded answers to replay.";
  return `This tab gave the same answers as recorded from ${parity.against} at export.`;
}
