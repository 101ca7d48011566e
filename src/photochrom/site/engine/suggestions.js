/** Suggestions: a few distinct likely colors of one place, from the predicted distribution; the
 *  equations are those of the Python package's `photochrom.pipeline.suggestions`. */
import { labFromSrgb, srgbFromLab } from "./lab.js";

/** Least distance between two suggestions, ab units: nearer ones look the same in a small swatch. */
const MIN_DISTANCE = 14;
/** σ of the blur before peaks are detected, ab units: single bins, 10 apart, are noisy. */
const BLUR = 7;
/** Default number of suggestions; a person compares so many at a glance. */
export const SUGGESTIONS = 6;
/** Peaks of a smaller probability are dropped. */
const MIN_PROBABILITY = 0.005;

/** The distribution over the bins at a cell [row, column], Q numbers that sum to 1: half of the weight
 *  is the cell's own, half that of the 3 x 3 cells around it; edges are repeated.
 *  cells: (h, w, Q), logits as trained. logWeights: Q numbers, of the rebalancing of training, which is
 *  undone. */
export function distribution(cells, [row, column], logWeights) {
  const { height, width, bands } = cells;
  const mixed = new Float64Array(bands);
  for (let dy = -1; dy <= 1; dy += 1)
    for (let dx = -1; dx <= 1; dx += 1) {
      const y = Math.min(height - 1, Math.max(0, row + dy));
      const x = Math.min(width - 1, Math.max(0, column + dx));
      const share = 1 / 18 + (dy === 0 && dx === 0 ? 1 / 2 : 0);
      const start = (y * width + x) * bands;
      const p = probabilities(cells.data.subarray(start, start + bands), logWeights);
      for (let bin = 0; bin < bands; bin += 1) mixed[bin] += share * p[bin];
    }
  return mixed;
}

/** softmax(z - log w) of one cell's logits. */
function probabilities(logits, logWeights) {
  const z = Float64Array.from(logits, (value, bin) => value - logWeights[bin]);
  const highest = z.reduce((one, other) => Math.max(one, other));
  const p = z.map((value) => Math.exp(value - highest));
  const sum = p.reduce((one, other) => one + other);
  return p.map((value) => value / sum);
}

/** The peaks of a distribution over ab bins, most likely first: [{ ab: [a, b], probability }].
 *
 *  predicted: Q numbers that sum to 1. bins: Q pairs of a and b. lightness: 0..100, of the place.
 *  gain: of the decoding, so that a suggestion is as vivid as the picture. count: the most to return.
 *  Every bin belongs to the nearest peak; a suggestion's color is the mean of its peak's bins. */
export function likelyColors(predicted, bins, lightness, gain, count) {
  const peaks = peaksOf(blurred(predicted, bins), bins, count);
  const sums = peaks.map(() => ({ probability: 0, a: 0, b: 0 }));
  const colors = peaks.map((peak) => bins[peak]);
  bins.forEach((bin, index) => {
    const sum = sums[nearestOf(bin, colors)];
    sum.probability += predicted[index];
    sum.a += predicted[index] * bin[0];
    sum.b += predicted[index] * bin[1];
  });
  const suggestions = sums
    .filter(({ probability }) => probability >= MIN_PROBABILITY)
    .map(({ probability, a, b }) => ({
      ab: inGamut([a / probability * gain, b / probability * gain], lightness),
      probability,
    }))
    .sort((one, other) => other.probability - one.probability);
  const distinct = [];
  for (const suggestion of suggestions) // reduction to the gamut may make two alike
    if (distinct.every((other) => squared(suggestion.ab, other.ab) >= (MIN_DISTANCE / 2) ** 2))
      distinct.push(suggestion);
  return distinct;
}

/** The ab [a, b], its chroma reduced until it fits sRGB at a lightness (0..100). */
export function inGamut([a, b], lightness) {
  return labFromSrgb(srgbFromLab([lightness, a, b])).slice(1);
}

/** The sRGB color "#rrggbb" of an ab at a lightness (0..100). */
export function hexOf([a, b], lightness) {
  const codes = srgbFromLab([lightness, a, b]).map((value) => Math.round(255 * value));
  return `#${codes.map((code) => code.toString(16).padStart(2, "0")).join("")}`;
}

const squared = (one, other) => (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2;

/** The mean of the numbers around each bin, weighted by a Gaussian. */
function blurred(numbers, bins) {
  return bins.map((bin) => {
    let [sum, weights] = [0, 0];
    bins.forEach((other, index) => {
      const weight = Math.exp(-squared(bin, other) / (2 * BLUR * BLUR));
      sum += weight * numbers[index];
      weights += weight;
    });
    return sum / weights;
  });
}

/** The bins of the highest density, none nearer than MIN_DISTANCE to a higher one. */
function peaksOf(density, bins, count) {
  const peaks = [];
  for (const index of [...density.keys()].sort((one, other) => density[other] - density[one])) {
    if (peaks.length === count) break;
    if (peaks.every((peak) => squared(bins[index], bins[peak]) >= MIN_DISTANCE ** 2))
      peaks.push(index);
  }
  return peaks;
}

/** The index of the nearest of some colors; of equally near ones the first. */
function nearestOf(bin, colors) {
  let best = 0;
  for (let i = 1; i < colors.length; i += 1)
    if (squared(bin, colors[i]) < squared(bin, colors[best])) best = i;
  return best;
}
