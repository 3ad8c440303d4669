/**
 * Wiring of one widget: traits ↔ signals ↔ classifier. The views' module; the loader imports it once per page.
 *
 * What leaves the tab: status, capabilities, the replay's report, and of a text its result (label, scores, the count of
 * known features). A text itself leaves only where Python set it or asked for it with share_text; n-grams and spans never.
 */
import { batch, effect, signal as newSignal } from "@preact/signals";
import type { BatchRun } from "./batch-run.js";
import type { AssetCache } from "./cache/cache.js";
import type * as Late from "./cache/late.js";
import type { CachePanel } from "./cache/panel.js";
import type { Capabilities } from "./capabilities.js";
import { STAGES } from "./engine/host.js";
import { toWire } from "./errors.js";
import { onRequest } from "./http.js";
import { Latest } from "./latest.js";
import { type ChunkModule, type ImportChunk, importBytes, LazyViews } from "./lazy/load.js";
import { refuseHashed } from "./one.js";
import { publish, type Status, type WidgetModel } from "./model-state.js";
import { type OpenHere, openClassifier, openHere, statusOf } from "./opening.js";
import type { AssetName, Assets, Channel } from "./protocol.js";
import type { RunningClassifier } from "./running.js";
import type * as Seldom from "./seldom.js";
import type { Actions, ViewState } from "./state.js";
import { tab } from "./tab.js";
import type { ClassificationResult, ParityReport } from "./types.js";
import { mountApp } from "./views/app.js";
import type { PanelName } from "./views/panels.js";

const DEBOUNCE_MS = 40;
/** The kernel hears of progress this often; the views at once. */
const PROGRESS_MS = 500;

export interface ControllerContext {
  readonly model: WidgetModel;
  readonly channel: Channel;
  readonly assets: Assets;
  readonly signal: AbortSignal;
  /** Where the page has no Blob URLs for modules (Node in tests). Default: from the assets. */
  readonly importChunk?: ImportChunk;
  readonly importSeldom?: () => Promise<typeof Seldom>;
  readonly importCache?: () => Promise<typeof Late>;
  /** Opens the classifier where there is no kernel that delivers it. Default: from the assets. */
  readonly open?: OpenHere;
}

export interface Controller {
  /** Shows the widget in `el`, with a panel open where one is named, and returns how to take it away. */
  mount(el: HTMLElement, panel?: PanelName): () => void;
}

/** A text to classify: `seq` where Python set it (then the kernel has it), null where the reader typed it. */
interface Job {
  readonly text: string;
  readonly seq: number | null;
}

