/** Cleaning of a damaged photo's small copy for the network; a sound copy is returned unchanged. The
 *  equations and thresholds of `photochrom.pipeline.cleaning`; lengths are pixels of the small copy. */
import { Field, windowMean } from "./fields.js";
import { frequenciesAcross, frequenciesDown, hann, pictureOf, spectrumOf } from "./fourier.js";
import { quantile, quantiles, roundToEven } from "./numbers.js";

const SMALLEST = 128; // short side below which a fault cannot be distinguished from the picture

const SCREEN_FREQUENCY = 0.15; // of the coarsest screen detected, cycles a pixel
const SCREEN_SHARE = 0.15; // of the finer detail's power, held by each of a screen's two waves at least
const SCREEN_REACH = 3; // bins of the spectrum around a wave that are counted with it
const SCREEN_DEVIATION = 0.5; // standard deviation of L that each wave has at least
const FAINT_SCREEN = 3; // standard deviation of L below which a screen is left in
const SCREEN_ORDER = 2; // highest order of the sums and differences of the waves that are removed
const SCREEN_NOTCH = 0.06; // sigma of a notch in the spectrum, cycles a pixel
const SCREEN_MARGIN = 16; // pixels mirrored at the edges before a screen is removed

const RADIUS = 3; // of the windows in which noise is measured and removed
const NOISE_TONES = [20, 90]; // mean L in which noise has its full variance
const UNCLIPPED_TONES = [8, 95]; // mean L in which noise is not clipped away
const FEWEST_TONES = 0.1; // share of windows of the full variance below which nothing can be said
const NOISE_FLOOR = 0.6; // least fine detail, L, that even the smoothest windows of a noisy photo have
const NOISE_FINENESS = [0.18, 0.55]; // that detail, relative to the standard deviation of noise
const NOISE_LIMIT = 6; // standard deviation of L above which it is texture
const NOISE_MARGIN = 1.5; // variance to remove, as a multiple of that of the smoothest windows
const SMOOTHEST_DETAIL = 0.02;
const SMOOTHEST_VARIANCE = 0.1;
const LEAST_VARIANCE = 1e-6;

const FADED_BLACK = 25; // a print is faded where its blacks are lighter,
const FADED_WHITE = 80; // its whites darker
const FADED_RANGE = 50; // and its range smaller than this
const LEVELLED = [5, 92]; // L of blacks and whites after levelling
const LEVELLING_LIMIT = 3; // largest factor on contrast
const EXTREMES = [0.01, 0.99]; // quantiles that are black and white

const clipped = (value) => Math.min(100, Math.max(0, value));
const modulo = (value, length) => ((value % length) + length) % length;

/** Remove screen, noise and fading from a small copy.
 *  lightness: (h, w), 0..100. Returns the same kind; the same object where no fault is detected. */
export function clean(lightness) {
  if (Math.min(lightness.height, lightness.width) < SMALLEST) return lightness;
  let cleaned = lightness;
  const screen = findScreen(lightness);
  if (!screen) {
    const variance = noiseVariance(lightness);
    if (variance) cleaned = denoise(lightness, NOISE_MARGIN * variance);
  } else if (screen.deviation > FAINT_SCREEN) {
    cleaned = descreen(lightness, screen);
  }
  return isFaded(cleaned) ? level(cleaned) : cleaned;
}

/** The half-tone screen of a small copy, two waves at right angles, or null where there is none.
 *  lightness: (h, w), 0..100. Returns { first, second, deviation }: the waves' frequencies down and across,
 *  cycles a pixel, and the standard deviation of L of the weaker one. */
