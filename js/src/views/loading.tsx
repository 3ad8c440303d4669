/** Progress while the engine and the model are on their way, and what to do when they do not come. */
import { useState } from "preact/hooks";
import type { ViewState } from "../state.js";
import type { ViewProps } from "./app.js";

export function Loading({ state }: { state: ViewState }) {
  const { message, progress } = state.status.value;
  return (
    <div class="wcw-loading" role="status">
      <div>{message}</div>
      <progress aria-label={message} max={1} {...(progress === null ? {} : { value: progress })} />
    </div>
  );
}

export function Failure({ state, actions }: ViewProps) {
  const [details, setDetails] = useState(false);
  const { message, action, code } = state.status.value;
  return (
    <div class="wcw-notice wcw-failure" role="alert">
      <strong>{message}</strong>
      {action !== "" && <div>{action}</div>}
      <div class="wcw-buttons">
        <button type="button" onClick={actions.retry}>Try again</button>
        <button type="button" aria-expanded={details} onClick={() => setDetails(!details)}>Details</button>
      </div>
      {details && <pre>{JSON.stringify({ code, ...state.capabilities.value }, null, 1)}</pre>}
    </div>
  );
}
