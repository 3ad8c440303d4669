/** The text field that is watched: one of the page's by its id, or the element's own. */
import type { FailureDetail } from "./element.js";
import { make } from "./make.js";

/** Beyond this a text in our own field is kept aside and only its beginning shown: laying out a megabyte stops a page. */
const LONG_UNITS = 50_000;
const SHOWN_UNITS = 2_000;
export const PROMPT = "Text to classify";

/** Told of every new text; `composing`: an input method is in the midst of a word. */
export type Changed = (text: string, composing?: boolean) => void;

export interface Field {
  readonly text: string;
  write(text: string): void;
  release(): void;
}

/** The element's own field, which keeps its text while the element is moved, removed and put back. */
export class OwnField implements Field {
  readonly el = make("textarea", "field");
  /** A text that is kept aside cannot be edited, only cleared. */
  readonly clear = make("button", "clear");
  readonly #changed: Changed;
  #long: string | null = null;

  constructor(changed: Changed) {
    this.#changed = changed;
    const { el, clear } = this;
    el.placeholder = PROMPT;
    el.dir = "auto";
    el.rows = 2;
    clear.type = "button";
    clear.hidden = true;
    clear.addEventListener("click", () => {
      this.write("");
      el.focus();
    });
    listen(el, (composing) => changed(el.value, composing));
    el.addEventListener("paste", (event) => {
      const pasted = event.clipboardData?.getData("text/plain") ?? "";
      if (el.readOnly || pasted.length + el.value.length <= LONG_UNITS) return;
      event.preventDefault(); // before the field lays it out
      this.write(el.value.slice(0, el.selectionStart) + pasted + el.value.slice(el.selectionEnd));
    });
  }

  get text(): string {
    return this.#long ?? this.el.value;
  }

  write(text: string): void {
    const { el, clear } = this;
    const long = text.length > LONG_UNITS;
    this.#long = long ? text : null;
    el.readOnly = long;
    clear.hidden = !long;
    clear.textContent = `Clear (${text.length.toLocaleString()} characters, of which the beginning is shown)`;
    el.value = long ? `${text.slice(0, SHOWN_UNITS)}…` : text;
    this.#changed(text);
  }

  disable(disabled: boolean): void {
    this.el.disabled = this.clear.disabled = disabled;
  }

  release(): void {
    // It is the element's for good.
  }
}

/** A field of the page's, which may come later than the element, or be replaced by another of the same id. */
export class PageField implements Field {
  readonly #end = new AbortController();
  readonly #changed: Changed;
  #el: HTMLElement | null = null;

  constructor(host: HTMLElement, id: string, changed: Changed, missing: (problem: FailureDetail | null) => void) {
    this.#changed = changed;
    const { signal } = this.#end;
    const root = host.getRootNode() as Document | ShadowRoot;
    const check = (): void => {
      if (!this.#el && !signal.aborted) missing({ code: "no-field", message: `There is no element with the id "${id}".`, action: "for= names the field whose text is classified." });
    };
    const look = (): void => {
      const el = root.getElementById(id);
      if (el === this.#el) return;
      this.#el = el;
      missing(null);
      if (!el) check();
      else listen(el, (composing) => { if (el === this.#el) changed(this.text, composing); }, signal);
      changed(this.text);
    };
    const observer = new MutationObserver(look);
    observer.observe(root, { childList: true, subtree: true, attributeFilter: ["id"] });
    signal.addEventListener("abort", () => observer.disconnect());
    look();
    // What builds the page has this turn of its loop to add the field.
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", check, { signal });
    else setTimeout(check);
  }

  get text(): string {
    const el = this.#el;
    // biome-ignore lint/performance/useDomNodeTextContent: what is edited has its lines in elements, which textContent runs together
    return !el ? "" : "value" in el && typeof el.value === "string" ? el.value : (el.innerText ?? "");
  }

  write(text: string): void {
    const el = this.#el;
    if (!el) return;
    if ("value" in el) el.value = text;
    else el.textContent = text;
    this.#changed(text);
  }

  release(): void {
    this.#end.abort();
  }
}

/** Safari ends a composition before its last input, other browsers after it. */
function listen(el: HTMLElement, edited: (composing: boolean) => void, signal?: AbortSignal): void {
  for (const name of ["input", "compositionend"]) {
    el.addEventListener(name, (event) => edited((event as InputEvent).isComposing === true), signal && { signal });
  }
}
