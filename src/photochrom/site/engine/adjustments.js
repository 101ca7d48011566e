/** Adjustments of colors after the network: saturation, warmth, tint, smoothness
 *  (`photochrom.pipeline.adjustments`). */
import { guidedCoefficients } from "./fields.js";
import { roundToEven } from "./numbers.js";
import { linearChroma } from "./upsampling.js";

const SHIFT = 20; // Lab units that a warmth or tint of 1 shifts colors by
const MAX_RADIUS = 0.08; // radius of the smoothing windows at a smoothness of 1, short sides of the picture
const EPSILON = 9; // regularization of the guided filter, squared units of L

/** Change the colors of a small copy.
 *  colors: { ab: (h, w, 2), Lab units; chroma, the linear model of ab by L that was fitted to it; and
 *  more, which stays }. lightness: (h, w), 0..100. saturation: 0 to 3, warmth and tint: -1 to 1, smooth:
 *  0 to 1. Returns the same kind. */
export function adjusted(colors, lightness, { saturation, warmth, tint, smooth }) {
  const { ab, chroma } = smooth > 0 ? smoothed(colors, lightness, smooth) : colors;
  const shift = [SHIFT * tint, SHIFT * warmth];
  const moved = (value, i) => value * saturation + shift[i % 2];
  return {
    ...colors,
    ab: ab.map(moved),
    chroma: { ...chroma, slope: chroma.slope.map((value) => value * saturation), offset: chroma.offset.map(moved) },
  };
}

/** Colors evened out where no edge of L lies between. */
function smoothed({ ab, chroma }, lightness, smooth) {
  const side = Math.min(lightness.height, lightness.width);
  const radius = Math.max(1, roundToEven(smooth * MAX_RADIUS * side));
  const { slope, offset } = guidedCoefficients(ab, lightness, radius, EPSILON);
  const even = slope.map((value, i) => value * lightness.data[i >> 1] + offset.data[i]);
  return { ab: even, chroma: { ...linearChroma(even, lightness), kept: chroma.kept } };
}
