/** The element's style: every colour and measure that a page may want to set is a custom property. */
export const SHEET = `
:host { display: block; min-inline-size: min(100%, 240px); font: 14px/1.45 system-ui, sans-serif; }
:host([hidden]) { display: none; }
[part=box] {
  --ink: var(--wcw-ink, #14181d); --dim: var(--wcw-ink-dim, #59626d); --rule: var(--wcw-rule, #dbe0e6); --track: var(--wcw-track, #e7ebef);
  --blue: var(--wcw-blue, #2f6fdb); --orange: var(--wcw-orange, #c2530a); --accent: var(--wcw-accent, var(--blue)); --bad: var(--wcw-bad, #c5221f); --warn: var(--wcw-warn, #8a5a00);
  color-scheme: light; color: var(--ink); font-family: var(--wcw-font, inherit); max-width: var(--wcw-width, 720px);
}
[part=box][data-theme=dark] {
  --ink: var(--wcw-ink, #eceff3); --dim: var(--wcw-ink-dim, #99a2ad); --rule: var(--wcw-rule, #2d343c); --track: var(--wcw-track, #2a3037);
  --blue: var(--wcw-blue, #6ea0ff); --orange: var(--wcw-orange, #f08c45); --bad: var(--wcw-bad, #ff7a70); --warn: var(--wcw-warn, #dcae3c);
  color-scheme: dark;
}
[hidden] { display: none !important; }
[part=field] {
  box-sizing: border-box; display: block; width: 100%; min-height: 62px; margin: 0 0 10px; padding: 10px 12px; border: 1px solid var(--rule); border-radius: 6px;
  background: none; color: inherit; font: 15px/1.5 var(--wcw-font, inherit); resize: vertical; field-sizing: content; max-height: 40vh;
}
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
[part=outcome] { min-height: 1.6em; overflow-wrap: anywhere; }
[part=label] { font-size: 1.3em; font-weight: 650; }
[data-tone=blue][part=label] { color: var(--blue); }
[data-tone=orange][part=label] { color: var(--orange); }
[part=confidence] { color: var(--dim); font-variant-numeric: tabular-nums; }
[part~=chip] { display: inline-block; padding: 0 9px; border: 1px solid var(--rule); border-radius: 99px; font-size: 12px; color: var(--dim); white-space: nowrap; }
[part~=unsure] { color: var(--warn); }
[part=scores] { display: grid; grid-template-columns: fit-content(46%) minmax(40px, 1fr) auto; column-gap: 12px; margin: 4px 0 0; padding: 0; list-style: none; }
[part=score] { display: grid; grid-template-columns: subgrid; grid-column: 1 / -1; align-items: center; padding: 1px 0; }
[part=class] { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
[part=bar] { height: 8px; border-radius: 8px; background: var(--track); overflow: hidden; }
[part=fill] { display: block; height: 100%; border-radius: 8px; background: var(--dim); }
[part=fill][data-tone=blue] { background: var(--blue); }
[part=fill][data-tone=orange] { background: var(--orange); }
[part=number] { text-align: end; font-variant-numeric: tabular-nums; }
[part=progress] { width: 100%; height: 6px; accent-color: var(--accent); }
[part=status] { margin: 0; color: var(--dim); overflow-wrap: anywhere; }
[part=status].bad { color: var(--bad); }
button { font: inherit; font-size: 13px; color: inherit; background: none; border: 1px solid var(--rule); border-radius: 6px; padding: 2px 10px; cursor: pointer; }
[part=more] { margin-top: 8px; }
[part=explorer] { margin-top: 8px; }
@media (forced-colors: active) { [part=bar] { border: 1px solid CanvasText; } [part=fill] { forced-color-adjust: none; background: CanvasText !important; } }
@media (prefers-contrast: more) { [part=box] { --dim: var(--ink); --rule: var(--ink); } [part=bar] { border: 1px solid; } }
`;
