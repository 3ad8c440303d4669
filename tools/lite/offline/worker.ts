// The service worker's half: a site that is kept as a whole is served from the browser, without a request.
//
// It stands before JupyterLite's own service worker in one file (see offline.py), which goes on to serve the kernel's file
// system. JupyterLite has a cache as well ("enableServiceWorkerCache"), which does not serve here: it learns that it is
// switched on from the `activate` event alone, so a worker that was stopped, as every browser does after half a minute,
// starts without it; and it has only what a visit happened to ask for after the worker was there.
import { Keeper, LIST } from "./keep";

declare const self: ServiceWorkerGlobalScope;
/** The first line of the file: another version of the site is another file, which is how browsers see that it is new. */
declare const SITE: { readonly version: string };

const keeper = new Keeper(self.registration.scope);
let kept: Cache | null = null;

self.addEventListener("install", (event) => {
  event.stopImmediatePropagation(); // JupyterLite's takes over at once, also from under open notebooks
  event.waitUntil(install());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(keeper.drop((version) => version !== SITE.version));
});

self.addEventListener("message", (event) => {
  if (event.data === "take over") event.waitUntil(takeOver(event));
});

self.addEventListener("fetch", (event) => {
  const path = pathOf(event.request);
  if (path === null) return;
  event.stopImmediatePropagation();
  event.respondWith(answer(event.request, path));
});

/** The first one has nothing to wait for: the page fetches the files later. A newer one comes when it has all of them. */
async function install(): Promise<void> {
  const there = await keeper.versions();
  if (there.length === 0) return self.skipWaiting();
  if (there.includes(SITE.version)) return;
  const list = await keeper.list();
  if (list.version !== SITE.version) throw new Error(`${LIST} is of another version than this service worker`);
  await keeper.keep(list);
}

/** Only a page that is alone may change the version: another would find half of its files gone. */
async function takeOver(event: ExtendableMessageEvent): Promise<void> {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const alone = windows.filter((window) => window.url.startsWith(self.registration.scope)).length <= 1;
  event.ports[0]?.postMessage(alone);
  if (alone) await self.skipWaiting();
}

/** A request's path below the site's root; null for what is not ours to answer. */
function pathOf(request: Request): string | null {
  const { origin, pathname } = new URL(request.url);
  const root = new URL(self.registration.scope);
  if (request.method !== "GET" || origin !== root.origin || !pathname.startsWith(root.pathname)) return null;
  const path = pathname.slice(root.pathname.length);
  // JupyterLite's service worker answers these itself.
  if (/^api\/(drive|stdin|service-worker-heartbeat)/.test(path)) return null;
  return path === LIST || path === "service-worker.js" ? null : path;
}

async function answer(request: Request, path: string): Promise<Response> {
  kept ??= await keeper.whole(SITE.version);
  const file = path === "" || path.endsWith("/") ? `${path}index.html` : path;
  // Queries do not matter: these are files.
  const found = await kept?.match(new URL(file, self.registration.scope).href);
  if (found !== undefined) return found;
  try {
    return await fetch(request);
  } catch (error) {
    if (kept !== null) return new Response(null, { status: 504, statusText: "offline, and not kept in this browser" });
    if (request.mode === "navigate") return notKept();
    throw error;
  }
}

function notKept(): Response {
  const body = `<!doctype html><meta charset="utf-8"><title>Offline</title>
<p>The site cannot be reached, and this browser has not kept all of it.
<p>Open it once with a connection, and wait until it says that it works offline. <a href="">Try again</a>`;
  return new Response(body, { status: 503, headers: { "Content-Type": "text/html; charset=utf-8" } });
}
