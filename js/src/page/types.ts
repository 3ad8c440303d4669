/** What stands behind the tabs below an answer. */
export type PanelName = "why" | "batch" | "parity" | "runtime";

/** A whole widget on a page. */
export interface Explorer {
  /** Classifies a text of the page's. */
  setText(text: string): void;
  /** Takes the widget away and lets go of its engine. */
  close(): void;
}
