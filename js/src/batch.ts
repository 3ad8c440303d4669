/** The chunk with the batch table and its readers of files, fetched when the table is opened. */
import { BatchRun } from "./batch-run.js";
import { install, type Kit } from "./lazy/kit.js";
import { BatchPanel } from "./views/batch/panel.js";

declare const WCW_BATCH_CSS: string | undefined;
/** The rules of these views, put in by the build. */
const styles = typeof WCW_BATCH_CSS === "undefined" ? "" : WCW_BATCH_CSS;

export interface BatchViews {
  readonly styles: string;
  readonly Batch: typeof BatchPanel;
  readonly BatchRun: typeof BatchRun;
}

export function create(kit: Kit): BatchViews {
  install(kit);
  return { styles, Batch: BatchPanel, BatchRun };
}
