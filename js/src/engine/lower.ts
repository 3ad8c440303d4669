/** The rungs below the Worker, in a part of the program that is only fetched where one of them is taken. */
import { openInKernel } from "./kernel-client.js";
import { openMain } from "./main-client.js";

export interface LowerRungs {
  readonly openMain: typeof openMain;
  readonly openInKernel: typeof openInKernel;
}

export { openInKernel, openMain };
