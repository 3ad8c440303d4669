/** The widget's one view: header, body by state, panels, foot. A file dropped anywhere on it opens the batch table. */
import { render } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Actions, ViewState } from "../state.js";
import { Editor } from "./editor.js";
import { Foot } from "./foot.js";
import { Header } from "./header.js";
import { Failure, Loading } from "./loading.js";
import { type PanelName, Panels } from "./panels.js";
import { watchTheme } from "./theme.js";
import { Verdict } from "./verdict.js";

export interface ViewProps {
  readonly state: ViewState;
  readonly actions: Actions;
}

function App({ state, actions, first }: ViewProps & { first: PanelName | null }) {
  const [panel, setPanel] = useState(first);
  const [file, setFile] = useState<File | null>(null);
  const [over, setOver] = useState(false);
  const [dark, setDark] = useState(false);
  const root = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    const end = new AbortController();
    // From outside: our own background says nothing.
    const around = root.current?.parentNode;
    if (around instanceof Element) watchTheme(around, end.signal, setDark);
    return () => end.abort();
  }, []);
  const { state: phase } = state.status.value;
  const ready = phase === "ready";
  const toggle = (name: PanelName): void => setPanel((open) => (open === name ? null : name));
  const take = (dropped: File | undefined): void => {
    if (dropped === undefined) return;
    setFile(dropped);
    setPanel("batch");
  };
  const drag = (event: DragEvent): void => {
    if (!ready || event.dataTransfer?.types.includes("Files") !== true) return;
    event.preventDefault(); // says that a drop is welcome
    event.stopPropagation(); // JupyterLab would upload it
    setOver(event.type === "dragover");
    if (event.type === "drop") take(event.dataTransfer.files[0]);
  };
  // A group and no region: of a page's landmarks several would have one name.
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is of controls
    <section
      ref={root} class="wcw" role="group" data-theme={dark ? "dark" : "light"} data-state={phase} data-over={over ? "" : undefined} aria-label={`Text classifier ${state.info.value?.name ?? ""}`.trim()}
      onDragOver={drag} onDrop={drag} onDragLeave={() => setOver(false)} onKeyDown={keep}
    >
      <Header state={state} onOpen={toggle} open={panel} />
      <div class="wcw-body">
        {phase === "failed" ? <Failure state={state} actions={actions} /> : (
          <>
            <Editor state={state} actions={actions} shaded={panel === "why"} onFile={take} />
            {ready ? <Verdict state={state} /> : <Loading state={state} />}
          </>
        )}
      </div>
      {ready && <Panels state={state} actions={actions} open={panel} onOpen={toggle} file={file} />}
      <Foot state={state} />
    </section>
  );
}

/**
 * Keys that are the widget's: a notebook would take `x` for "cut the cell", Shift+Enter for "run it", and Ctrl+Z for its own
 * undo. Ctrl+S and its like, Tab and Escape are left to the page around.
 */
function keep(event: KeyboardEvent): void {
  const { key, ctrlKey, metaKey, altKey } = event;
  const left = ctrlKey || metaKey || altKey ? !/^(Enter|Backspace|Arrow.+|[amz])$/i.test(key) : /^(Tab|Escape)$/.test(key);
  if (!left) event.stopPropagation();
}

/** Renders into `el`, with a panel open where one is named; the returned function takes everything away again. */
export function mountApp(el: HTMLElement, state: ViewState, actions: Actions, panel: PanelName | null = null): () => void {
  render(<App state={state} actions={actions} first={panel} />, el);
  return () => render(null, el);
}
