/** The chunk with the batch table and its readers of files, fetched when the table is opened. */
import { install, type Kit } from "./lazy/kit.js";
import { BatchPanel } from "./views/batch/panel.js";

export interface BatchViews {
  readonly Batch: typeof BatchPanel;
}

export function create(kit: Kit): BatchViews {
  install(kit);
  return { Batch: BatchPanel };
}
