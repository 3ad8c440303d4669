/** The text as it lies behind the field, each run shaded by its weight for one class. */
import type { Span } from "../types.js";
import { runs } from "./shading.js";

/** What weighs less than this part of the strongest run is not shaded: of character n-grams everything would be. */
const FAINT = 0.12;

interface Props {
  readonly text: string;
  readonly spans: readonly Span[];
  readonly column: number;
  /** Only the places of this n-gram; null: of all. */
  readonly only: string | null;
}

export function Shade({ text, spans, column, only }: Props) {
  const parts = runs(text, only === null ? spans : spans.filter(({ ngram }) => ngram === only), column);
  const strongest = Math.max(...parts.map(({ weight }) => Math.abs(weight)), 1e-12);
  return (
    <>
      {parts.map(({ text: part, weight }, i) => Math.abs(weight) < FAINT * strongest ? part : (
        <mark key={i} class={weight > 0 ? "wcw-for" : "wcw-against"} style={{ "--wcw-strength": `${Math.round(8 + 50 * Math.abs(weight) / strongest)}%` }}>{part}</mark>
      ))}
      {/* a last line break has no line of its own in a block, but has one in the field */}
      {text.endsWith("\n") ? " " : ""}
    </>
  );
}
