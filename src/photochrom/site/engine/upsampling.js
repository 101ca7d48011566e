/** Guided chroma upsampling: from the network's coarse ab grid to any size, along the edges of L; the
 *  equations and settings of `photochrom.filters.upsample`.
 *
 *  Kopf and others, "Joint bilateral upsampling", 2007; He, Sun, Tang, "Guided image filtering", 2010. */
import { Field, guidedCoefficients } from "./fields.js";

const SIGMA_LIGHTNESS = 6; // range sigma of the joint bilateral filter, units of L
const SIGMA_CELLS = 0.7; // its spatial sigma, cells of the coarse grid
const BACK_PROJECTIONS = 2;
const GUIDE_RADIUS = 1;
const GUIDE_EPSILON = 4; // regularization of the guided filter, squared units of L
const LEAST_WEIGHT = 1e-8; // a pixel unlike all 9 cells gets their plain mean
const AROUND = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => [dy, dx])); // a cell and the 8 around

/** Upsample coarse ab to the small copy along the edges of its lightness.
 *  ab: (h / s, w / s, 2), Lab units, for a whole stride s. lightness: (h, w), 0..100. weights: of
 *  `bilateralWeights` for this lightness and stride, which serve again.
 *  Returns (h, w, 2), whose mean over every coarse cell is close to the given ab. */
export function refine(ab, lightness, weights = null) {
  const stride = Math.floor(lightness.height / ab.height);
  weights ??= bilateralWeights(lightness, stride);
  const fine = new Field(lightness.height, lightness.width, 2);
  addUpsampled(fine, ab, weights, stride);
  for (let i = 0; i < BACK_PROJECTIONS; i += 1) {
    const mean = cellMean(fine, stride).data;
    addUpsampled(fine, ab.map((value, at) => value - mean[at]), weights, stride);
  }
  return fine;
}

/** Fit ab = slope * L + offset in small windows of the small copy.
 *  ab: (h, w, 2), Lab units. lightness: (h, w), 0..100. Returns { slope, offset, kept: null }. */
export function linearChroma(ab, lightness) {
  return { ...guidedCoefficients(ab, lightness, GUIDE_RADIUS, GUIDE_EPSILON), kept: null };
}

/** Mean of (h, w, bands) over the cells of a grid, (h / stride, w / stride, bands). */
export function cellMean({ height, width, bands, data }, stride) {
  const cells = new Field(height / stride, width / stride, bands);
  const sums = new Float64Array(cells.data.length);
  for (let row = 0, at = 0; row < height; row += 1) {
    const start = Math.floor(row / stride) * cells.width * bands;
    for (let column = 0; column < width; column += 1) {
      const cell = start + Math.floor(column / stride) * bands;
      for (let band = 0; band < bands; band += 1, at += 1) sums[cell + band] += data[at];
    }
  }
  for (let i = 0; i < sums.length; i += 1) cells.data[i] = sums[i] / (stride * stride);
  return cells;
}

/** Linear interpolation of `size` pixels from `small` ones, half-pixel centers, edges repeated.
 *  [start, end]: the part that they cover, as shares of the small ones.
 *  Returns { before, after, share }: the index before, the index after and the weight of the latter. */
export function linearPositions(size, small, [start, end]) {
  const before = new Int32Array(size);
  const after = new Int32Array(size);
  const share = new Float32Array(size);
  for (let i = 0; i < size; i += 1) {
    const center = (i + 0.5) * (end - start) * small / size + start * small - 0.5;
    const held = Math.min(Math.max(center, 0), small - 1);
    before[i] = Math.floor(held);
    after[i] = Math.min(before[i] + 1, small - 1);
    share[i] = held - before[i];
  }
  return { before, after, share };
}

/** Cells with one more around them that repeats the edges, (rows + 2, columns + 2, bands). */
function padded(cells) {
  const { height, width, bands } = cells;
  const wide = new Field(height + 2, width + 2, bands);
  for (let row = 0, at = 0; row < height + 2; row += 1) {
    const start = Math.min(height - 1, Math.max(0, row - 1)) * width;
    for (let column = 0; column < width + 2; column += 1) {
      const source = (start + Math.min(width - 1, Math.max(0, column - 1))) * bands;
      for (let band = 0; band < bands; band += 1, at += 1) wide.data[at] = cells.data[source + band];
    }
  }
  return wide;
}

/** Weights of a pixel's cell and of the 8 around, by space and L, 9 a pixel; their sum is 1. */
export function bilateralWeights(lightness, stride) {
  const { height, width, data } = lightness;
  const weights = new Float32Array(AROUND.length * data.length);
  const cells = padded(cellMean(lightness, stride));
  const offsets = Int32Array.from(AROUND, ([dy, dx]) => dy * cells.width + dx);
  const falloff = -1 / (2 * SIGMA_LIGHTNESS ** 2);
  const centers = Array.from({ length: stride }, (_, i) => (i + 0.5) / stride - 0.5);
  const distances = Float64Array.from(centers.flatMap((y) => centers.flatMap((x) =>
    AROUND.map(([dy, dx]) => ((y - dy) ** 2 + (x - dx) ** 2) / (2 * SIGMA_CELLS ** 2)))));
  const around = new Float64Array(AROUND.length);
  for (let row = 0, pixel = 0; row < height; row += 1) {
    const start = (Math.floor(row / stride) + 1) * cells.width + 1;
    for (let column = 0; column < width; column += 1, pixel += 1) {
      const cell = start + Math.floor(column / stride);
      const place = ((row % stride) * stride + column % stride) * around.length;
      let sum = 0;
      for (let k = 0; k < around.length; k += 1) {
        const difference = data[pixel] - cells.data[cell + offsets[k]];
        around[k] = Math.exp(falloff * difference * difference - distances[place + k]) + LEAST_WEIGHT;
        sum += around[k];
      }
      for (let k = 0, at = pixel * around.length; k < around.length; k += 1, at += 1)
        weights[at] = around[k] / sum;
    }
  }
  return weights;
}

/** Add the enlarged ab of cells, (h / s, w / s, 2), to that of pixels, (h, w, 2). */
function addUpsampled({ height, width, data }, coarse, weights, stride) {
  const cells = padded(coarse);
  const offsets = Int32Array.from(AROUND, ([dy, dx]) => 2 * (dy * cells.width + dx));
  for (let row = 0, pixel = 0; row < height; row += 1) {
    const start = (Math.floor(row / stride) + 1) * cells.width + 1;
    for (let column = 0; column < width; column += 1, pixel += 1) {
      const cell = 2 * (start + Math.floor(column / stride));
      let [a, b] = [0, 0];
      for (let k = 0, at = pixel * offsets.length; k < offsets.length; k += 1, at += 1) {
        const source = cell + offsets[k];
        a += weights[at] * cells.data[source];
        b += weights[at] * cells.data[source + 1];
      }
      data[2 * pixel] += a;
      data[2 * pixel + 1] += b;
    }
  }
}
