/** Stands for "preact/hooks" in a lazily loaded chunk. */
import { type Kit, kit } from "./kit.js";

type Hooks = Kit["hooks"];

export const useEffect: Hooks["useEffect"] = (...args) => kit().hooks.useEffect(...args);
export const useMemo: Hooks["useMemo"] = (...args) => kit().hooks.useMemo(...args);
export const useRef = ((value: unknown) => kit().hooks.useRef(value)) as Hooks["useRef"];
export const useState = ((value: unknown) => kit().hooks.useState(value)) as Hooks["useState"];
