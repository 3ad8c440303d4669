/** The report behind the badge, in words and numbers. */
import type { ViewState } from "../state.js";
import { parityWords } from "./header.js";
import { Facts } from "./facts.js";

export function ParityPanel({ state }: { state: ViewState }) {
  const parity = state.parity.value;
  if (parity === null) return <div class="wcw-dim">Nothing was compared yet.</div>;
  const { first_difference: first } = parity;
  return (
    <>
      <p>{parityWords(parity)}</p>
      <Facts facts={[
        ["recorded answers replayed here", `${parity.checked} of ${parity.kept}`],
        ["against", parity.against],
        ["largest difference of a score", parity.max_abs_diff === 0 ? "0" : parity.max_abs_diff.toExponential(1)],
        ["other labels", String(parity.label_mismatches)],
        ["checked live by the Python twin", String(parity.live_checked)],
        ...(parity.not_comparable > 0 ? [["not comparable (Unicode versions)", String(parity.not_comparable)] as const] : []),
        ...(first === null ? [] : [
          ["first difference", `text ${first.text_index}, stage ${first.stage}`] as const,
          ["expected", first.expected] as const,
          ["got", first.got] as const,
        ]),
      ]} />
    </>
  );
}
