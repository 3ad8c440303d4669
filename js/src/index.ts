/** The npm package's face. */
export { cacheInspector } from "./cache/cache.js";
export type { AssetKind, CacheEntry, CacheInspector, CacheReport, StorageFacts } from "./cache/types.js";
export type { Capabilities, MemoryNeed } from "./capabilities.js";
export { Classifier, type LoadOptions } from "./classifier.js";
export type { RawBatch } from "./engine/abi.js";
export { EngineError, InputError, ModelFileError, WasmClfError } from "./errors.js";
export type { BatchOptions } from "./slices.js";
export type {
  ClassificationResult, ClassIndex, ClassScore, Explanation, FirstDifference, Label, Labels, ModelInfo, ParityReport, RanOn, Span, Stage, Variant,
} from "./types.js";
