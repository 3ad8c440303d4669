/** The status line: state, where it ran, which variant, how long; and whether the text stays here. */
import type { ViewState } from "../state.js";
import { milliseconds, place, plural } from "./format.js";

export function Foot({ state }: { state: ViewState }) {
  const { state: phase } = state.status.value;
  const answer = state.answer.value;
  const shared = state.shared.value;
  return (
    <footer class="wcw-foot">
      <span data-wcw="status" data-state={phase} class="wcw-status">
        <span>{words(phase)}</span>
        {answer !== null && phase === "ready" && (
          <>
            <span>{milliseconds(answer.ms)}</span>
            <span>{place(answer.result.ran_on)} · {answer.result.variant}</span>
            <span class="wcw-wide">{plural(answer.result.known_features, "known feature")}</span>
            {answer.result.replaced_surrogates > 0 && <span>{plural(answer.result.replaced_surrogates, "broken character")} read as �</span>}
          </>
        )}
      </span>
      <span class="wcw-gap" />
      <span title={shared ? "share_text=True: Python reads what is typed here." : "Only the label and the scores are sent to Python."}>
        <span aria-hidden="true">{shared ? "⇄ " : "⌂ "}</span>{shared ? "text is shared with Python" : "text stays in this tab"}
      </span>
    </footer>
  );
}

function words(phase: string): string {
  return phase === "waiting-for-kernel" ? "waiting for the kernel" : phase;
}
