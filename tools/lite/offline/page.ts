// The page's half: has the site kept in the browser, so that it works offline after the first visit, and says so; or says
// why it cannot be.
import { Keeper, megabytes, NotKept } from "./keep";

type State = "keeping" | "kept" | "newer" | "asking" | "impossible";
interface Action {
  readonly label: string;
  readonly run: () => void;
}

const PATIENCE = 120_000;
/** Good news goes away by itself. */
const LINGER = 8_000;
const keeper = new Keeper(new URL(".", import.meta.url).href);
let note: HTMLElement | null = null;

async function main(): Promise<void> {
  const registration = await registered();
  if ((await keeper.versions()).length > 0) {
    tell("kept");
    return watchForNewer(registration); // fetching that one is the service worker's affair
  }
  const list = await keeper.list();
  const room = await navigator.storage.estimate();
  const free = (room.quota ?? Number.POSITIVE_INFINITY) - (room.usage ?? 0);
  if (free < list.bytes) {
    throw new NotKept(`it has ${megabytes(list.bytes)}, this browser gives it ${megabytes(free)}`);
  }
  const keep = async (): Promise<void> => {
    await keeper.keep(list, (done) => tell("keeping", `Keeping this site for use offline: ${Math.floor((100 * done) / list.bytes)} %`));
    if ((await keeper.whole(list.version)) === null) throw new NotKept("its files were removed meanwhile");
    tell("kept", `This site now works offline (${megabytes(list.bytes)} in this browser).`);
  };
  const size = megabytes(list.bytes);
  if (savesData()) {
    return tell("asking", `Use this site offline? It has ${size}.`, { label: `Keep ${size}`, run: () => void keep().catch(refused) });
  }
  await keep();
}

/** The service worker that JupyterLite registers while it starts. */
async function registered(): Promise<ServiceWorkerRegistration> {
  if (!isSecureContext) {
    throw new NotKept(`browsers allow that for https:// and for this very machine, not for ${location.origin}`);
  }
  if (!("serviceWorker" in navigator && "caches" in globalThis)) {
    throw new NotKept("this browser, or this private window, has no service workers");
  }
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new NotKept("this window, a private one perhaps, allows no service worker")), PATIENCE);
  });
  return Promise.race([navigator.serviceWorker.ready, late]);
}

/** Say so when a newer version of the site lies ready. */
function watchForNewer(registration: ServiceWorkerRegistration): void {
  const offer = (): void => {
    const { waiting } = registration;
    if (waiting === null) return;
    tell("newer", "A newer version of this site is here.", { label: "Use it", run: () => void use(waiting) });
  };
  const follow = (worker: ServiceWorker | null): void => worker?.addEventListener("statechange", offer);
  registration.addEventListener("updatefound", () => follow(registration.installing));
  follow(registration.installing);
  offer();
}

async function use(waiting: ServiceWorker): Promise<void> {
  const channel = new MessageChannel();
  const alone = new Promise<boolean>((resolve) => {
    channel.port1.onmessage = (event) => resolve(event.data === true);
  });
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  waiting.postMessage("take over", [channel.port2]);
  if (!(await alone)) tell("newer", "A newer version of this site is here: close its other tabs, then reload this one.");
}

function savesData(): boolean {
  return (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true;
}

function refused(error: unknown): void {
  const why = error instanceof NotKept ? error.message : "the connection was lost; the next visit goes on from here";
  if (!(error instanceof NotKept)) console.warn("not kept for use offline:", error);
  tell("impossible", `This site will not work offline here: ${why}.`);
}

/** A line at the foot of the page; no text takes it away. */
function tell(state: State, text = "", action?: Action): void {
  document.documentElement.dataset["offline"] = state;
  if (text === "") {
    note?.remove();
    note = null;
    return;
  }
  if (note === null) {
    note = document.createElement("div");
    note.setAttribute("role", "status");
    note.style.cssText = `position: fixed; right: 12px; bottom: 32px; z-index: 10000; max-width: 26rem; padding: 8px 12px;
      display: flex; gap: 12px; align-items: center; border-radius: 4px; border: 1px solid var(--jp-border-color1, #bbb);
      background: var(--jp-layout-color1, #fff); color: var(--jp-ui-font-color1, #222);
      font: 13px/1.4 var(--jp-ui-font-family, system-ui, sans-serif); box-shadow: 0 2px 8px rgb(0 0 0 / 0.2)`;
    document.body.append(note);
  }
  const shown = note;
  shown.replaceChildren(text);
  if (action !== undefined) shown.append(button(action.label, action.run));
  if (state !== "keeping") shown.append(button("Close", () => tell(state)));
  if (state === "kept") {
    setTimeout(() => {
      if (note === shown && document.documentElement.dataset["offline"] === "kept") tell("kept");
    }, LINGER);
  }
}

function button(label: string, run: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = label;
  made.style.cssText = `font: inherit; cursor: pointer; padding: 2px 10px; border-radius: 3px; white-space: nowrap;
    border: 1px solid var(--jp-border-color1, #bbb); background: var(--jp-layout-color2, #eee); color: inherit`;
  made.addEventListener("click", run);
  return made;
}

main().catch(refused);
