/** Settling: a correction of the linear model of chroma around the hints' points; the equations are
 *  those of `snap_to_hints` in the Python package's `photochrom.pipeline.hint_propagation`. */
import { Field } from "./fields.js";
import { roundToEven } from "./numbers.js";

/** Each round leaves about a third of the residual at a hint; overlapping hints share it. */
const SETTLING_ROUNDS = 3;
const SETTLING_RADIUS = 2; // pixels to each side of a hint that settling changes

/** Correct the linear model around the hints' points, where it lost part of their colors.
 *
 *  hints: PlacedHints. chroma: { slope, offset, kept }, fitted to the result of `propagateHints`.
 *  lightness: (h, w), 0..100, of the small copy.
 *  Returns a model whose ab at the hints' places, as the full-size pass interpolates it, is theirs. */
export function snapToHints(hints, chroma, lightness) {
  const { height, width } = hints.shape;
  const total = new Float32Array(height * width);
  const spots = hints.points.map(({ place }) => spotAt(place, hints.shape));
  for (const { pixels, weights } of spots)
    pixels.forEach((at, i) => { total[at] += weights[i]; });
  for (const { pixels, weights } of spots)
    pixels.forEach((at, i) => { weights[i] *= weights[i] / total[at]; });
  const fixed = new Float32Array(height * width);
  for (const { pixels, weights } of spots)
    pixels.forEach((at, i) => { fixed[at] += weights[i]; });
  // The photo's pixels may be lighter or darker than the small copy: ab must not depend on L.
  const slope = chroma.slope.map((value, i) => value * (1 - fixed[i >> 1]));
  const offset = chroma.offset.map((value, i) =>
    value + (chroma.slope.data[i] - slope.data[i]) * lightness.data[i >> 1]);
  const fromSlope = hints.points.map(({ place }) => {
    const [light] = valuesAt(lightness, place);
    return valuesAt(slope, place).map((value) => value * light);
  });
  for (let round = 0; round < SETTLING_ROUNDS; round += 1) settle(hints, spots, fromSlope, offset);
  return { slope, offset, kept: chroma.kept };
}

/** Shift the offset (h, w, 2), in place, by the residual at each hint. */
function settle(hints, spots, fromSlope, offset) {
  const residuals = hints.points.map(({ place, ab }, index) => {
    const values = valuesAt(offset, place);
    return [0, 1].map((band) => ab[band] - fromSlope[index][band] - values[band]);
  });
  spots.forEach(({ pixels, weights }, index) => {
    const [a, b] = residuals[index];
    pixels.forEach((at, i) => {
      offset.data[2 * at] += weights[i] * a;
      offset.data[2 * at + 1] += weights[i] * b;
    });
  });
}

/** The pixels around a place, and the weights of a Gaussian of one pixel in them. */
function spotAt([row, column], { height, width }) {
  const [pixels, weights] = [[], []];
  const [middle, center] = [roundToEven(row), roundToEven(column)];
  for (let dy = -SETTLING_RADIUS; dy <= SETTLING_RADIUS; dy += 1)
    for (let dx = -SETTLING_RADIUS; dx <= SETTLING_RADIUS; dx += 1) {
      const [y, x] = [middle + dy, center + dx];
      if (y < 0 || x < 0 || y >= height || x >= width) continue;
      pixels.push(y * width + x);
      weights.push(Math.exp(-((y - row) ** 2 + (x - column) ** 2) / 2));
    }
  return { pixels, weights };
}

/** Values, one a band, of a field at a fractional place, bilinearly interpolated. */
function valuesAt(field, [row, column]) {
  const { height, width, bands, data } = field;
  const [top, left] = [Math.floor(row), Math.floor(column)];
  const [bottom, right] = [Math.min(top + 1, height - 1), Math.min(left + 1, width - 1)];
  const [down, across] = [row - top, column - left];
  return Array.from({ length: bands }, (_, band) => {
    const at = (y, x) => data[(y * width + x) * bands + band];
    const upper = at(top, left) * (1 - across) + at(top, right) * across;
    const lower = at(bottom, left) * (1 - across) + at(bottom, right) * across;
    return upper * (1 - down) + lower * down;
  });
}
