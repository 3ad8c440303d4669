/** Runs a task for the newest value only: debounced, one at a time, the last one wins. */

export class Latest<T> {
  readonly #run: (value: T, isLast: () => boolean) => Promise<void>;
  #next: { readonly value: T } | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = false;

  constructor(run: (value: T, isLast: () => boolean) => Promise<void>) {
    this.#run = run;
  }

  push(value: T, delayMs = 0): void {
    this.#next = { value };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#pump(), delayMs);
  }

  clear(): void {
    this.#next = null;
    clearTimeout(this.#timer);
  }

  async #pump(): Promise<void> {
    if (this.#running) return; // the running one looks again when it is done
    this.#running = true;
    try {
      while (this.#next !== null) {
        const { value } = this.#next;
        this.#next = null;
        await this.#run(value, () => this.#next === null);
      }
    } finally {
      this.#running = false;
    }
  }
}
