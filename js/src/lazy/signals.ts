/** Stands for "@preact/signals" in a lazily loaded chunk. */
import { type Kit, kit } from "./kit.js";

type Signals = Kit["signals"];

export const batch: Signals["batch"] = (run) => kit().signals.batch(run);
export const signal = ((value: unknown) => kit().signals.signal(value)) as Signals["signal"];
