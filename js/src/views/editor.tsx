/** The text field. With an explanation open, the same text lies shaded behind it, in the same metrics. */
import { useId, useRef } from "preact/hooks";
import type { ViewProps } from "./app.js";
import { explainedColumn } from "./chosen.js";
import { runs } from "./shading.js";

/** Beyond this the shading behind the field is left out: that many elements would make typing slow. */
const SHADED_UNITS = 20_000;

export function Editor({ state, actions, shaded }: ViewProps & { shaded: boolean }) {
  const id = useId();
  const back = useRef<HTMLDivElement>(null);
  const text = state.text.value;
  const explanation = state.explanation.value;
  const show = shaded && explanation !== null && explanation.text === text && text.length <= SHADED_UNITS;
  return (
    <div class="wcw-editor">
      <label class="wcw-hidden" for={id}>Text to classify</label>
      {show && (
        <div class="wcw-shade" ref={back} dir="auto" aria-hidden="true">
          {shade(text, runs(text, explanation.spans, explainedColumn(state)))}
        </div>
      )}
      <textarea
        id={id} dir="auto" rows={2} spellcheck={false} placeholder="Text to classify" value={text}
        onInput={(event) => actions.type(event.currentTarget.value)}
        onScroll={(event) => { if (back.current !== null) back.current.scrollTop = event.currentTarget.scrollTop; }}
      />
    </div>
  );
}

function shade(text: string, parts: ReturnType<typeof runs>) {
  const strongest = Math.max(...parts.map(({ weight }) => Math.abs(weight)), 1e-12);
  return (
    <>
      {parts.map(({ text: part, weight }, i) => weight === 0 ? part : (
        <mark key={i} class={weight > 0 ? "wcw-for" : "wcw-against"} style={{ "--wcw-strength": `${Math.round(12 + 48 * Math.abs(weight) / strongest)}%` }}>{part}</mark>
      ))}
      {/* a last line break has no line of its own in a block, but has one in the field */}
      {text.endsWith("\n") ? " " : ""}
    </>
  );
}
