/** What the browser says of its storage; null is what it does not say. */

export interface Estimate {
  readonly quota: number | null;
  readonly usage: number | null;
}

export async function estimate(): Promise<Estimate> {
  try {
    const { quota, usage } = await navigator.storage.estimate();
    return { quota: quota ?? null, usage: usage ?? null };
  } catch {
    return { quota: null, usage: null }; // not a secure context, or forbidden
  }
}

export async function persisted(): Promise<boolean | null> {
  try {
    return await navigator.storage.persisted();
  } catch {
    return null;
  }
}

export async function askToPersist(): Promise<boolean> {
  try {
    return await navigator.storage.persist();
  } catch {
    return false;
  }
}

/** A frame of another site: browsers give it a storage of its own for each site that embeds it. */
export function isPartitioned(): boolean | null {
  if (typeof window === "undefined") return null;
  if (window.top === window) return false;
  try {
    return window.top?.location.origin !== window.location.origin;
  } catch {
    return true;
  }
}