export function findScreen(lightness) {
  const { height, width } = lightness;
  const down = frequenciesDown(height);
  const across = frequenciesAcross(width);
  const power = finePower(lightness, down, across);
  const first = highest(power, power.bins.keys());
  let [v, u] = [down[first[0]], across[first[1]]];
  [v, u] = v >= 0 ? [-u, v] : [u, -v]; // a quarter turn, into the stored half-plane
  const perpendicular = around(power, roundToEven(v * height), roundToEven(u * width));
  const second = highest(power, perpendicular);
  const sum = (bins) => bins.reduce((total, bin) => total + power.bins[bin], 0);
  const weaker = Math.min(...[first, second].map((peak) => sum(around(power, ...peak))));
  const all = power.bins.reduce((total, value) => total + value, 0);
  if (weaker <= Math.max(SCREEN_SHARE * all, SCREEN_DEVIATION ** 2)) return null;
  const [a, b] = [first, second].map(([row, column]) => [down[row], across[column]]);
  return { first: a, second: b, deviation: Math.sqrt(weaker) };
}

/** Remove a screen's waves, their harmonics, sums and differences from the spectrum; (h, w), 0..100. */
export function descreen(lightness, { first, second }) {
  const padded = mirrored(lightness, SCREEN_MARGIN);
  const spectrum = spectrumOf(padded.data, padded.height, padded.width);
  const { columns } = spectrum;
  const down = frequenciesDown(padded.height);
  const across = frequenciesAcross(padded.width);
  for (let m = -SCREEN_ORDER; m <= SCREEN_ORDER; m += 1)
    for (let n = -SCREEN_ORDER; n <= SCREEN_ORDER; n += 1) {
      const order = Math.abs(m) + Math.abs(n);
      if (order === 0 || order > SCREEN_ORDER) continue;
      const rows = down.map((frequency) => notch(frequency - m * first[0] - n * second[0]));
      const stripes = across.map((frequency) => notch(frequency - m * first[1] - n * second[1]));
      for (let i = 0; i < spectrum.re.length; i += 1) {
        const factor = 1 - rows[Math.floor(i / columns)] * stripes[i % columns];
        spectrum.re[i] *= factor;
        spectrum.im[i] *= factor;
      }
    }
  const picture = pictureOf(spectrum);
  return lightness.map((_, i) => {
    const row = Math.floor(i / lightness.width) + SCREEN_MARGIN;
    return clipped(picture[row * padded.width + i % lightness.width + SCREEN_MARGIN]);
  });
}

/** Variance of the noise in L, 0 where no significant noise is detected; lightness: (h, w), 0..100. */
export function noiseVariance(lightness) {
  const { height, width } = lightness;
  const { mean, variance } = statistics(lightness);
  const detail = windowMean(fineDetail(lightness).map((value) => value * value), RADIUS).data;
  const within = (value, [low, high]) => value > low && value < high;
  const [unclipped, middle] = [[], []];
  let count = 0;
  for (let row = RADIUS; row < height - RADIUS; row += 2)
    for (let column = RADIUS; column < width - RADIUS; column += 2, count += 1) {
      const at = row * width + column;
      if (within(mean.data[at], UNCLIPPED_TONES)) unclipped.push(detail[at]);
      if (within(mean.data[at], NOISE_TONES)) middle.push(variance.data[at]);
    }
  if (middle.length < FEWEST_TONES * count) return 0;
  const floor = Math.sqrt(quantile(Float32Array.from(unclipped), SMOOTHEST_DETAIL));
  const deviation = Math.sqrt(quantile(Float32Array.from(middle), SMOOTHEST_VARIANCE));
  const isNoise = within(floor, NOISE_FINENESS.map((share) => share * deviation));
  return isNoise && floor > NOISE_FLOOR && deviation < NOISE_LIMIT ? deviation ** 2 : 0;
}

/** Remove noise of this variance from (h, w), 0..100, and keep stronger detail.
 *
 *  Lee, "Digital image enhancement and noise filtering by use of local statistics", 1980; its coefficients
 *  are averaged over windows as those of a guided filter (He, Sun, Tang, 2010). */
export function denoise(lightness, noise) {
  const { mean, variance } = statistics(lightness);
  const slope = variance.map((local) => Math.max(local - noise, 0) / Math.max(local, LEAST_VARIANCE));
  const offset = mean.map((value, i) => value - slope.data[i] * value);
  const [slopes, offsets] = [slope, offset].map((field) => windowMean(field, RADIUS).data);
  return lightness.map((value, i) => clipped(slopes[i] * value + offsets[i]));
}

