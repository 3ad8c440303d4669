/** The text as it lies behind the field, each run shaded by its weight for one class. */
import type { ViewState } from "../state.js";
import type { Explanation } from "../types.js";
import { explainedColumn, isBlue } from "./chosen.js";
import { runs } from "./shading.js";

/** What weighs less than this part of the strongest run is not shaded: of character n-grams everything would be. */
const FAINT = 0.12;

interface Props {
  readonly state: ViewState;
  readonly explanation: Explanation;
}

export function Shade({ state, explanation: { text, spans } }: Props) {
  const only = state.pointedNgram.value; // null: all of them
  const parts = runs(text, only === null ? spans : spans.filter(({ ngram }) => ngram === only), explainedColumn(state));
  const strongest = Math.max(...parts.map(({ weight }) => Math.abs(weight)), 1e-12);
  return (
    <>
      {parts.map(({ text: part, weight }, i) => Math.abs(weight) < FAINT * strongest ? part : (
        <mark key={i} class={markOf(state, weight)} style={{ "--wcw-strength": `${Math.round(8 + 50 * Math.abs(weight) / strongest)}%` }}>{part}</mark>
      ))}
      {/* a last line break has no line of its own in a block, but has one in the field */}
      {text.endsWith("\n") ? " " : ""}
    </>
  );
}

export function markOf(state: ViewState, weight: number): string {
  return isBlue(state, weight) ? "wcw-dotted" : "wcw-solid";
}
