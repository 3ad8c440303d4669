/**
 * `<wasm-text-classifier src="reviews.safetensors" for="comment" name="mood">`: classifies the text of a field, in the tab.
 *
 * A form-associated custom element: its value is the label. It defines itself and nothing else; everything it shows stands
 * in its shadow root, styled by `::part` and custom properties. Plain DOM and no framework, because this much has to fit
 * beside the engine; the whole widget (explanation, batches, cache) is fetched when the reader opens it.
 */
import type { Capabilities } from "../capabilities.js";
import { Classifier } from "../classifier.js";
import { toWire } from "../errors.js";
import { Latest } from "../latest.js";
import type { Explorer } from "../page/types.js";
import type { ClassificationResult, ModelInfo } from "../types.js";
import { labelText } from "../views/format.js";
import { watchTheme } from "../views/theme.js";
import { Field } from "./field.js";
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

export class WasmTextClassifier extends HTMLElement {
  static readonly formAssociated = true;
  static readonly observedAttributes = ["src", "for", "sha256", "explore"];

  readonly #internals = this.attachInternals();
  readonly #readout: Readout;
  #field: Field | null = null;
  #life: AbortController | null = null;
  #load: AbortController | null = null;
  #classifier: Classifier | null = null;
  #explorer: Explorer | null = null;
  #result: ClassificationResult | null = null;
  #problem: FailureDetail | null = null;
  #state: State = "idle";

  readonly #jobs = new Latest<string>(async (text, isLast) => {
    const classifier = this.#classifier;
    if (classifier === null) return; // it is looked at again when ready
    try {
      const result = await classifier.classify(text);
      if (isLast() && this.#classifier === classifier) this.#take(text, result);
    } catch (error) {
      if (isLast() && this.#classifier === classifier) this.#fail(error, "ready");
    }
  });

  constructor() {
    super();
    this.#readout = new Readout(this.attachShadow({ mode: "open", delegatesFocus: true }), {
      explore: (open) => void this.#explore(open),
      retry: () => this.#reload(),
    });
    this.#internals.role = "group";
  }

  connectedCallback(): void {
    if (this.#life !== null) return; // it was only moved
    this.#life = new AbortController();
    watchTheme(this, this.#life.signal, (dark) => this.#readout.theme(dark));
    this.#bind();
    this.#reload();
  }

  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#life?.abort();
      this.#life = null;
      this.#release();
      this.#field?.release();
      this.#field = null;
      this.#enter("idle");
    });
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (this.#life === null || before === after) return;
    if (name === "for") this.#bind();
    else if (name === "explore") this.#readout.offer(this.hasAttribute("explore"));
    else this.#reload();
  }

  formResetCallback(): void {
    // The field that we watch is reset without an event, perhaps after us.
    setTimeout(() => this.#field?.reset());
  }

  /** The address of the model file. */
  get src(): string { return this.getAttribute("src") ?? ""; }
  set src(value: string) { this.setAttribute("src", value); }
  /** The id of the field whose text is classified; without it the element has a field of its own. */
  get htmlFor(): string { return this.getAttribute("for") ?? ""; }
  set htmlFor(value: string) { this.setAttribute("for", value); }
  /** The name under which the label goes with its form. */
  get name(): string { return this.getAttribute("name") ?? ""; }
  set name(value: string) { this.setAttribute("name", value); }

  get form(): HTMLFormElement | null { return this.#internals.form; }
  get type(): string { return "wasm-text-classifier"; }
  /** The label, as the form sends it; "" where nothing is classified. */
  get value(): string { return this.#result === null ? "" : labelText(this.#result.label); }
  get result(): ClassificationResult | null { return this.#result; }
  get state(): State { return this.#state; }
  get problem(): FailureDetail | null { return this.#problem; }
  /** The classifier itself, once ready: explain, classify lists, model and capabilities. It is the element's: do not dispose of it. */
  get classifier(): Classifier | null { return this.#classifier; }
  get text(): string { return this.#field?.text ?? ""; }
  set text(value: string) { this.#field?.write(value); }

  #bind(): void {
    this.#field?.release();
    const id = this.getAttribute("for");
    this.#field = id === null || id === "" ? this.#readout.ownField() : Field.byId(this, id, () => this.#enter(this.#state));
    this.#field.watch((text) => {
      this.#explorer?.setText(text);
      this.#jobs.push(text, DEBOUNCE_MS);
    });
    this.#jobs.push(this.#field.text);
  }

  #reload(): void {
    this.#release();
    const src = this.getAttribute("src");
    if (src === null || src === "") {
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
        signal, ...this.#pinned(),
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

  #pinned(): { readonly sha256?: string } {
    const sha256 = this.getAttribute("sha256");
    return sha256 === null ? {} : { sha256 };
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

  #take(text: string, result: ClassificationResult): void {
    this.#problem = null;
    this.#set(text === "" ? null : result);
    this.#enter("ready");
    this.#readout.show(this.#result, text);
    if (text !== "") this.#say<ResultDetail>("wcw-result", { text, result });
  }

  #set(result: ClassificationResult | null): void {
    this.#result = result;
    this.#internals.setFormValue(result === null ? null : labelText(result.label));
    this.#flag("unsure", result?.is_uncertain === true);
    if (result === null) this.#readout.show(null, "");
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
    this.#internals.ariaBusy = String(state === "loading");
    this.#readout.offer(this.hasAttribute("explore"));
    this.#readout.state(state, this.#problem ?? this.#field?.problem ?? null);
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
    if (place === null || load === null) return;
    try {
      const { mountClassifier } = await import("../mount.js");
      if (load.signal.aborted || !place.isConnected) return;
      this.#explorer = mountClassifier(place, new URL(this.src, this.baseURI), {
        title: this.#classifier?.modelInfo().name ?? "", text: this.text, panel: "why", ...this.#pinned(),
      });
    } catch (error) {
      place.textContent = toWire(error).message;
    }
  }

  #say<T>(name: string, detail: T): void {
    this.dispatchEvent(new CustomEvent<T>(name, { detail, bubbles: true, composed: true }));
  }
}
