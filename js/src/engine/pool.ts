/** One value per key for the whole page, counted: the last holder who lets go releases it. */

export interface Lease<T> {
  readonly value: T;
  /** Lets go; a second call does nothing. */
  release(): void;
}

interface Entry<T> {
  readonly value: Promise<T>;
  holders: number;
}

export class Pool<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #dispose: (value: T) => void;

  constructor(dispose: (value: T) => void) {
    this.#dispose = dispose;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value under `key`, made by `make` where there is none. If another holder's attempt fails, ours is tried. */
  async acquire(key: string, make: () => Promise<T>): Promise<Lease<T>> {
    for (;;) {
      const found = this.#entries.get(key);
      const entry: Entry<T> = found ?? { value: make(), holders: 0 };
      if (found === undefined) this.#entries.set(key, entry);
      entry.holders += 1;
      try {
        return this.#lease(key, entry, await entry.value);
      } catch (error) {
        entry.holders -= 1;
        if (this.#entries.get(key) === entry) this.#entries.delete(key);
        if (found === undefined) throw error;
      }
    }
  }

  #lease(key: string, entry: Entry<T>, value: T): Lease<T> {
    let held = true;
    return {
      value,
      release: () => {
        if (!held) return;
        held = false;
        entry.holders -= 1;
        if (entry.holders > 0) return;
        if (this.#entries.get(key) === entry) this.#entries.delete(key);
        this.#dispose(value);
      },
    };
  }
}
