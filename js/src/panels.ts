/** The chunk of views behind the tabs, fetched when the first of them is opened. */
import { install, type Kit } from "./lazy/kit.js";
import { ParityPanel } from "./views/parity.js";
import { RuntimePanel } from "./views/runtime.js";
import { Shade } from "./views/shade.js";
import { WhyPanel } from "./views/why.js";

export interface PanelViews {
  readonly Why: typeof WhyPanel;
  readonly Parity: typeof ParityPanel;
  readonly Runtime: typeof RuntimePanel;
  readonly Shade: typeof Shade;
}

export function create(kit: Kit): PanelViews {
  install(kit);
  return { Why: WhyPanel, Parity: ParityPanel, Runtime: RuntimePanel, Shade };
}
