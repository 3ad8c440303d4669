/** The npm package's face. */
export { Classifier, type LoadOptions } from "./classifier.js";
export type { Capabilities } from "./capabilities.js";
export { EngineError, InputError, ModelFileError, WasmClfError } from "./errors.js";
export type {
  ClassificationResult, ClassScore, Explanation, FirstDifference, Label, ModelInfo, ParityReport, RanOn, Span, Stage, Variant,
} from "./types.js";
