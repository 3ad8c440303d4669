/** The status line: state, where it ran, which variant, how long; requests made; and whether the text stays here. */
import type { ViewState } from "../state.js";
import { milliseconds, plural } from "./format.js";

export function Foot({ state }: { state: ViewState }) {
  const { state: phase } = state.status.value;
  const answer = state.answer.value;
  const shared = state.shared.value;
  const ranOn = answer?.result.ran_on;
  return (
    <footer class="wcw-foot">
      <span data-wcw="status" data-state={phase} class="wcw-status">
        <span>{words(phase)}</span>
        {answer !== null && phase === "ready" && (
          <>
            <span>{milliseconds(answer.ms)}</span>
            <span class="wcw-wide">{plural(answer.result.known_features, "known feature")}</span>
            {answer.result.replaced_surrogates > 0 && <span>{plural(answer.result.replaced_surrogates, "broken character")} read as �</span>}
          </>
        )}
        {phase === "ready" && (
          <span data-wcw="requests" class="wcw-wide" title="Network requests that this widget made since it became ready.">{plural(state.requests.value, "request")} since ready</span>
        )}
      </span>
      <span class="wcw-gap" />
      <Whereabouts shared={shared} kernel={ranOn?.startsWith("kernel") === true} />
    </footer>
  );
}

function Whereabouts({ shared, kernel }: { shared: boolean; kernel: boolean }) {
  const [sign, words, title] = kernel
    ? ["⇄", "text goes to the kernel", "This tab cannot classify, and fallback=\"kernel\" allows the kernel to do it."]
    : shared
      ? ["⇄", "text is shared with Python", "share_text=True: Python reads what is typed here."]
      : ["⌂", "text stays in this tab", "The text is classified here. At most its label and scores are sent anywhere."];
  return <span title={title}><span aria-hidden="true">{sign} </span>{words}</span>;
}

function words(phase: string): string {
  return phase === "waiting-for-kernel" ? "waiting for the kernel" : phase;
}
