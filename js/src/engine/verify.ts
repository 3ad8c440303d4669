/**
 * Replays the certificate: the recorded texts through this very engine, here.
 *
 * Two comparisons, of different strictness: with what the engine gave at export zero bits may differ (every host and
 * variant computes the same), with the source's scores the file's tolerance holds. Only scores are recorded, so the
 * stage of a difference found here is always "scores".
 */
import type { FirstDifference, ParityReport } from "../types.js";
import type { RawBatch, Shape } from "./abi.js";
import type { Certificate } from "./document.js";

/** A file without recorded answers proves nothing, so it is not `ok`; nothing differs either. */
export const NO_CERTIFICATE: ParityReport = {
  ok: false, checked: 0, live_checked: 0, max_abs_diff: 0, label_mismatches: 0, kept: 0, first_difference: null,
  not_comparable: 0, against: "nothing: the file has no certificate",
};

export function replay(certificate: Certificate, shape: Shape, classify: (texts: readonly string[]) => RawBatch): ParityReport {
  const n = certificate.texts.length;
  const got = classify(certificate.texts);
  let worst = 0;
  let mismatches = 0;
  let first: FirstDifference | null = null;
  const differ = (text: number, expected: string, found: string): void => {
    first ??= { text_index: text, stage: "scores", expected, got: found };
  };
  const engineBits = bits(certificate.engineScores);
  const gotBits = bits(got.scores);
  for (let text = 0; text < n; text++) {
    for (let at = text * shape.scores; at < (text + 1) * shape.scores; at++) {
      const score = got.scores[at] as number;
      const source = certificate.scores[at] as number;
      const off = Math.abs(score - source);
      // Written so that a NaN is a difference.
      if (!(off <= worst)) worst = off;
      if (!(off <= (certificate.tolerance[at] as number))) differ(text, `${source} (source)`, String(score));
      if (gotBits[at] !== engineBits[at]) differ(text, `${certificate.engineScores[at]} (engine at export)`, String(score));
    }
    const labels = (of: Uint32Array): string => of.subarray(text * shape.labels, (text + 1) * shape.labels).join(", ");
    if (labels(got.labels) !== labels(certificate.labels)) {
      mismatches += 1;
      differ(text, `class ${labels(certificate.labels)}`, `class ${labels(got.labels)}`);
    }
  }
  if (certificate.engineProbabilities !== null && got.probabilities !== null) {
    const expected = bits(certificate.engineProbabilities);
    const found = bits(got.probabilities);
    const columns = n > 0 ? expected.length / n : 1;
    const at = expected.findIndex((value, i) => value !== found[i]);
    if (at >= 0) {
      differ(Math.floor(at / columns), `probability ${certificate.engineProbabilities[at]}`, `probability ${got.probabilities[at]}`);
    }
  }
  return {
    ok: first === null && n > 0, checked: n, live_checked: 0, max_abs_diff: worst, label_mismatches: mismatches, kept: n,
    first_difference: first, not_comparable: 0, against: certificate.by,
  };
}

function bits(values: Float64Array): BigUint64Array {
  return new BigUint64Array(values.buffer, values.byteOffset, values.length);
}
