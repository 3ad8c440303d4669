/** The label and a bar with its number for each class. */
import { useEffect, useState } from "preact/hooks";
import type { ViewState } from "../state.js";
import type { ClassificationResult, ClassScore } from "../types.js";
import { isChosen } from "../results.js";
import { labelText, probability, signed } from "./format.js";

/** A label of more characters is set smaller. */
const LONG = 14;
/** More rows than this stand behind a button. */
const ROWS = 6;
/** A screen reader hears the answer when no new one came for so long. */
const PAUSE_MS = 1000;

export function Verdict({ state }: { state: ViewState }) {
  const answer = state.answer.value;
  const problem = state.problem.value;
  if (problem !== "") return <div class="wcw-notice" role="alert">{problem}</div>;
  const shown = answer === null || answer.text === "" ? null : answer.result;
  return (
    <div class="wcw-verdict">
      <div>
        {shown !== null ? <Outcome result={shown} /> : answer !== null && <span class="wcw-dim">no text</span>}
        <Announcement result={shown} />
      </div>
      {shown !== null && <Scores result={shown} />}
    </div>
  );
}

/** For those who hear it: the label, once the reader pauses, and only where another one than was said last. */
function Announcement({ result }: { result: ClassificationResult | null }) {
  const [[, said], say] = useState(["", ""]);
  useEffect(() => {
    const verdict = result === null ? "" : labelText(result.label) + (result.is_uncertain ? ", not sure" : "");
    const words = typeof result?.confidence !== "number" ? verdict : `${verdict}, ${result.confidence.toFixed(2)}`;
    const timer = setTimeout(() => say((last) => last[0] === verdict ? last : [verdict, words]), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [result]);
  return <div class="wcw-hidden" role="status">{said}</div>;
}

function Outcome({ result }: { result: ClassificationResult }) {
  const label = labelText(result.label);
  return (
    <>
      <div class="wcw-line">
        <span class={`wcw-label ${label.length > LONG ? "wcw-long" : ""} ${result.is_uncertain ? "" : toneOf(result, result.all_scores.findIndex((_, i) => isChosen(result, i)))}`} data-wcw="label" dir="auto">{label}</span>
        {result.is_uncertain && <span class="wcw-chip wcw-warn" title="The confidence lies in the band that this model calls not sure.">not sure</span>}
        {result.known_features === 0 && (
          <span class="wcw-chip" title="Nothing in this text is in the model's vocabulary: the answer is the model's bias alone.">no known feature</span>
        )}
      </div>
      <div class="wcw-dim">{confidenceWords(result)}</div>
    </>
  );
}

function confidenceWords({ confidence, class_index, score_kind }: ClassificationResult): string {
  if (confidence !== null) return `confidence ${probability(confidence)}`;
  if (score_kind === "decision") return "decision scores, no probabilities";
  return typeof class_index === "number" ? "" : "several labels, each on its own";
}

function Scores({ result }: { result: ClassificationResult }) {
  const [all, setAll] = useState(false);
  const { all_scores: scores, score_kind: kind } = result;
  const order = scores.map((_, i) => i).sort((a, b) => (scores[b] as ClassScore).score - (scores[a] as ClassScore).score);
  const shown = all ? order : order.slice(0, ROWS);
  const scale = kind === "probability" ? 1 : Math.max(...scores.map(({ score }) => Math.abs(score)), 1e-12);
  return (
    <div>
      <ul class="wcw-scores" aria-label={kind === "probability" ? "Probability of each class" : "Decision score of each class"}>
      {shown.map((i) => {
        const { label, score } = scores[i] as ClassScore;
        return (
          <li class="wcw-score" key={i} data-wcw="score" data-label={labelText(label)} data-value={score}>
            <span class="wcw-class" dir="auto" title={labelText(label)}>{labelText(label)}</span>
            <span class="wcw-bar" aria-hidden="true">
              <span class={toneOf(result, i)} style={{ width: `${Math.max(0, Math.abs(score) / scale) * 100}%` }} data-below={score < 0 ? "" : undefined} />
            </span>
            <span class="wcw-number">{kind === "probability" ? probability(score) : signed(score)}</span>
          </li>
        );
      })}
      </ul>
      {order.length > ROWS && (
        <button type="button" class="wcw-more" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? `only the first ${ROWS}` : `${order.length - ROWS} more`}
        </button>
      )}
    </div>
  );
}

/** Of two classes each has its own colour; of more only the predicted one has the accent. */
function toneOf(result: ClassificationResult, index: number): string {
  if (result.all_scores.length === 2 && typeof result.class_index === "number") return index === 1 ? "wcw-blue" : "wcw-orange";
  return isChosen(result, index) ? "wcw-blue" : "wcw-grey";
}
