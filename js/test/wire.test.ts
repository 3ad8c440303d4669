/** Calls by messages: each answer reaches its own caller, an error keeps its class and code. */
import { afterEach, expect, test, vi } from "vitest";
import type { EngineHost } from "../src/engine/host.js";
import { connect, serve } from "../src/engine/wire.js";
import { EngineError, InputError } from "../src/errors.js";

/** A Worker whose messages the test sees, and answers when it likes. */
class FakeWorker extends EventTarget {
  readonly sent: { readonly id: number; readonly method: string }[] = [];
  postMessage(message: { readonly id: number; readonly method: string }): void {
    this.sent.push(message);
  }
  answer(data: unknown): void {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }
}

afterEach(() => vi.unstubAllGlobals());

test("answers come in any order, and what is no answer is passed over", async () => {
  const worker = new FakeWorker();
  const call = connect(worker as unknown as Worker);
  const first = call("stage", ["ngrams", "a"]);
  const second = call("stage", ["ngrams", "b"]);
  const [a, b] = worker.sent;
  worker.answer({ wcw: "ready", lock: null });
  worker.answer({ id: b?.id, value: Uint8Array.of(2) });
  worker.answer({ id: a?.id, value: Uint8Array.of(1) });
  expect([...(await first), ...(await second)]).toEqual([1, 2]);
});

test("an error arrives with its class, code and action", async () => {
  const worker = new FakeWorker();
  const failing = connect(worker as unknown as Worker)("explain", ["a"]);
  worker.answer({ id: worker.sent[0]?.id, error: { name: "InputError", message: "no", code: "input", action: "do" } });
  const error = await failing.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(InputError);
  expect(error).toMatchObject({ message: "no", code: "input", action: "do" });
});

test("the Worker answers under the call's number, and an error of its engine too", async () => {
  const page = new EventTarget();
  const postMessage = vi.fn();
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("postMessage", postMessage);
  const bytes = new Uint8Array(3);
  const host = { stage: () => bytes, explain: () => { throw new EngineError("stopped", "engine-stopped"); } };
  serve(host as unknown as EngineHost, (value) => [(value as Uint8Array<ArrayBuffer>).buffer]);
  page.dispatchEvent(new MessageEvent("message", { data: { id: 1, method: "stage", args: ["ngrams", "a"] } }));
  page.dispatchEvent(new MessageEvent("message", { data: { id: 2, method: "explain", args: ["a"] } }));
  await vi.waitFor(() => expect(postMessage).toHaveBeenCalledTimes(2));
  const byId = Object.fromEntries(postMessage.mock.calls.map(([message, options]) => [message.id, [message, options]]));
  expect(byId[1]).toEqual([{ id: 1, value: bytes }, { transfer: [bytes.buffer] }]);
  expect(byId[2]?.[0]).toMatchObject({ id: 2, error: { name: "EngineError", code: "engine-stopped" } });
});
