/** The errors of this library: each says what was given, what is allowed and what to do. Names as in Python. */

export class WasmClfError extends Error {
  override name = "WasmClfError";
  /** A short stable word for programs, such as "model-altered". */
  readonly code: string;
  /** What the reader can do about it; "" where there is nothing. */
  readonly action: string;
  constructor(message: string, code = "error", action = "") {
    super(message);
    this.code = code;
    this.action = action;
  }
}

/** A text or an argument that cannot be used as it is. */
export class InputError extends WasmClfError {
  override name = "InputError";
}

/** A model file that is damaged, altered, not a model, or of a later format. */
export class ModelFileError extends WasmClfError {
  override name = "ModelFileError";
}

/** The engine, or a part of the page's program, is missing, forbidden, or stopped. */
export class EngineError extends WasmClfError {
  override name = "EngineError";
}

/** What is left of an error after structured clone. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly code: string;
  readonly action: string;
}

export function toWire(error: unknown): WireError {
  // By shape and not by class: the loader and the views are separate programs, each with its own copy of the classes.
  if (error instanceof Error && "code" in error && "action" in error) {
    const { name, message, code, action } = error as WasmClfError;
    return { name, message, code, action };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { name: "EngineError", message, code: "unexpected", action: "" };
}

export function fromWire(wire: WireError): WasmClfError {
  const kind = wire.name === "InputError" ? InputError : wire.name === "ModelFileError" ? ModelFileError : EngineError;
  return new kind(wire.message, wire.code, wire.action);
}
