/** What the element shows: label, confidence, a bar for each class, what goes wrong. Everything of the model's as text. */
import { isChosen } from "../results.js";
import type { ClassificationResult, ClassScore } from "../types.js";
import { labelText, probability, signed } from "../views/format.js";
import type { FailureDetail } from "./element.js";
import type { OwnField } from "./field.js";
import { make } from "./make.js";
import { SHEET } from "./sheet.js";

/** So many classes have a bar. */
const ROWS = 5;
/** A screen reader hears the answer when no new one came for so long. */
const PAUSE_MS = 1000;

export interface Calls {
  explore(open: boolean): void;
  retry(): void;
}

export class Readout {
  readonly #root: ShadowRoot;
  readonly #calls: Calls;
  readonly #box = make("div", "box");
  readonly #status = make("p", "status");
  readonly #progress = make("progress", "progress");
  readonly #outcome = make("div", "outcome");
  readonly #said = document.createElement("p");
  readonly #scores = make("ul", "scores");
  readonly #more = make("button", "more");
  #place: HTMLElement | null = null;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #offered = false;
  #ready = false;

  constructor(root: ShadowRoot, calls: Calls) {
    this.#root = root;
    this.#calls = calls;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(SHEET);
    root.adoptedStyleSheets = [sheet];
    // Both are always there, so that a screen reader hears every change of theirs; but not an answer to every key.
    this.#said.ariaLive = "polite";
    this.#status.role = "status";
    this.#progress.hidden = true;
    this.#progress.ariaLabel = "Loading the classifier";
    this.#more.type = "button";
    this.#more.addEventListener("click", () => calls.explore(!this.#place));
    this.#box.append(this.#outcome, this.#said, this.#scores, this.#progress, this.#status, this.#more);
    root.append(this.#box);
    this.#offerNow();
  }

  /** Where a form says that it waits for us. */
  get anchor(): HTMLElement {
    return this.#box;
  }

  theme(dark: boolean): void {
    this.#box.dataset["theme"] = dark ? "dark" : "light";
  }

  /** Our own field, where it is the one that is watched. */
  field({ el, clear }: OwnField, shown: boolean): void {
    if (shown) this.#box.prepend(el, clear);
    else for (const each of [el, clear]) each.remove();
    this.#box.removeAttribute("tabindex");
    // A form that waits for us says so at what can have the focus.
    if (!shown) this.#box.tabIndex = -1;
  }

  progress(part: number | null): void {
    if (part === null) this.#progress.removeAttribute("value");
    else this.#progress.value = part;
  }

  state(state: string, problem: FailureDetail | null): void {
    this.#ready = state === "ready";
    this.#progress.hidden = state !== "loading";
    this.#status.classList.toggle("bad", !!problem);
    this.#status.replaceChildren(problem ? `${problem.message} ${problem.action}`.trim() : state === "loading" ? "Loading the classifier…" : "");
    if (problem && state === "failed") {
      const again = make("button", "retry");
      again.type = "button";
      again.textContent = "Try again";
      again.addEventListener("click", () => this.#calls.retry());
      this.#status.append(" ", again);
    }
    this.#offerNow();
  }

  show(result: ClassificationResult | null, text: string): void {
    // For those who hear it: once the reader pauses.
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => { this.#said.textContent = this.#outcome.textContent; }, PAUSE_MS);
    if (!result) {
      this.#outcome.replaceChildren();
      this.#scores.replaceChildren();
      return;
    }
    const label = make("span", "label");
    label.textContent = labelText(result.label);
    label.dir = "auto";
    label.dataset["tone"] = result.is_uncertain ? "" : tone(result, result.all_scores.findIndex((_, i) => isChosen(result, i)));
    const confidence = make("span", "confidence");
    confidence.textContent = result.confidence === null ? "" : result.confidence.toFixed(3);
    const chips = [
      ...(result.is_uncertain ? [chip("not sure", "unsure")] : []),
      ...(result.known_features === 0 && text !== "" ? [chip("no known feature", "unknown")] : []),
    ];
    this.#outcome.replaceChildren(label, " ", confidence, ...chips.flatMap((each) => [" ", each]));
    this.#scores.ariaLabel = `${result.score_kind === "probability" ? "Probability" : "Decision score"} of each class`;
    this.#scores.replaceChildren(...bars(result));
  }

  /** Whether the whole widget can be opened from here. */
  offer(offered: boolean): void {
    this.#offered = offered;
    this.#offerNow();
  }

  /** The place of the whole widget while it is open. */
  explorer(open: boolean): HTMLElement | null {
    this.#place?.remove();
    this.#place = open ? make("div", "explorer") : null;
    if (this.#place) this.#root.append(this.#place);
    this.#offerNow();
    return this.#place;
  }

  #offerNow(): void {
    this.#more.hidden = !(this.#offered && this.#ready);
    this.#more.textContent = this.#place ? "Close" : "Why?";
    this.#more.ariaExpanded = `${!!this.#place}`;
  }
}

function chip(words: string, part: string): HTMLElement {
  const el = make("span", "chip");
  el.part.add(part);
  el.textContent = words;
  return el;
}

function bars(result: ClassificationResult): HTMLElement[] {
  const { all_scores: scores, score_kind: kind } = result;
  const order = scores.map((_, i) => i).sort((a, b) => (scores[b] as ClassScore).score - (scores[a] as ClassScore).score).slice(0, ROWS);
  const scale = kind === "probability" ? 1 : Math.max(...scores.map(({ score }) => Math.abs(score)), 1e-12);
  return order.map((i) => {
    const { label, score } = scores[i] as ClassScore;
    const row = make("li", "score");
    const name = make("span", "class");
    name.textContent = labelText(label);
    name.dir = "auto";
    const bar = make("span", "bar");
    bar.ariaHidden = "true";
    const fill = make("span", "fill");
    fill.dataset["tone"] = tone(result, i);
    fill.style.width = `${Math.min(100, Math.abs(score) / scale * 100)}%`;
    bar.append(fill);
    const number = make("span", "number");
    number.textContent = kind === "probability" ? probability(score) : signed(score);
    row.append(name, bar, number);
    return row;
  });
}

/** As in the widget: of two classes each has its colour, of more only the predicted one. */
function tone(result: ClassificationResult, i: number): string {
  if (result.all_scores.length === 2 && typeof result.class_index === "number") return i === 1 ? "blue" : "orange";
  return isChosen(result, i) ? "blue" : "grey";
}
