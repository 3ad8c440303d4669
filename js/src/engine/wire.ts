/** Comlink drops an error's class and code on its way out of the worker; this keeps them. Imported by both ends. */
import { transferHandlers } from "comlink";
import { fromWire, toWire, type WireError } from "../errors.js";

interface Thrown {
  readonly value: unknown;
}

const original = transferHandlers.get("throw");
if (original !== undefined) {
  transferHandlers.set("throw", {
    canHandle: (value): value is Thrown => original.canHandle(value),
    serialize: (thrown: Thrown): [WireError, Transferable[]] => [toWire(thrown.value), []],
    deserialize: (wire: WireError): never => {
      throw fromWire(wire);
    },
  });
}
