/**
 * The text field. With an explanation open, the same text lies shaded behind it, in the same metrics.
 *
 * A very long text is classified whole but only its beginning is shown: browsers take seconds to minutes to lay out a
 * megabyte in a text field, and the page stands still meanwhile.
 */
import { useLayoutEffect, useRef } from "preact/hooks";
import type { ViewProps } from "./app.js";
import { plural } from "./format.js";
import { useId } from "./id.js";

/** Beyond this the shading behind the field is left out: that many elements would make typing slow. */
const SHADED_UNITS = 20_000;
/** Beyond this a text is long, and so much of it is shown. */
const LONG_UNITS = 50_000;
const SHOWN_UNITS = 2_000;

interface Props extends ViewProps {
  readonly shaded: boolean;
  /** A file was pasted. */
  readonly onFile: (file: File | undefined) => void;
}

export function Editor({ state, actions, shaded, onFile }: Props) {
  const id = useId();
  const back = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const text = state.text.value;
  const long = text.length > LONG_UNITS;
  const paste = (event: ClipboardEvent & { currentTarget: HTMLTextAreaElement }): void => {
    const file = event.clipboardData?.files?.[0];
    const pasted = event.clipboardData?.getData("text/plain") ?? "";
    if (file !== undefined && pasted === "") {
      event.preventDefault();
      onFile(file);
      return;
    }
    const { value, selectionStart, selectionEnd } = event.currentTarget;
    if (long || pasted.length + value.length <= LONG_UNITS) return;
    event.preventDefault(); // before the field lays it out
    actions.type(value.slice(0, selectionStart) + pasted + value.slice(selectionEnd));
  };
  const explanation = state.explanation.value;
  const Shade = state.lazy.views.value["panels.js"]?.Shade;
  const show = shaded && Shade !== undefined && explanation !== null && explanation.text === text && text.length <= SHADED_UNITS;
  const follow = (): void => {
    if (back.current !== null && field.current !== null) back.current.scrollTop = field.current.scrollTop;
  };
  useLayoutEffect(follow); // the shading comes and changes while the field is scrolled
  return (
    <div class="wcw-editor">
      <label class="wcw-hidden" for={id}>Text to classify</label>
      {show && (
        <div class="wcw-shade" ref={back} dir="auto" aria-hidden="true">
          <Shade state={state} explanation={explanation} />
        </div>
      )}
      <textarea
        id={id} ref={field} dir="auto" rows={2} spellcheck={false} placeholder="Text to classify"
        value={long ? `${text.slice(0, SHOWN_UNITS)}…` : text} readOnly={long} onPaste={paste}
        onInput={(event) => actions.type(event.currentTarget.value, event.isComposing)}
        onCompositionEnd={(event) => actions.type(event.currentTarget.value)}
        onScroll={follow}
      />
      {long && (
        <div class="wcw-line wcw-dim">
          {plural(text.length, "character")}, the first {SHOWN_UNITS.toLocaleString("en")} shown
          <button type="button" class="wcw-more" onClick={() => { field.current?.focus(); actions.type(""); }}>clear</button>
        </div>
      )}
    </div>
  );
}
