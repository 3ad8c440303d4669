/**
 * An engine that is started again when it died: once for each call, which is then repeated; a second death is the caller's
 * typed error. The next call starts it again: one text that kills the engine does not end the classifier.
 */
import { EngineError, toWire } from "../errors.js";
import { DIED, type EngineClient } from "./client.js";

export class Steady {
  #client: EngineClient;
  #restarting: Promise<EngineClient> | null = null;
  #closed = false;

  constructor(client: EngineClient) {
    this.#client = client;
  }

  get client(): EngineClient {
    return this.#client;
  }

  /** `start` is the caller's own way to a new engine: who opened the first one may be gone. */
  async run<T>(call: (client: EngineClient) => Promise<T>, start: () => Promise<EngineClient>): Promise<T> {
    const used = this.#client;
    try {
      return await call(used);
    } catch (error) {
      if (this.#closed || !DIED.has(toWire(error).code)) throw error;
      const fresh = await this.#replace(used, start);
      try {
        return await call(fresh);
      } catch (second) {
        if (!DIED.has(toWire(second).code)) throw second;
        throw new EngineError(
          "The engine stopped twice while it worked on this: it was started again in between.", "worker-died",
          "Use a shorter text or a smaller model, close other tabs, or reload the page.",
        );
      }
    }
  }

  close(): void {
    this.#closed = true;
    this.#client.close();
  }

  /** Calls that fail together share one restart. */
  #replace(used: EngineClient, start: () => Promise<EngineClient>): Promise<EngineClient> {
    if (this.#client !== used) return Promise.resolve(this.#client);
    this.#restarting ??= this.#restart(used, start).finally(() => { this.#restarting = null; });
    return this.#restarting;
  }

  async #restart(used: EngineClient, start: () => Promise<EngineClient>): Promise<EngineClient> {
    used.close();
    const fresh = await start();
    if (this.#closed) {
      fresh.close();
      throw new EngineError("This classifier was disposed.", "disposed", "Load it again.");
    }
    this.#client = fresh;
    return fresh;
  }
}
