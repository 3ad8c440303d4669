// One whole version of the site in the browser's Cache storage. Used by the page (the first time) and by the service
// worker (a newer version). Files enter only with the bytes that the list names, so that no two versions are mixed.

/** offline.json: what a version of the site consists of; `files` is path → [SHA-256, bytes]. */
export interface List {
  readonly version: string;
  readonly bytes: number;
  readonly files: Readonly<Record<string, readonly [sha256: string, bytes: number]>>;
}

/** Why a version could not be kept, in words for the reader. */
export class NotKept extends Error {
  override name = "NotKept";
}

export const LIST = "offline.json";
const AT_ONCE = 4;

export class Keeper {
  readonly #prefix: string;
  readonly #mark: string;

  /** `scope` is the address of the site's root, with its slash: an origin may carry several sites. */
  constructor(readonly scope: string) {
    this.#prefix = `lite-site ${scope} `;
    // Stands in a cache that is complete, and holds its list.
    this.#mark = new URL(".whole", scope).href;
  }

  /** The list on the server; never from a cache. */
  async list(): Promise<List> {
    const answer = await fetch(new URL(LIST, this.scope), { cache: "no-store" });
    if (!answer.ok) throw new NotKept(`${LIST} answered ${answer.status}: was the site built by \`make lite\`?`);
    return (await answer.json()) as List;
  }

  /** The cache of a version, if all of it is there. */
  async whole(version: string): Promise<Cache | null> {
    const name = this.#prefix + version;
    if (!(await caches.has(name))) return null;
    const cache = await caches.open(name);
    return (await cache.match(this.#mark)) === undefined ? null : cache;
  }

  /** Every version that is there as a whole. */
  async versions(): Promise<string[]> {
    const found: string[] = [];
    for (const name of await caches.keys()) {
      const version = name.slice(this.#prefix.length);
      if (name.startsWith(this.#prefix) && (await this.whole(version)) !== null) found.push(version);
    }
    return found;
  }

  async drop(wanted: (version: string) => boolean): Promise<void> {
    for (const name of await caches.keys()) {
      if (name.startsWith(this.#prefix) && wanted(name.slice(this.#prefix.length))) await caches.delete(name);
    }
  }

  /** Fetch what is missing of a version; what an older version has with the same hash is taken from there. */
  async keep(list: List, progress: (bytes: number) => void = () => undefined): Promise<void> {
    const cache = await caches.open(this.#prefix + list.version);
    const older = await this.#older();
    const files = Object.entries(list.files);
    let done = 0;
    let stopped = false;
    const work = async (): Promise<void> => {
      for (let next = files.shift(); next !== undefined; next = files.shift()) {
        const [path, [sha256, bytes]] = next;
        const address = new URL(path, this.scope).href;
        if ((await cache.match(address)) === undefined) {
          await cache.put(address, (await older(path, sha256)) ?? (await this.#fetch(path, sha256)));
        }
        done += bytes;
        if (!stopped) progress(done);
      }
    };
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      await cache.put(this.#mark, new Response(JSON.stringify(list)));
    } catch (error) {
      stopped = true;
      files.length = 0;
      throw error instanceof DOMException && error.name === "QuotaExceededError"
        ? new NotKept(`this browser has no room for its ${megabytes(list.bytes)}`)
        : error;
    }
  }

  async #older(): Promise<(path: string, sha256: string) => Promise<Response | undefined>> {
    const found: [List, Cache][] = [];
    for (const version of await this.versions()) {
      const cache = await caches.open(this.#prefix + version);
      const mark = await cache.match(this.#mark);
      if (mark !== undefined) found.push([(await mark.json()) as List, cache]);
    }
    return async (path, sha256) => {
      const from = found.find(([list]) => list.files[path]?.[0] === sha256);
      return from?.[1].match(new URL(path, this.scope).href);
    };
  }

  async #fetch(path: string, sha256: string): Promise<Response> {
    const address = new URL(path, this.scope);
    let answer = await fetch(address, { priority: "low" });
    let body = await answer.arrayBuffer();
    if ((await digest(body)) !== sha256) {
      // The browser's HTTP cache may hold an older one.
      answer = await fetch(address, { cache: "reload", priority: "low" });
      body = await answer.arrayBuffer();
      if ((await digest(body)) !== sha256) {
        throw new NotKept(`${path} is not the file that was built (its SHA-256 differs; the server answered ${answer.status})`);
      }
    }
    // Made anew: a response that was redirected (hosts that turn index.html into /) may not answer a navigation.
    return new Response(body, { headers: answer.headers });
  }
}

export function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}

async function digest(data: ArrayBuffer): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
