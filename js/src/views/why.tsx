/** What the n-grams of the text weigh for one class, the strongest first; the field above shows where they stand. */
import { useEffect } from "preact/hooks";
import type { ViewState } from "../state.js";
import type { Explanation } from "../types.js";
import type { ViewProps } from "./app.js";
import { explainedColumn, isBlue } from "./chosen.js";
import { labelText, plural, signed } from "./format.js";
import { useId } from "./id.js";
import { markOf } from "./shade.js";
import { type NgramWeight, strongest } from "./shading.js";

/** Rows of each of the two lists. */
const SHOWN = 6;

export function WhyPanel({ state, actions }: ViewProps) {
  useEffect(() => {
    actions.wantExplanation(true);
    return () => {
      actions.wantExplanation(false);
      state.pointedNgram.value = null;
    };
  }, [state, actions]);
  const explanation = state.explanation.value;
  const waiting = state.explanationProblem.value || (explanation !== null ? "" : state.answer.value === null ? "Type a text to see what its parts weigh." : "Weighing…");
  return (
    <>
      {/* always there, so that a screen reader hears every change of it */}
      <div class="wcw-dim" role="status">{waiting}</div>
      {waiting === "" && explanation !== null && <Weights state={state} explanation={explanation} />}
    </>
  );
}

interface WeightsProps {
  readonly state: ViewState;
  readonly explanation: Explanation;
}

function Weights({ state, explanation }: WeightsProps) {
  const id = useId();
  const { classes } = explanation;
  const column = Math.min(explainedColumn(state), classes.length - 1);
  const ngrams = strongest(explanation.spans, column);
  const speaking = [ngrams.filter(({ weight }) => weight > 0), ngrams.filter(({ weight }) => weight < 0)] as const;
  const shown = speaking.flatMap((side) => side.slice(0, SHOWN));
  const score = explanation.scores[column] ?? 0;
  const rest = score - shown.reduce((sum, { weight }) => sum + weight, 0);
  const scale = Math.max(...shown.map(({ weight }) => Math.abs(weight)), 1e-12);
  const point = (ngram: string | null): void => { state.pointedNgram.value = ngram; };
  return (
    <>
      <div class="wcw-line wcw-dim">
        <label for={id}>What speaks for</label>
        <select id={id} value={column} onChange={(event) => { state.explainedClass.value = Number(event.currentTarget.value); }}>
          {classes.map((label, i) => <option key={i} value={i}>{labelText(label)}</option>)}
        </select>
        <span class="wcw-gap" />
        <span><mark class={`${markOf(state, 1)} wcw-key`}>for +</mark> <mark class={`${markOf(state, -1)} wcw-key`}>against −</mark></span>
      </div>
      <div class="wcw-ngrams">
        {speaking.map((side, i) => side.length > 0 && (
          <ul key={i} aria-label={`${i === 0 ? "for" : "against"} ${labelText(classes[column] ?? "")}`}>
            {side.slice(0, SHOWN).map((item) => <Ngram key={item.ngram} {...item} blue={isBlue(state, item.weight)} scale={scale} onPoint={point} />)}
          </ul>
        ))}
      </div>
      <div class="wcw-dim">
        {ngrams.length === 0 && "No part of this text is a feature of the model. "}
        intercept{ngrams.length > shown.length && ` and ${plural(ngrams.length - shown.length, "weaker part")}`}: {signed(rest)} · score {signed(score)}
      </div>
    </>
  );
}

interface RowProps extends NgramWeight {
  readonly blue: boolean;
  readonly scale: number;
  readonly onPoint: (ngram: string | null) => void;
}

function Ngram({ ngram, weight, blue, scale, onPoint }: RowProps) {
  return (
    <li class="wcw-score" onPointerEnter={() => onPoint(ngram)} onPointerLeave={() => onPoint(null)}>
      <span class="wcw-class" dir="auto" title={ngram}>{ngram.replaceAll(" ", "␣")}</span>
      <span class="wcw-bar" aria-hidden="true"><span class={blue ? "wcw-blue" : "wcw-orange"} style={{ width: `${(Math.abs(weight) / scale) * 100}%` }} /></span>
      <span class="wcw-number">{signed(weight)}</span>
    </li>
  );
}
