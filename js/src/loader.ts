/**
 * The widget's `_esm`: small, because a notebook saves it with every widget.
 *
 * `initialize` only starts: it gets the views' module in chunks over the comm, checks its SHA-256, imports it from a Blob
 * URL (once per page and hash, whatever number of widgets there are) and lets it load the rest. Until then a line of text
 * stands in each view.
 */
import { kernelAssets } from "./assets.js";
import { toWire } from "./errors.js";
import { channelOf, publish, type Status, type WidgetModel } from "./model-state.js";
import type { Assets } from "./protocol.js";
import type { Controller, ControllerContext } from "./widget.js";

interface ViewsModule {
  createController(context: ControllerContext): Controller;
}

interface Session {
  readonly controller: Promise<Controller>;
  readonly status: () => Status;
  holders: number;
  readonly end: AbortController;
}

const PAGE = Symbol.for("wasm-clf-widget:1");
const page = globalThis as typeof globalThis & { [PAGE]?: Map<string, Promise<ViewsModule>> };
page[PAGE] ??= new Map();
const modules = page[PAGE];

/** Widgets of this loader, by the Python object's id: a host may evaluate this module once for many widgets. */
const sessions = new Map<string, Session>();

async function views(assets: Assets, signal: AbortSignal, say: (status: Status) => void): Promise<ViewsModule> {
  const key = assets.manifest["widget.js"]?.sha256 ?? "";
  const other = modules.get(key);
  if (other !== undefined) {
    try {
      return await other;
    } catch {
      // That widget's kernel did not deliver; ours may.
    }
  }
  const own = (async () => {
    const bytes = await assets.fetch("widget.js", {
      signal,
      onProgress: (loaded, total) => say(fetching(loaded / total)),
      onWaiting: (waiting) => say(waiting ? WAITING : fetching(0)),
    });
    const url = URL.createObjectURL(new Blob([bytes], { type: "text/javascript" }));
    try {
      return (await import(/* webpackIgnore: true */ /* @vite-ignore */ url)) as ViewsModule;
    } finally {
      URL.revokeObjectURL(url);
    }
  })();
  modules.set(key, own);
  own.catch(() => { if (modules.get(key) === own) modules.delete(key); });
  return own;
}

const fetching = (progress: number): Status => ({ state: "fetching", progress, code: "", message: "Fetching the widget from the kernel", action: "" });
const WAITING: Status = { state: "waiting-for-kernel", progress: null, code: "", message: "Waiting for the kernel: it is busy with another cell, or was restarted (then run this cell again)", action: "" };

function sessionOf(model: WidgetModel): Session {
  const uid = model.get("_uid");
  const open = sessions.get(uid);
  if (open !== undefined) return open;
  const end = new AbortController();
  let status: Status = fetching(0);
  const channel = channelOf(model);
  const assets = kernelAssets(channel, model.get("_manifest"));
  const say = (next: Status): void => {
    if (next.state !== status.state) publish(model, { status: next });
    status = next;
  };
  publish(model, { status });
  const controller = views(assets, end.signal, say).then((module) => module.createController({ model, channel, assets, signal: end.signal }));
  controller.catch((error: unknown) => {
    if (end.signal.aborted) return;
    const { code, message, action } = toWire(error);
    say({ state: "failed", progress: null, code, message, action });
  });
  const session: Session = { controller, status: () => status, holders: 0, end };
  sessions.set(uid, session);
  return session;
}

/** Holds a widget's session until the signal aborts or the returned function is called, whichever the host does. */
function hold(model: WidgetModel, signal: AbortSignal | undefined): { session: Session; release: () => void; released: AbortSignal } {
  const session = sessionOf(model);
  const uid = model.get("_uid");
  session.holders += 1;
  const released = new AbortController();
  const release = (): void => {
    if (released.signal.aborted) return;
    released.abort();
    session.holders -= 1;
    if (session.holders > 0) return;
    session.end.abort();
    if (sessions.get(uid) === session) sessions.delete(uid);
  };
  if (signal?.aborted) release();
  signal?.addEventListener("abort", release, { once: true });
  return { session, release, released: released.signal };
}

interface Props {
  readonly model: WidgetModel;
  readonly signal?: AbortSignal;
}

export default {
  initialize({ model, signal }: Props): () => void {
    return hold(model, signal).release;
  },
  render({ model, el, signal }: Props & { el: HTMLElement }): () => void {
    const { session, release, released } = hold(model, signal);
    const line = el.appendChild(document.createElement("div"));
    line.className = "wcw";
    line.dataset["wcw"] = "status";
    line.setAttribute("role", "status");
    const show = (): void => {
      const { state, message, action } = session.status();
      line.dataset["state"] = state;
      line.textContent = action === "" ? `${message}…` : `${message} ${action}`;
    };
    show();
    const timer = setInterval(show, 300);
    released.addEventListener("abort", () => clearInterval(timer), { once: true });
    session.controller.then(
      (controller) => {
        clearInterval(timer);
        if (released.aborted) return;
        line.remove();
        const unmount = controller.mount(el);
        released.addEventListener("abort", unmount, { once: true });
      },
      () => {
        clearInterval(timer);
        show();
      },
    );
    return release;
  },
};
