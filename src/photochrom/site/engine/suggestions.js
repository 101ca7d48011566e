/** Suggestions: a few distinct likely colors of one place, from the predicted distribution; the
 *  equations are those of the Python package's `photochrom.pipeline.suggestions`. */
import { Field } from "./fields.js";
import { rounded } from "./hints.js";
import { labFromSrgb, srgbFromLab } from "./lab.js";

/** Least distance between two suggestions, ab units: nearer ones look the same in a small swatch. */
const MIN_DISTANCE = 14;
/** σ of the blur before peaks are detected, ab units: single bins, 10 apart, are noisy. */
const BLUR = 7;
/** Default number of suggestions; a person compares so many at a glance. */
export const SUGGESTIONS = 6;
/** Peaks of a smaller probability are dropped. */
const MIN_PROBABILITY = 0.005;

/** Likely colors of the object at a place, most likely first.
 *
 *  place: [row, column] in the small copy, in fractions. lightness: (h, w), 0..100, of the small copy.
 *  cells: (h / s, w / s, Q), logits as trained. bins: Q pairs of a and b. logWeights: Q numbers.
 *  gain: of the decoding. Returns [{ ab, probability }], as `likelyColors`. */
export function suggestionsAt(
  [row, column], lightness, cells, { bins, logWeights }, gain, count = SUGGESTIONS) {
  const stride = Math.floor(lightness.height / cells.height);
  const cell = [
    Math.min(Math.floor((row + 0.5) / stride), cells.height - 1),
    Math.min(Math.floor((column + 0.5) / stride), cells.width - 1),
  ];
  const around = distribution(cells, cell, logWeights).data;
  const own = 4 * bins.length; // half of the weight to the place itself
  const mixed = bins.map((_, bin) => {
    let sum = 0;
    for (let i = bin; i < around.length; i += bins.length) sum += around[i];
    return (around[own + bin] + sum / 9) / 2;
  });
  return likelyColors(mixed, bins, lightnessAt([row, column], lightness), gain, count);
}

/** L, 0..100, of the pixel that a place [row, column] of the small copy lies in. */
export function lightnessAt([row, column], lightness) {
  return lightness.data[rounded(row) * lightness.width + rounded(column)];
}

/** The distribution predicted at a cell [row, column] and its 8 neighbors, (3, 3, Q); edges are
 *  repeated. cells: (h, w, Q), logits as trained, whose rebalancing `logWeights` (Q) undoes. */
export function distribution(cells, [row, column], logWeights) {
  const { height, width, bands } = cells;
  const around = new Field(3, 3, bands);
  for (let place = 0; place < 9; place += 1) {
    const y = Math.min(height - 1, Math.max(0, row + Math.floor(place / 3) - 1));
    const x = Math.min(width - 1, Math.max(0, column + place % 3 - 1));
    const from = (y * width + x) * bands;
    const p = around.data.subarray(place * bands, (place + 1) * bands);
    let highest = -Infinity;
    for (let bin = 0; bin < bands; bin += 1) {
      p[bin] = cells.data[from + bin] - logWeights[bin];
      highest = Math.max(highest, p[bin]);
    }
    let sum = 0;
    for (let bin = 0; bin < bands; bin += 1) {
      p[bin] = Math.exp(p[bin] - highest);
      sum += p[bin];
    }
    for (let bin = 0; bin < bands; bin += 1) p[bin] /= sum;
  }
  return around;
}

/** The peaks of a distribution over ab bins, most likely first: [{ ab: [a, b], probability }].
 *
 *  probabilities: Q numbers that sum to 1. bins: Q pairs of a and b. lightness: 0..100, of the place.
 *  gain: of the decoding, so that a suggestion is as vivid as the picture. count: the most to return.
 *  Every bin belongs to the nearest peak; a suggestion's color is the mean of its peak's bins. */
export function likelyColors(probabilities, bins, lightness, gain, count) {
  const peaks = peaksOf(blurred(probabilities, bins), bins, count);
  const sums = peaks.map(() => ({ probability: 0, a: 0, b: 0 }));
  bins.forEach((bin, index) => {
    const sum = sums[nearestOf(bin, peaks.map((peak) => bins[peak]))];
    sum.probability += probabilities[index];
    sum.a += probabilities[index] * bin[0];
    sum.b += probabilities[index] * bin[1];
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

/** The mean of the probabilities around each bin, weighted by a Gaussian. */
function blurred(probabilities, bins) {
  return bins.map((bin) => {
    let [sum, weights] = [0, 0];
    bins.forEach((other, index) => {
      const weight = Math.exp(-squared(bin, other) / (2 * BLUR * BLUR));
      sum += weight * probabilities[index];
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
