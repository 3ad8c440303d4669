/**
 * `<wasm-text-classifier src="reviews.safetensors" for="comment" name="mood">`: classifies the text of a field, in the tab.
 *
 * A form-associated custom element: its value is the label. It defines itself and nothing else; everything it shows stands
 * in its shadow root, styled by `::part` and custom properties. Plain DOM and no framework, because this much has to fit
 * beside the engine; the whole widget (explanation, batches, cache) is fetched when the reader opens it.
 */
import type { Capabilities } from "../capabilities.js";
import { Classifier, type LoadOptions } from "../classifier.js";
import { toWire } from "../errors.js";
import { Latest } from "../latest.js";
import type { Explorer } from "../page/types.js";
import type { ClassificationResult, ModelInfo } from "../types.js";
import { labelText } from "../views/format.js";
import { watchTheme } from "../views/theme.js";
import { type Field, OwnField, PageField, PROMPT } from "./field.js";
import { Readout } from "./readout.js";

const DEBOUNCE_MS = 40;

export interface ReadyDetail {
  readonly model: ModelInfo;
  readonly capabilities: Capabilities;
}
export interface ResultDetail {
  readonly text: string;
  readonly result: ClassificationResult;
}
export interface FailureDetail {
  readonly code: string;
  readonly message: string;
  readonly action: string;
}

type State = "idle" | "loading" | "ready" | "failed";

/** Properties that are attributes, and that a page may have set before the tag was defined; `text` too, once there is a field for it. */
const PROPERTIES = ["src", "htmlFor", "name", "base", "sha256", "required", "disabled", "explore"] as const;

/** A server renders pages with this module, and has no elements. */
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

export class WasmTextClassifier extends Base {
  static readonly formAssociated = true;
  static readonly observedAttributes = ["src", "for", "sha256", "base", "explore", "required"];

  readonly #internals = this.attachInternals();
  readonly #readout: Readout;
  readonly #own = new OwnField((text, composing) => { if (this.#field === this.#own) this.#edited(text, composing); });
  #field: Field = this.#own;
  /** The document or shadow root in which it stands: ids and forms are of it. */
  #root: Node | null = null;
  #life: AbortController | null = null;
  #load: AbortController | null = null;
  #classifier: Classifier | null = null;
  #explorer: Explorer | null = null;
  #text = "";
  #result: ClassificationResult | null = null;
  #problem: FailureDetail | null = null;
  #missing: FailureDetail | null = null;
  /** The last thing that was told of the text is a result. */
  #told = false;
  #state: State = "idle";

