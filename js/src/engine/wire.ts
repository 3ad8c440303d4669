/**
 * Calls of the Worker's engine by messages: each has a number, under which its value comes back, or its error with class and
 * code. No library's: this is a tenth of one, in a page that counts its bytes.
 */
import { fromWire, toWire, type WireError } from "../errors.js";
import type { EngineHost } from "./host.js";

export type Method = "open" | "classifyPacked" | "explain" | "stage" | "verify";
type Value<M extends Method> = Awaited<ReturnType<EngineHost[M]>>;

interface Call<M extends Method = Method> {
  readonly id: number;
  readonly method: M;
  readonly args: Parameters<EngineHost[M]>;
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: WireError;
}

/** Calls a method in the Worker; `given` are buffers of the arguments that are moved there. */
export type Remote = <M extends Method>(method: M, args: Parameters<EngineHost[M]>, given?: Transferable[]) => Promise<Value<M>>;

export function connect(worker: Worker): Remote {
  const waiting = new Map<number, (answer: Answer) => void>();
  worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
    waiting.get(data.id)?.(data);
    waiting.delete(data.id);
  });
  let id = 0;
  return <M extends Method>(method: M, args: Parameters<EngineHost[M]>, given: Transferable[] = []) => new Promise<Value<M>>((resolve, reject) => {
    id += 1;
    waiting.set(id, ({ value, error }) => {
      if (error === undefined) resolve(value as Value<M>);
      else reject(fromWire(error));
    });
    worker.postMessage({ id, method, args } satisfies Call<M>, given);
  });
}

/** Answers such calls, in the Worker; `moved` says which buffers of a value need not be copied. */
export function serve(host: EngineHost, moved: (value: unknown, method: Method) => Transferable[]): void {
  addEventListener("message", async ({ data: { id, method, args } }: MessageEvent<Call>) => {
    try {
      const value: unknown = await (host[method] as (...args: unknown[]) => unknown).apply(host, args);
      postMessage({ id, value } satisfies Answer, { transfer: moved(value, method) });
    } catch (error) {
      postMessage({ id, error: toWire(error) } satisfies Answer);
    }
  });
}
