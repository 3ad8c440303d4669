/** Ids of a view's own: preact's `useId` counts in each root anew, so all widgets of a page would share theirs. */
import { useState } from "preact/hooks";

export function useId(): string {
  return useState(newId)[0];
}

/** Random, because a page may have several copies of this program. */
function newId(): string {
  return `wcw-${Math.random().toString(36).slice(2)}`;
}
