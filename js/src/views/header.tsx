/** The model's name, where it runs, and the parity badge: both chips open their panel. */
import type { ViewState } from "../state.js";
import type { ParityReport } from "../types.js";
import { bytes, place, plural } from "./format.js";
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
      <span class="wcw-name" dir="auto" title={info?.name}>{info?.name ?? "Text classifier"}</span>
      {info !== null && <span class="wcw-dim wcw-wide">{info.version !== "" && `v${info.version.replace(/^v/, "")} · `}{bytes(info.size)}</span>}
      <span class="wcw-gap" />
      {phase === "failed" && <span class="wcw-chip wcw-bad">failed</span>}
      {phase === "ready" && capabilities?.rung && (
        <button type="button" class="wcw-chip wcw-wide" data-wcw="capabilities" aria-expanded={open === "runtime"} onClick={() => onOpen("runtime")}>
          <span aria-hidden="true">● </span>{place(capabilities.rung)} · wasm {capabilities.variant}
        </button>
      )}
      {parity !== null && phase === "ready" && <ParityBadge parity={parity} open={open === "parity"} onOpen={() => onOpen("parity")} />}
    </header>
  );
}

function ParityBadge({ parity, open, onOpen }: { parity: ParityReport; open: boolean; onOpen: () => void }) {
  const tone = !parity.ok ? "wcw-bad" : parity.checked > 0 ? "wcw-good" : "";
  return (
    <button type="button" class={`wcw-chip ${tone}`} data-wcw="parity" data-ok={String(parity.ok)} aria-expanded={open} title={parityWords(parity)} onClick={onOpen}>
      {badge(parity)}
    </button>
  );
}

function badge(parity: ParityReport) {
  if (!parity.ok) return <><span aria-hidden="true">✕ </span>differs at {parity.first_difference?.stage ?? "scores"}</>;
  if (parity.checked === 0) return <>no certificate</>;
  return <><span aria-hidden="true">✓ </span>{plural(parity.checked, "answer")} replayed</>;
}

export function parityWords(parity: ParityReport): string {
  if (!parity.ok) return `This tab does not give the recorded answers (stage ${parity.first_difference?.stage ?? "scores"}).`;
  if (parity.checked === 0) return "The model file holds no recorded answers, so nothing could be compared.";
  return `This tab gave the same answers as recorded from ${parity.against} at export.`;
}
