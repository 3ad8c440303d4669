/** The chunk of views behind the tabs, fetched when the first of them is opened. */
import { CachePanel } from "./cache/panel.js";
import { install, type Kit } from "./lazy/kit.js";
import { ParityPanel } from "./views/parity.js";
import { RuntimePanel } from "./views/runtime.js";
import { Shade } from "./views/shade.js";
import { WhyPanel } from "./views/why.js";

declare const WCW_PANELS_CSS: string | undefined;
/** The rules of these views, put in by the build. */
const styles = typeof WCW_PANELS_CSS === "undefined" ? "" : WCW_PANELS_CSS;

export interface PanelViews {
  readonly styles: string;
  readonly Why: typeof WhyPanel;
  readonly Parity: typeof ParityPanel;
  readonly Runtime: typeof RuntimePanel;
  readonly Shade: typeof Shade;
  readonly CachePanel: typeof CachePanel;
}

export function create(kit: Kit): PanelViews {
  install(kit);
  return { styles, Why: WhyPanel, Parity: ParityPanel, Runtime: RuntimePanel, Shade, CachePanel };
}
