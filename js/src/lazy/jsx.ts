/** Stands for "preact/jsx-runtime" in a lazily loaded chunk. */
import { type Kit, kit } from "./kit.js";

export const jsx = ((...args: Parameters<Kit["jsx"]>) => kit().jsx(...args)) as Kit["jsx"];
export const jsxs = jsx;
/** A component like any other; preact recognises its own only to spare itself a level at a component's root. */
export const Fragment: Kit["Fragment"] = (props, context) => kit().Fragment(props, context);
