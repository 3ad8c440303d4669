/** A widget's traits where there is no kernel: kept in the page, told to nobody but the page's own listeners. */
import type { WidgetModel, WidgetTraits } from "../model-state.js";
import type { Channel } from "../protocol.js";

const NOTHING: WidgetTraits = {
  text: "", share_text: false, fallback: "none", result: null, parity: {}, status: { state: "idle", progress: null, code: "", message: "", action: "" },
  capabilities: {}, ran_on: "", _replay: {}, _text_seq: 0, _text_replaced: 0, _manifest: {}, _uid: "",
};

/** The part of anywidget's model that the controller uses. */
export class LocalModel {
  readonly #traits: WidgetTraits;
  readonly #listeners = new Map<string, Set<() => void>>();
  #changed = new Set<string>();

  constructor(traits: Partial<WidgetTraits> = {}) {
    this.#traits = { ...NOTHING, ...traits };
  }

  get<K extends keyof WidgetTraits>(name: K): WidgetTraits[K] {
    return this.#traits[name];
  }

  set<K extends keyof WidgetTraits>(name: K, value: WidgetTraits[K]): void {
    this.#traits[name] = value;
    this.#changed.add(name);
  }

  /** Where a notebook would send the changes to its kernel. */
  save_changes(): void {
    const changed = this.#changed;
    this.#changed = new Set();
    for (const name of changed) for (const listener of this.#listeners.get(`change:${name}`) ?? []) listener();
  }

  on(event: string, listener: () => void): void {
    const found = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, found.add(listener));
  }

  off(event: string, listener: () => void): void {
    this.#listeners.get(event)?.delete(listener);
  }

  /** Classifies a text of the page's, as a kernel's `widget.text = …` does. */
  setText(text: string): void {
    this.set("text", text);
    this.set("_text_seq", this.get("_text_seq") + 1);
    this.save_changes();
  }

  asWidgetModel(): WidgetModel {
    return this as unknown as WidgetModel;
  }
}

/** A comm with nobody at its other end. */
export const NO_CHANNEL: Channel = { send: () => undefined, listen: () => undefined };
