/** The strongest n-grams of the text for one class; the text field above shows where they stand. */
import { useEffect, useId } from "preact/hooks";
import type { ViewProps } from "./app.js";
import { explainedColumn } from "./chosen.js";
import { labelText, signed } from "./format.js";
import { type NgramWeight, strongest } from "./shading.js";

const SHOWN = 10;

export function WhyPanel({ state, actions }: ViewProps) {
  const id = useId();
  useEffect(() => {
    actions.wantExplanation(true);
    return () => actions.wantExplanation(false);
  }, [actions]);
  const explanation = state.explanation.value;
  const classes = state.info.value?.classes ?? [];
  if (explanation === null) {
    return <div class="wcw-dim">{state.answer.value === null ? "Type a text to see what its words weigh." : "Weighing…"}</div>;
  }
  const column = explainedColumn(state);
  const ngrams = strongest(explanation.spans, column);
  const shown = ngrams.slice(0, SHOWN);
  const rest = ngrams.slice(SHOWN).reduce((sum, { weight }) => sum + weight, 0) + (explanation.remainder[column] ?? 0);
  const scale = Math.max(...shown.map(({ weight }) => Math.abs(weight)), 1e-12);
  return (
    <>
      <div class="wcw-line wcw-dim">
        <label for={id}>What speaks for</label>
        <select id={id} value={column} onChange={(event) => { state.explainedClass.value = Number(event.currentTarget.value); }}>
          {classes.map((label, i) => <option key={i} value={i}>{labelText(label)}</option>)}
        </select>
        <span><mark class="wcw-for wcw-key">for +</mark> <mark class="wcw-against wcw-key">against −</mark></span>
      </div>
      <ul class="wcw-ngrams">
        {shown.map((item) => <Ngram key={item.ngram} {...item} scale={scale} />)}
      </ul>
      <div class="wcw-dim">
        {ngrams.length === 0 && "No part of this text is a feature of the model. "}
        intercept{ngrams.length > SHOWN && ` and ${ngrams.length - SHOWN} more`}: {signed(rest)} · score {signed(explanation.scores[column] ?? 0)}
      </div>
    </>
  );
}

function Ngram({ ngram, weight, scale }: NgramWeight & { scale: number }) {
  return (
    <li class="wcw-score">
      <span class="wcw-class" dir="auto" title={ngram}>{ngram.replaceAll(" ", "␣")}</span>
      <span class="wcw-bar" aria-hidden="true"><span class={weight < 0 ? "wcw-orange" : "wcw-blue"} style={{ width: `${(Math.abs(weight) / scale) * 100}%` }} /></span>
      <span class="wcw-number">{signed(weight)}</span>
    </li>
  );
}