  readonly #jobs = new Latest<string>(async (text) => {
    const classifier = this.#classifier;
    if (!classifier) return; // it is looked at again when ready
    const current = (): boolean => this.#classifier === classifier && this.text === text;
    try {
      // Blanks are no text: a form should not send an opinion of nothing.
      const result = text.trim() === "" ? null : await classifier.classify(text);
      if (current()) this.#take(text, result);
    } catch (error) {
      if (current()) this.#fail(error, "ready");
    }
  });

  constructor() {
    super();
    this.#readout = new Readout(this.attachShadow({ mode: "open", delegatesFocus: true }), {
      explore: (open) => void this.#explore(open),
      retry: () => {
        this.#reload();
        this.focus(); // the button is gone
      },
    });
    this.#internals.role = "group";
  }

  connectedCallback(): void {
    const root = this.getRootNode();
    if (this.#root === root) return; // it was only moved
    const loads = !this.#root;
    this.#root = root;
    for (const name of PROPERTIES) this.#upgrade(name);
    this.#life?.abort();
    this.#life = new AbortController();
    const { signal } = this.#life;
    watchTheme(this, signal, (dark) => this.#readout.theme(dark));
    // A script may have set the field's text and told nobody.
    root.addEventListener("submit", () => { if (this.text !== this.#text) this.#edited(this.text); }, { capture: true, signal });
    this.#bind();
    this.#upgrade("text");
    if (loads) this.#reload();
  }

  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#life?.abort();
      this.#life = this.#root = null;
      this.#release();
      this.#field.release();
      this.#enter("idle");
    });
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (!this.#life || before === after) return;
    if (name === "for") this.#bind();
    else if (name === "required") this.#send();
    else if (name === "explore") this.#readout.offer(this.explore);
    else this.#reload();
  }

  formResetCallback(): void {
    this.#result = null;
    this.#send();
    // The page's field is reset without an event, perhaps after us.
    if (this.#field === this.#own) this.#own.write("");
    else setTimeout(() => this.#edited(this.text));
  }

  formDisabledCallback(disabled: boolean): void {
    this.#own.disable(disabled);
  }

  /** The reader came back to this page. */
  formStateRestoreCallback(text: unknown): void {
    if (typeof text === "string") this.#own.write(text);
  }

  /** The address of the model file. */
  declare src: string;
  /** The id of the field whose text is classified; without it the element has a field of its own. */
  declare htmlFor: string;
  /** The name under which the label goes with its form. */
  declare name: string;
  /** The folder of this package's files; default: the module's own. */
  declare base: string;
  /** The SHA-256 of the model in hex: no other bytes are taken. */
  declare sha256: string;
  declare disabled: boolean;
  /** The form waits until there is a label. */
  declare required: boolean;
  /** Whether the whole widget can be opened from here. */
  declare explore: boolean;

  static {
    PROPERTIES.forEach((name, i) => {
      const attribute = name === "htmlFor" ? "for" : name;
      Object.defineProperty(WasmTextClassifier.prototype, name, i < 5 ? {
        get(this: Element) { return this.getAttribute(attribute) ?? ""; },
        // Frameworks take an attribute away by a property of undefined.
        set(this: Element, value: string | null | undefined) { value == null ? this.removeAttribute(attribute) : this.setAttribute(attribute, value); },
      } : {
        get(this: Element) { return this.hasAttribute(attribute); },
        set(this: Element, value: unknown) { this.toggleAttribute(attribute, !!value); },
      });
    });
  }

  get form(): HTMLFormElement | null { return this.#internals.form; }
  get labels(): NodeList { return this.#internals.labels; }
  get validity(): ValidityState { return this.#internals.validity; }
  get validationMessage(): string { return this.#internals.validationMessage; }
  get willValidate(): boolean { return this.#internals.willValidate; }
  checkValidity(): boolean { return this.#internals.checkValidity(); }
  reportValidity(): boolean { return this.#internals.reportValidity(); }
  get type(): string { return "wasm-text-classifier"; }
  /** The label, as the form sends it; "" where nothing is classified. */
  get value(): string { return !this.#result ? "" : labelText(this.#result.label); }
  get result(): ClassificationResult | null { return this.#result; }
  get state(): State { return this.#state; }
  get problem(): FailureDetail | null { return this.#problem ?? this.#missing; }
  /** The classifier itself, once ready: explain, classify lists, model and capabilities. It is the element's: do not dispose of it. */
  get classifier(): Classifier | null { return this.#classifier; }
  get text(): string { return this.#field.text; }
  set text(value: string) { this.#field.write(`${value ?? ""}`); }

  #upgrade(name: (typeof PROPERTIES)[number] | "text"): void {
    if (!Object.hasOwn(this, name)) return;
    const value = this[name];
    Reflect.deleteProperty(this, name);
    Reflect.set(this, name, value);
  }

  #bind(): void {
    this.#field.release();
    const id = this.htmlFor;
    this.#readout.field(this.#own, id === "");
    this.#field = this.#own;
    this.#miss(null);
    if (id !== "") this.#field = new PageField(this, id, (text, composing) => this.#edited(text, composing), (problem) => this.#miss(problem));
    this.#edited(this.text);
  }

  #miss(problem: FailureDetail | null): void {
    this.#missing = problem;
    this.#enter(this.#state);
    if (problem) this.#say<FailureDetail>("wcw-error", problem);
  }

  /** The label is the former text's: it goes at once, that no form sends it with this one. What is shown stays until the answer. */
  #edited(text: string, composing = false): void {
    this.#text = text;
    this.#result = null;
    this.#send();
    if (composing) return;
    this.#explorer?.setText(text);
    this.#jobs.push(text, DEBOUNCE_MS);
  }

  /** What the form sends, and what the browser keeps of our own field for when the reader comes back. */
  #send(): void {
    const missing = this.required && !this.#result;
    this.#internals.setValidity({ valueMissing: missing }, missing ? "There is no label yet." : "", this.#readout.anchor);
    this.#internals.setFormValue(this.#result && this.value, this.#field === this.#own ? this.text : null);
  }

  #reload(): void {
    this.#release();
    const { src } = this;
    if (!src) {
      this.#enter("idle");
      return;
    }
    const load = new AbortController();
    this.#load = load;
    this.#problem = null;
    this.#enter("loading");
    void this.#open(src, load.signal);
  }

  async #open(src: string, signal: AbortSignal): Promise<void> {
    try {
      const classifier = await Classifier.load(new URL(src, this.baseURI), {
        signal, ...this.#options(),
        onProgress: (loaded, total) => this.#readout.progress(total === null ? null : loaded / total),
      });
      if (signal.aborted) {
        classifier.dispose();
        return;
      }
      this.#classifier = classifier;
      const model = classifier.modelInfo();
      this.#internals.ariaLabel = `Text classifier ${model.name}`;
      this.#enter("ready");
      this.#say<ReadyDetail>("wcw-ready", { model, capabilities: classifier.capabilities });
      this.#jobs.push(this.text);
    } catch (error) {
      if (!signal.aborted) this.#fail(error, "failed");
    }
  }

  #options(): Pick<LoadOptions, "base" | "sha256"> {
    const { sha256, base } = this;
    return { ...(sha256 && { sha256 }), ...(base && { base: new URL(base, this.baseURI) }) };
  }

  #release(): void {
    this.#load?.abort();
    this.#load = null;
    this.#jobs.clear();
    this.#explorer?.close();
    this.#explorer = null;
    this.#classifier?.dispose();
    this.#classifier = null;
    this.#set(null);
  }

  #take(text: string, result: ClassificationResult | null): void {
    this.#problem = null;
    this.#set(result, text);
    this.#enter("ready");
    if (result) this.#say<ResultDetail>("wcw-result", { text, result });
    else if (this.#told) this.#say("wcw-empty", null);
    this.#told = !!result;
  }

  #set(result: ClassificationResult | null, text = ""): void {
    this.#result = result;
    this.#send();
    this.#flag("unsure", result?.is_uncertain === true);
    this.#readout.show(result, text);
  }

  #fail(error: unknown, state: State): void {
    const { code, message, action } = toWire(error);
    this.#problem = { code, message, action };
    this.#set(null);
    this.#enter(state);
    this.#say<FailureDetail>("wcw-error", this.#problem);
  }

  #enter(state: State): void {
    this.#state = state;
    for (const each of ["idle", "loading", "ready", "failed"]) this.#flag(each, each === state);
    this.#internals.ariaBusy = `${state === "loading"}`;
    this.#own.el.ariaLabel = this.labels[0]?.textContent ?? PROMPT;
    this.#readout.offer(this.explore);
    this.#readout.state(state, this.problem);
  }

  /** For `:state(…)` in the page's style sheet. */
  #flag(name: string, on: boolean): void {
    const states = this.#internals.states as CustomStateSet | undefined; // browsers before 2024 have none
    if (on) states?.add(name);
    else states?.delete(name);
  }

  async #explore(open: boolean): Promise<void> {
    this.#explorer?.close();
    this.#explorer = null;
    const place = this.#readout.explorer(open);
    const load = this.#load;
    if (!place || !load) return;
    try {
      const { mountClassifier } = await import("../mount.js");
      if (load.signal.aborted || !place.isConnected) return;
      this.#explorer = mountClassifier(place, new URL(this.src, this.baseURI), {
        title: this.#classifier?.modelInfo().name ?? "", text: this.text, panel: "why", ...this.#options(),
      });
    } catch (error) {
      place.textContent = toWire(error).message;
    }
  }

  #say<T>(name: string, detail: T): void {
    this.dispatchEvent(new CustomEvent<T>(name, { detail, bubbles: true, composed: true }));
  }
}