/** Stretch the tones of (h, w), 0..100, to a sound photo's range, by no more than LEVELLING_LIMIT. */
export function level(lightness) {
  const [black, white] = quantiles(lightness.data, EXTREMES);
  const factor = (LEVELLED[1] - LEVELLED[0]) / Math.max(white - black, 1e-3);
  if (factor <= 1) return lightness;
  const share = Math.min(1, (LEVELLING_LIMIT - 1) / (factor - 1));
  return lightness.map((value) => {
    const stretched = LEVELLED[0] + (value - black) * factor;
    return clipped(value + share * (stretched - value));
  });
}

/** Whether blacks, whites and range of (h, w), 0..100, are those of a faded print. */
export function isFaded(lightness) {
  const [black, white] = quantiles(lightness.data, EXTREMES);
  return black > FADED_BLACK && white < FADED_WHITE && white - black < FADED_RANGE;
}

/** Power of the detail that is as fine as screens, { bins, rows, columns }; its sum is a variance of L. */
function finePower({ height, width, data, pixels }, down, across) {
  const [vertical, horizontal] = [hann(height), hann(width)];
  const mean = data.reduce((sum, value) => sum + value, 0) / pixels;
  let squares = 0;
  const windowed = Float64Array.from(data, (value, i) => {
    const weight = vertical[Math.floor(i / width)] * horizontal[i % width];
    squares += weight * weight;
    return (value - mean) * weight;
  });
  const { re, im, columns } = spectrumOf(windowed, height, width);
  const scale = 2 / squares / pixels;
  const bins = re.map((value, i) => {
    const frequency = Math.hypot(down[Math.floor(i / columns)], across[i % columns]);
    return frequency < SCREEN_FREQUENCY ? 0 : (value * value + im[i] * im[i]) * scale;
  });
  return { bins, rows: height, columns };
}

/** Row and column of the highest of some bins; of the first of all where they are all 0. */
function highest({ bins, columns }, candidates) {
  let best = 0;
  for (const bin of candidates) if (bins[bin] > bins[best]) best = bin;
  return [Math.floor(best / columns), best % columns];
}

/** The bins around a frequency in a half-plane spectrum; only rows wrap around. */
function around({ rows, columns }, row, column) {
  const bins = [];
  for (let y = row - SCREEN_REACH; y <= row + SCREEN_REACH; y += 1)
    for (let x = column - SCREEN_REACH; x <= column + SCREEN_REACH; x += 1)
      if (x >= 0 && x < columns) bins.push(modulo(y, rows) * columns + x);
  return bins;
}

/** 1 at a frequency and its aliases, falling to 0 away from them. */
function notch(distance) {
  const aliased = modulo(distance + 0.5, 1) - 0.5;
  return Math.exp(-aliased * aliased / (2 * SCREEN_NOTCH ** 2));
}

/** A field (h, w) with a margin that mirrors it at the middle of its edge pixels. */
function mirrored({ height, width, data }, margin) {
  const reflected = (at, size) => {
    const last = size - 1;
    return last - Math.abs(last - Math.abs(at));
  };
  const wide = new Field(height + 2 * margin, width + 2 * margin);
  return wide.map((_, i) => {
    const row = reflected(Math.floor(i / wide.width) - margin, height);
    return data[row * width + reflected(i % wide.width - margin, width)];
  });
}

/** Second differences along both axes, 0 at the edges. */
function fineDetail({ height, width, data }) {
  const detail = new Field(height, width);
  const across = (at) => data[at - 1] - 2 * data[at] + data[at + 1];
  for (let row = 1; row < height - 1; row += 1)
    for (let column = 1; column < width - 1; column += 1) {
      const at = row * width + column;
      detail.data[at] = (across(at - width) - 2 * across(at) + across(at + width)) / 6;
    }
  return detail;
}

/** Mean and variance of the window around every pixel. */
function statistics(lightness) {
  const mean = windowMean(lightness, RADIUS);
  const squares = windowMean(lightness.map((value) => value * value), RADIUS);
  return { mean, variance: squares.map((value, i) => Math.max(value - mean.data[i] ** 2, 0)) };
}
