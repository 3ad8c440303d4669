/** Which class the explanation speaks of, and in which colours. */
import type { ViewState } from "../state.js";

/** The reader's choice, else the predicted class. */
export function explainedColumn(state: ViewState): number {
  const classes = state.info.value?.classes.length ?? 2;
  const chosen = state.explainedClass.value;
  if (chosen !== null && chosen < classes) return chosen;
  return [state.answer.value?.result.class_index ?? 0].flat()[0] ?? 0;
}

/** Blue and dotted, or orange and solid. Of two classes each has its own colour, as in the bars: what speaks for the first is orange. */
export function isBlue(state: ViewState, weight: number): boolean {
  const info = state.info.value;
  const first = info?.targets === "single" && info.classes.length === 2 && explainedColumn(state) === 0;
  return weight > 0 !== first;
}
