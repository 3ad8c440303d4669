declare const WCW_ELEMENT_CSS: string | undefined;
/** The element's style, put in by the build. */
export const SHEET = typeof WCW_ELEMENT_CSS === "undefined" ? "" : WCW_ELEMENT_CSS;
