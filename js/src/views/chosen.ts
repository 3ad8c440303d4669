/** Which class the explanation speaks of: the reader's choice, else the predicted one (of two classes always the second). */
import type { ViewState } from "../state.js";

export function explainedColumn(state: ViewState): number {
  const classes = state.info.value?.classes.length ?? 2;
  const chosen = state.explainedClass.value;
  if (chosen !== null && chosen < classes) return chosen;
  // Two classes are two ends of one scale: + speaks for the second, − for the first, whichever was predicted.
  return classes === 2 ? 1 : [state.answer.value?.result.class_index ?? 0].flat()[0] ?? 0;
}