export function createController(context: ControllerContext): Controller {
  const { model, channel, signal, assets } = context;
  const fromAssets = async (name: AssetName): Promise<unknown> => {
    const module = await importOnce(assets.manifest[name]?.sha256 ?? name, () => assets.fetch(name, { signal }));
    if (name !== "cache.js" && readiness.settled) quiet(cache());
    return module;
  };
  const late = context.importCache ?? (() => fromAssets("cache.js") as Promise<typeof Late>);
  /** The cache, with everything in it that was fetched until now. */
  const cache = async (): Promise<AssetCache> => {
    const { pageCache, keepFetched } = await late();
    await keepFetched(assets, pageCache());
    return pageCache();
  };
  const seldom = context.importSeldom ?? (() => fromAssets("seldom.js") as Promise<typeof Seldom>);
  const state: ViewState = {
    title: assets.manifest.model?.name ?? "Text classifier",
    status: newSignal<Status>(statusOf("fetching", "Looking for the engine and the model", 0)),
    text: newSignal(model.get("text")),
    answer: newSignal(null),
    problem: newSignal(""),
    parity: newSignal(null),
    capabilities: newSignal(null),
    info: newSignal(null),
    shared: newSignal(model.get("share_text")),
    styles: newSignal(""),
    explanation: newSignal(null),
    explanationProblem: newSignal(""),
    pointedNgram: newSignal(null),
    explainedClass: newSignal(null),
    lazy: new LazyViews(context.importChunk ?? ((name) => fromAssets(name) as Promise<ChunkModule>)),
    cache: newSignal(null),
    batch: newSignal(null),
    requests: newSignal(0),
  };
  let classifier: RunningClassifier | null = null;
  let explaining = 0;
  let published = 0;

  const say = (status: Status): void => {
    const changed = status.state !== state.status.value.state;
    state.status.value = status;
    if (!changed && Date.now() - published < PROGRESS_MS) return;
    published = Date.now();
    publish(model, { status });
  };

  const explanations = new Latest<string>(async (text, isLast) => {
    if (classifier === null || explaining === 0) return;
    try {
      const explanation = await classifier.explain(text);
      if (isLast()) batch(() => {
        state.explanation.value = explanation;
        state.explanationProblem.value = "";
      });
    } catch (error) {
      if (isLast()) batch(() => {
        state.explanation.value = null;
        state.explanationProblem.value = toWire(error).message;
      });
    }
  });

  const jobs = new Latest<Job>(async ({ text, seq }, isLast) => {
    if (classifier === null) return; // it is looked at again when ready
    try {
      const raw = await classifier.classifyText(text);
      if (!isLast() || signal.aborted) return;
      const own = seq === null ? 0 : model.get("_text_replaced");
      if (own > 0) await classifier.use((client, run) => refuseHashed(client, run, text, raw.known[0] as number));
      const answered = classifier.result(raw, 0);
      const result: ClassificationResult = { ...answered, replaced_surrogates: answered.replaced_surrogates + own };
      batch(() => {
        state.answer.value = { text, result, ms: raw.ms };
        state.problem.value = "";
      });
      if (explaining > 0) explanations.push(text);
      const share = seq === null && model.get("share_text");
      publish(model, { result: plain(result), ran_on: result.ran_on, ...(share ? { text } : {}) });
      // Where the kernel itself classified, the twin has looked at it there.
      if ((seq !== null || share) && result.ran_on !== "kernel-wasm") {
        const { scores, probabilities } = raw;
        quietly(() => channel.send(
          { wcw: 1, type: "answer", seq: seq ?? -1, text: share ? text : null, class_index: result.class_index, known: result.known_features },
          probabilities === null ? [scores.buffer] : [scores.buffer, probabilities.buffer],
        ));
      }
    } catch (error) {
      if (!isLast() || signal.aborted) return;
      const { message, action } = toWire(error);
      batch(() => {
        state.answer.value = null;
        state.problem.value = `${message} ${action}`.trim();
      });
      publish(model, { result: null });
    }
  });

  let panel: CachePanel | null = null;
  let run: BatchRun | null = null;

  const fromKernel = (): void => {
    state.text.value = model.get("text");
    jobs.push({ text: state.text.value, seq: model.get("_text_seq") });
  };
  let last: Job | null = model.get("_text_seq") > 0 ? { text: state.text.value, seq: model.get("_text_seq") } : null;

  let composing = false;

  const actions: Actions = {
    type(text, isComposing = false) {
      if (text === state.text.value && isComposing === composing) return;
      composing = isComposing;
      state.text.value = text;
      if (composing) return;
      last = { text, seq: null };
      jobs.push(last, DEBOUNCE_MS);
    },
    wantExplanation(wanted) {
      explaining += wanted ? 1 : -1;
      const text = state.answer.value?.text;
      if (wanted && text !== undefined) explanations.push(text);
      if (explaining === 0) state.explanation.value = null;
    },
    retry: () => void start(),
    wantCache: (wanted) => {
      const views = state.lazy.views.value["panels.js"]; // one of them calls this
      panel ??= views === undefined ? null : new views.CachePanel(state.cache, cache);
      panel?.want(wanted);
    },
    changeCache: (run) => void panel?.act(run),
    classifyAll: (texts) => {
      const views = state.lazy.views.value["batch.js"]; // one of them calls this
      run ??= views === undefined ? null : new views.BatchRun(state.batch, () => classifier);
      void run?.start(texts);
    },
    cancelBatch: () => run?.cancel(),
  };

  const found = (capabilities: Capabilities): void => {
    state.capabilities.value = capabilities;
    publish(model, { capabilities: { ...capabilities } });
  };
  let readiness = deferred<RunningClassifier>();

  async function start(): Promise<void> {
    if (readiness.settled) readiness = deferred<RunningClassifier>();
    try {
      const opened = await (context.open !== undefined ? openHere(context.open, signal, say) : openClassifier({
        assets, channel, signal, fallback: model.get("fallback"), uid: model.get("_uid"), lower: seldom, keep: () => cache().catch(() => undefined), say,
        found,
      }));
      if (signal.aborted) {
        opened.dispose();
        return;
      }
      classifier = opened;
      state.info.value = opened.modelInfo();
      found({ ...opened.capabilities, storage: state.capabilities.value?.storage ?? null });
      say(statusOf("verifying", "Replaying the recorded answers", null));
      const report = await opened.verify();
      // A reloaded page replays to the same report; then what Python joined with its live checks still stands.
      const joined = model.get("parity");
      const replayed = JSON.stringify(model.get("_replay")) === JSON.stringify(report);
      state.parity.value = replayed && "ok" in joined ? received(joined as ParityReport) : report;
      publish(model, { _replay: report });
      say(statusOf("ready", "Ready", 1));
      readiness.resolve(opened);
      onRequest(() => { state.requests.value += 1; }, signal);
      if (last !== null) jobs.push(last);
      if (context.open === undefined) quiet(store(opened));
    } catch (error) {
      readiness.reject(error);
      if (signal.aborted) return;
      const { code, message, action } = toWire(error);
      say({ state: "failed", progress: null, code, message, action });
    }
  }

  /** After the first answer: what was fetched is kept for the next visit, and the storage looked at. */
  async function store(opened: RunningClassifier): Promise<void> {
    const kept = await cache();
    const storage = await kept.facts();
    if (!signal.aborted) found({ ...opened.capabilities, storage });
    await (await late()).noteUse(assets, kept);
  }

  const on = (event: string, handler: () => void): void => {
    model.on(event, handler);
    signal.addEventListener("abort", () => model.off(event, handler), { once: true });
  };
  on("change:_text_seq", () => {
    last = { text: model.get("text"), seq: model.get("_text_seq") };
    fromKernel();
  });
  on("change:share_text", () => { state.shared.value = model.get("share_text"); });
  on("change:parity", () => {
    const report = model.get("parity");
    if ("ok" in report) state.parity.value = received(report as ParityReport);
  });
  const asked = { channel, signal, tab, ready: () => readiness.promise, inspector: cache };
  channel.listen((message, buffers) => {
    if (message.type === "call" && (message.tab === null || message.tab === tab)) {
      seldom().then(({ answerCall }) => answerCall(asked, message, buffers), () => undefined); // no answer: then Python says so in time
    }
    if (message.type !== "stages" || classifier === null) return;
    const { id, text } = message;
    const opened = classifier;
    Promise.all(STAGES.map((stage) => opened.stage(stage, text))).then(
      (stages) => quietly(() => channel.send({ wcw: 1, type: "stages", id }, stages.map((bytes) => bytes.slice().buffer))),
      () => undefined, // the kernel then names the stage that it can see itself
    );
  }, signal);
  signal.addEventListener("abort", () => {
    run?.cancel();
    readiness.reject(signal.reason);
    jobs.clear();
    explanations.clear();
    classifier?.dispose();
    classifier = null;
  }, { once: true });

  assets.fetch("widget.css", { signal }).then(
    (bytes) => { state.styles.value = new TextDecoder().decode(bytes); },
    () => undefined, // without styles the widget is plain, but works
  );
  void start();

  return {
    mount(el, panel) {
      const root = el.appendChild(document.createElement("div"));
      root.className = "wcw-room";
      const stop = wear(root, () => state.styles.value + state.lazy.styles);
      const unmount = mountApp(root, state, actions, panel);
      return () => {
        stop();
        unmount();
        root.remove();
      };
    },
  };
}

