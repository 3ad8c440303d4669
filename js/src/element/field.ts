/** The text field that is watched: one of the page's by its id, or the element's own. */
import type { FailureDetail } from "./element.js";

/** Beyond this a text in our own field is kept aside and only its beginning shown: laying out a megabyte stops a page. */
const LONG_UNITS = 50_000;
const SHOWN_UNITS = 2_000;

type Editable = HTMLTextAreaElement | HTMLInputElement | HTMLElement;

export class Field {
  readonly #end = new AbortController();
  #el: Editable | null = null;
  #long: string | null = null;
  #changed: (text: string) => void = () => undefined;
  problem: FailureDetail | null = null;

  /** A field of the page's. It may come later in the document than the element: then it is looked for when all is there. */
  static byId(host: HTMLElement, id: string, onLook: () => void): Field {
    const field = new Field();
    const look = (last: boolean): void => {
      const root = host.getRootNode();
      const el = root instanceof Document || root instanceof ShadowRoot ? root.getElementById(id) : null;
      if (el !== null) {
        field.#attach(el);
        field.#changed(field.text);
      } else if (last) {
        field.problem = { code: "no-field", message: `There is no element with the id "${id}".`, action: "for= names the field whose text is classified." };
        onLook();
      }
    };
    const done = document.readyState !== "loading";
    look(done);
    if (!done && field.#el === null) document.addEventListener("DOMContentLoaded", () => look(true), { once: true, signal: field.#end.signal });
    return field;
  }

  static own(el: HTMLTextAreaElement): Field {
    const field = new Field();
    field.#attach(el);
    el.addEventListener("paste", (event) => {
      const pasted = event.clipboardData?.getData("text/plain") ?? "";
      if (pasted.length + el.value.length <= LONG_UNITS) return;
      event.preventDefault(); // before the field lays it out
      field.write(el.value.slice(0, el.selectionStart) + pasted + el.value.slice(el.selectionEnd));
    }, { signal: field.#end.signal });
    return field;
  }

  get text(): string {
    if (this.#long !== null) return this.#long;
    const el = this.#el;
    if (el === null) return "";
    return "value" in el && typeof el.value === "string" ? el.value : (el.textContent ?? "");
  }

  watch(changed: (text: string) => void): void {
    this.#changed = changed;
  }

  write(text: string): void {
    const el = this.#el;
    if (el === null) return;
    const own = el.getRootNode() instanceof ShadowRoot && el instanceof HTMLTextAreaElement && el.part.contains("field");
    this.#long = own && text.length > LONG_UNITS ? text : null;
    if (own) (el as HTMLTextAreaElement).readOnly = this.#long !== null;
    const shown = this.#long === null ? text : `${text.slice(0, SHOWN_UNITS)}…`;
    if ("value" in el) el.value = shown;
    else el.textContent = shown;
    this.#changed(text);
  }

  /** After the field's form was reset. */
  reset(): void {
    if (this.#long !== null) this.write("");
    else this.#changed(this.text);
  }

  release(): void {
    this.#end.abort();
  }

  #attach(el: Editable): void {
    this.#el = el;
    this.problem = null;
    el.addEventListener("input", () => this.#changed(this.text), { signal: this.#end.signal });
  }
}
