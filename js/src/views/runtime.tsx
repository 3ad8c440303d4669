/** What runs here and why, and what the model says of itself. */
import type { ViewState } from "../state.js";
import { Facts } from "./facts.js";
import { bytes, place } from "./format.js";

export function RuntimePanel({ state }: { state: ViewState }) {
  const capabilities = state.capabilities.value;
  const info = state.info.value;
  if (capabilities === null || info === null) return null;
  return (
    <Facts facts={[
      ["runs", `${capabilities.rung === null ? "nowhere yet" : place(capabilities.rung)}: ${capabilities.rung_reason}`],
      ["variant", `${capabilities.variant}: ${capabilities.variant_reason}`],
      ["host", capabilities.host],
      ["model", `${info.name} ${info.version} · ${bytes(info.size)} · ${info.n_features.toLocaleString("en")} features · ${info.weights}`],
      ["trained with", info.source],
      ["pipeline", info.pipeline.join(" → ")],
      ["SHA-256", info.sha256],
    ]} />
  );
}
