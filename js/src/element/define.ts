/** The one side effect of this package: the tag is defined, once, whoever loads it first. */
import { type FailureDetail, type ReadyDetail, type ResultDetail, WasmTextClassifier } from "./element.js";

const TAG = "wasm-text-classifier";
if (globalThis.customElements?.get(TAG) === undefined) globalThis.customElements?.define(TAG, WasmTextClassifier);

export { type FailureDetail, type ReadyDetail, type ResultDetail, WasmTextClassifier };

declare global {
  interface HTMLElementTagNameMap {
    "wasm-text-classifier": WasmTextClassifier;
  }
  /** Of every element, and of document and window, to which they bubble. */
  interface GlobalEventHandlersEventMap {
    "wcw-ready": CustomEvent<ReadyDetail>;
    "wcw-result": CustomEvent<ResultDetail>;
    /** The text is empty again, or blank. */
    "wcw-empty": CustomEvent<null>;
    "wcw-error": CustomEvent<FailureDetail>;
  }
}
