/** Tables of the sRGB curve, as `photochrom.color.rgb_space` and `photochrom.pipeline.full_size` make
 *  them. */
import { EPSILON, KAPPA, linearFromSrgb } from "./lab.js";

const STEPS = 65536;
export const ROOT_STEPS = 65536; // of the table from roots of light to 8-bit codes
const TOE = 6 / 29;

const toFloat = Math.fround;

/** f of relative luminance, the transfer function of Lab. */
const fOf = (luminance) =>
  toFloat(luminance > EPSILON ? Math.cbrt(luminance) : (KAPPA * luminance + 16) / 116);

/** X / Xw of f, in the kernel's own float32 operations. */
export function inverseF(f) {
  const toe = toFloat(TOE);
  const high = Math.max(f, toe);
  const below = toFloat(toFloat(f - high) * toFloat(3 * TOE * TOE));
  return toFloat(below + toFloat(toFloat(high * high) * high));
}

/** Linear light of evenly spaced codes, 65,536 of them. */
export const LINEAR = Float32Array.from({ length: STEPS }, (_, i) => linearFromSrgb(i / (STEPS - 1)));
/** Linear light of the 8-bit codes. */
export const LINEAR8 = Float32Array.from({ length: 256 }, (_, code) => LINEAR[257 * code]);

/** f of luminance and the inverse of f, of a table of luminance. */
export function luminanceTables(luminance) {
  const f = Float32Array.from(luminance, fOf);
  return { f, inverse: f.map(inverseF) };
}

/** f and its inverse at 65,536 even steps of luminance. */
export const EVEN = luminanceTables(Float64Array.from({ length: STEPS }, (_, i) => i / (STEPS - 1)));
/** f and its inverse of the 8-bit codes of a grey. */
export const OF_GRAY = luminanceTables(LINEAR8);

/** Code 0..1 of linear light, by lines between the samples of the curve; `light` must ascend. */
function codesOf(light) {
  let at = 0;
  return Float64Array.from(light, (wanted) => {
    while (at < STEPS - 2 && LINEAR[at + 1] < wanted) at += 1;
    const rise = LINEAR[at + 1] - LINEAR[at];
    const share = rise > 0 ? Math.min(1, Math.max(0, (wanted - LINEAR[at]) / rise)) : 1;
    return (at + share) / (STEPS - 1);
  });
}

/** 8-bit codes at even steps of the square root of light. */
export const CODES8 = Uint8Array.from(
  codesOf(Float64Array.from({ length: ROOT_STEPS + 1 }, (_, i) => ((i + 0.5) / ROOT_STEPS) ** 2)),
  (code) => Math.round(255 * code));

/** Codes 0..1 at `steps` + 1 even steps of the square root of light. */
export const encodedRoots = (steps) => Float32Array.from(
  codesOf(Float64Array.from({ length: steps + 1 }, (_, i) => (i / steps) ** 2)));