/**
 * Puts the styles beside a root. In a shadow root as a constructed sheet, which no page's policy forbids; in a document as
 * an element, because a constructed sheet there would be the page's.
 */
function wear(root: HTMLElement, styles: () => string): () => void {
  const tree = root.getRootNode();
  if (tree instanceof ShadowRoot) {
    const sheet = new CSSStyleSheet();
    tree.adoptedStyleSheets.push(sheet);
    const stop = effect(() => { sheet.replaceSync(styles()); });
    return () => {
      stop();
      tree.adoptedStyleSheets = tree.adoptedStyleSheets.filter((other) => other !== sheet);
    };
  }
  const style = document.createElement("style");
  root.before(style);
  const stop = effect(() => { style.textContent = styles(); });
  return () => {
    stop();
    style.remove();
  };
}

/** Parts of the program by their hash: one copy for all widgets of the page. */
const chunks = new Map<string, Promise<unknown>>();

function importOnce(sha256: string, fetch: () => Promise<Uint8Array<ArrayBuffer>>): Promise<unknown> {
  const found = chunks.get(sha256) ?? fetch().then(importBytes);
  chunks.set(sha256, found);
  found.catch(() => chunks.delete(sha256)); // that widget's kernel did not deliver; the next one's may
  return found;
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly settled: boolean;
  resolve(value: T): void;
  reject(error: unknown): void;
}

function deferred<T>(): Deferred<T> {
  let settle: Pick<Deferred<T>, "resolve" | "reject"> | undefined;
  let settled = false;
  const promise = new Promise<T>((resolve, reject) => { settle = { resolve, reject }; });
  promise.catch(() => undefined); // nobody may be waiting
  return {
    promise,
    get settled() { return settled; },
    resolve: (value) => { settled = true; settle?.resolve(value); },
    reject: (error) => { settled = true; settle?.reject(error); },
  };
}

/** What is nobody's to wait for; where it fails, the next one who wants it is told. */
function quiet(promise: Promise<unknown>): void {
  promise.catch(() => undefined);
}

/** A dead comm (the kernel was restarted) must not stop the tab from classifying. */
function quietly(run: () => void): void {
  try {
    run();
  } catch {
    // There is nobody to tell.
  }
}

/** JSON knows no bigint; Python puts its own class back by `class_index`. */
function plain(result: ClassificationResult): Record<string, unknown> {
  const word = (label: unknown): unknown => (typeof label === "bigint" ? String(label) : Array.isArray(label) ? label.map(word) : label);
  return { ...result, label: word(result.label), all_scores: result.all_scores.map((score) => ({ ...score, label: word(score.label) })) };
}

/** A report as Python sent it. Pyodide's kernel leaves out what is None. */
function received(report: ParityReport): ParityReport {
  return { ...report, first_difference: report.first_difference ?? null };
}
