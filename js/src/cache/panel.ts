/** The cache inspector as a signal: filled while some view wants it, and again after each of its actions. */
import type { Signal } from "@preact/signals";
import type { CacheInspector, CacheReport } from "./types.js";

export class CachePanel {
  readonly #state: Signal<CacheReport | null>;
  readonly #inspector: () => Promise<CacheInspector>;
  #wanted = 0;

  constructor(state: Signal<CacheReport | null>, inspector: () => Promise<CacheInspector>) {
    this.#state = state;
    this.#inspector = inspector;
  }

  want(wanted: boolean): void {
    this.#wanted += wanted ? 1 : -1;
    if (this.#wanted === 0) this.#state.value = null;
    else if (wanted) void this.refresh();
  }

  async refresh(): Promise<void> {
    if (this.#wanted === 0) return;
    const report = await (await this.#inspector()).report();
    if (this.#wanted > 0) this.#state.value = report;
  }

  async act(run: (inspector: CacheInspector) => Promise<unknown>): Promise<void> {
    await run(await this.#inspector());
    await this.refresh();
  }
}
