/** Texts as the engine takes them: UTF-8 in one block, with offsets; so they also travel to a Worker or a kernel. */

export interface PackedTexts {
  readonly n: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** n + 1 byte offsets. */
  readonly offsets: Uint32Array<ArrayBuffer>;
  /** Lone surrogates of each text, which are read as U+FFFD; null where there are none at all. */
  readonly replaced: Uint32Array<ArrayBuffer> | null;
}

const encoder = new TextEncoder();

export function pack(texts: readonly string[], begin = 0, end = texts.length): PackedTexts {
  const n = end - begin;
  let units = 0;
  for (let i = begin; i < end; i++) units += (texts[i] as string).length;
  const room = new Uint8Array(units * 3); // no UTF-16 unit needs more than 3 bytes
  const offsets = new Uint32Array(n + 1);
  let replaced: Uint32Array<ArrayBuffer> | null = null;
  let written = 0;
  for (let i = 0; i < n; i++) {
    const text = texts[begin + i] as string;
    const lone = loneSurrogates(text);
    if (lone > 0) {
      replaced ??= new Uint32Array(n);
      replaced[i] = lone;
    }
    offsets[i] = written;
    written += encoder.encodeInto(text, room.subarray(written)).written;
  }
  offsets[n] = written;
  return { n, bytes: room.slice(0, written), offsets, replaced };
}

/** The end of the slice that begins at `begin`: at most `texts` texts and `units` UTF-16 units, but at least one text. */
export function sliceEnd(all: readonly string[], begin: number, texts: number, units: number): number {
  const last = Math.min(all.length, begin + texts);
  let end = begin;
  let sum = 0;
  while (end < last) {
    sum += (all[end] as string).length;
    if (end > begin && sum > units) break;
    end += 1;
  }
  return end;
}

/** Lone surrogates of a text: TextEncoder reads each as U+FFFD, and the result says how many. */
export function loneSurrogates(text: string): number {
  // Not in every browser and not in TypeScript's ES2023, but twice as fast.
  const wellFormed = (text as { isWellFormed?: () => boolean }).isWellFormed;
  if (wellFormed?.call(text)) return 0;
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    const next = text.charCodeAt(i + 1);
    if (unit < 0xdc00 && next >= 0xdc00 && next <= 0xdfff) i += 1;
    else count += 1;
  }
  return count;
}
