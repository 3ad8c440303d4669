/** What runs here and why, what the model says of itself, and what this browser keeps for the next visit. */
import { useEffect, useRef } from "preact/hooks";
import type { CacheEntry, CacheReport } from "../cache/types.js";
import type { Capabilities } from "../capabilities.js";
import type { Actions } from "../state.js";
import type { ViewProps } from "./app.js";
import { Facts } from "./facts.js";
import { bytes, place } from "./format.js";

export function RuntimePanel({ state, actions }: ViewProps) {
  useEffect(() => {
    actions.wantCache(true);
    return () => actions.wantCache(false);
  }, [actions]);
  const capabilities = state.capabilities.value;
  const info = state.info.value;
  const cache = state.cache.value;
  if (capabilities === null || info === null) return null;
  return (
    <>
      <Facts facts={[
        ["runs", `${capabilities.rung === null ? "nowhere yet" : place(capabilities.rung)}: ${capabilities.rung_reason}`],
        ["variant", `${capabilities.variant}: ${capabilities.variant_reason}`],
        ["host", capabilities.host],
        ["this browser", browserWords(capabilities)],
        ...memoryFacts(capabilities),
        ["model", `${info.name} ${info.version} · ${bytes(info.size)} · ${info.n_features.toLocaleString("en")} features · ${info.weights}`],
        ["trained with", info.source],
        ["pipeline", info.pipeline.join(" → ")],
        ["SHA-256", info.sha256],
      ]} />
      {cache !== null && <CacheInspector cache={cache} change={actions.changeCache} />}
    </>
  );
}

function browserWords({ webassembly_allowed, simd, webgpu, worker_allowed, device_memory, cores }: Capabilities): string {
  const has = (name: string, value: boolean | null): string => `${name} ${value === null ? "not tried" : value ? "yes" : "no"}`;
  return [
    has("WebAssembly", webassembly_allowed), has("SIMD", simd), has("Worker", worker_allowed), has("WebGPU", webgpu),
    ...(cores === null ? [] : [`${cores} cores`]), ...(device_memory === null ? [] : [`${device_memory} GB or more`]),
  ].join(" · ");
}

function memoryFacts({ memory }: Capabilities): [string, string][] {
  return memory === null ? [] : [["memory", `needs ${bytes(memory.need)} of at most ${bytes(memory.limit)} (${memory.limit_reason})`]];
}

interface InspectorProps {
  readonly cache: CacheReport;
  readonly change: Actions["changeCache"];
}

function CacheInspector({ cache, change }: InspectorProps) {
  const { storage, entries, log } = cache;
  const box = useRef<HTMLDivElement>(null);
  /** The button goes with what it removes; the focus stays with the list. */
  const act: InspectorProps["change"] = (run) => {
    box.current?.focus();
    change(run);
  };
  return (
    <div class="wcw-cache" ref={box} tabIndex={-1}>
      <div class="wcw-line">
        <strong>Kept in this browser</strong>
        <span class="wcw-dim">{storage.mode === "memory" ? storage.reason : `${bytes(cache.bytes)} of at most ${bytes(cache.budget)}${storage.persisted === true ? ", also under pressure" : ""}${storage.partitioned === true ? ", for this frame only" : ""}`}</span>
        <span class="wcw-gap" />
        {storage.mode === "indexeddb" && storage.persisted === false && <button type="button" title="Ask the browser not to drop it when the disk is full" onClick={() => act((inspector) => inspector.persist())}>Keep</button>}
        {entries.length > 0 && <button type="button" onClick={() => act((inspector) => inspector.clear())}>Clear all</button>}
      </div>
      {entries.length > 0 && (
        <ul aria-label="Kept in this browser">
          {entries.map((entry) => <Entry key={entry.sha256} entry={entry} change={act} />)}
        </ul>
      )}
      {log.slice(-3).map((line, i) => <div class="wcw-dim" key={i}>{line}</div>)}
    </div>
  );
}

function Entry({ entry, change }: { entry: CacheEntry; change: Actions["changeCache"] }) {
  const { name, kind, sha256, lastUsed } = entry;
  return (
    <li>
      <span class="wcw-class" dir="auto" title={sha256}>{name}</span>
      <span class="wcw-dim">{kind}</span>
      <span class="wcw-number">{bytes(entry.bytes)}</span>
      <span class="wcw-dim wcw-wide">used {new Date(lastUsed).toLocaleString()}</span>
      <button type="button" aria-label={`Remove ${name}`} onClick={() => change((inspector) => inspector.evict(sha256))}>Remove</button>
    </li>
  );
}
