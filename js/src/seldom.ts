/** What most widgets never need, fetched when one does: the rungs below the Worker, and the answers to Python's calls. */
export { openInKernel, openMain } from "./engine/lower.js";
export { answerCall } from "./python-calls.js";
