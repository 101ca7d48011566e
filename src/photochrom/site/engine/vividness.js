/** The vividness dial: it maps one number to the four parameters that decode a distribution
 *  (`photochrom.color.vividness`). */
import { interpolated } from "./numbers.js";

/** The decoding { gamma, temperature, gain, chromaPower } at a vividness, 0 (faithful) to 1 (vivid).
 *  stops: [gamma, temperature, gain, chroma power or nothing] each, at evenly spaced vividness.
 *  Throws an Error outside 0..1. */
export function decodingAt(stops, vividness) {
  if (!(vividness >= 0 && vividness <= 1)) throw new Error(`vividness=${vividness}: must lie in 0..1`);
  const positions = stops.map((_, i) => i / Math.max(1, stops.length - 1));
  const [gamma, temperature, gain, chromaPower] = [0, 1, 2, 3].map((part) =>
    interpolated(vividness, positions, stops.map((stop) => stop[part] ?? 0)));
  return { gamma, temperature, gain, chromaPower };
}
