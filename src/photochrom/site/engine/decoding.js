/** From a network's distribution over ab bins to colours; the decoder of the exported graph
 *  (`photochrom.workshop.onnx_export`), so that another vividness needs no run of the network. */
import { Field } from "./fields.js";

const NEGLIGIBLE = -24; // power of e below which all bins together weigh less than float32 tells
const CHROMA_FLOOR = 2; // of `photochrom.color.bins`

/** The largest z - γ log w of each cell. */
function highestOf({ data, height, width }, logWeights, gamma) {
  const cells = height * width;
  const highest = new Float64Array(cells).fill(-Infinity);
  for (let bin = 0, at = 0; bin < logWeights.length; bin += 1) {
    const balance = gamma * logWeights[bin];
    for (let cell = 0; cell < cells; cell += 1, at += 1) {
      const value = data[at] - balance;
      if (value > highest[cell]) highest[cell] = value;
    }
  }
  return highest;
}

/** The mean square of the chroma that the distribution of every cell expects. */
function expectedSquare({ data, height, width }, { bins, logWeights }, gamma, highest) {
  const cells = height * width;
  const [total, squares] = [0, 0].map(() => new Float64Array(cells));
  for (let bin = 0, at = 0; bin < bins.length; bin += 1) {
    const balance = gamma * logWeights[bin];
    const square = bins[bin][0] ** 2 + bins[bin][1] ** 2;
    for (let cell = 0; cell < cells; cell += 1, at += 1) {
      const power = data[at] - balance - highest[cell];
      if (power < NEGLIGIBLE) continue;
      const share = Math.exp(power);
      total[cell] += share;
      squares[cell] += share * square;
    }
  }
  return squares.reduce((sum, square, cell) => sum + square / total[cell], 0) / cells;
}

/** ab (h, w, 2), Lab units without the dial's gain: the mean of softmax((z - γ log w) / T), times
 *  the photo's chroma factor (`photochrom.color.bins.chroma_factor`).
 *  logits: { data: (Q, h, w), height, width }. bins: Q pairs of a and b. logWeights: Q numbers. */
export function abOfLogits(logits, { bins, logWeights }, { gamma, temperature, chromaPower }) {
  const { data, height, width } = logits;
  const cells = height * width;
  const highest = highestOf(logits, logWeights, gamma);
  const [sum, sumA, sumB] = [0, 0, 0].map(() => new Float64Array(cells));
  for (let bin = 0, at = 0; bin < bins.length; bin += 1) {
    const balance = gamma * logWeights[bin];
    const [a, b] = bins[bin];
    for (let cell = 0; cell < cells; cell += 1, at += 1) {
      const power = (data[at] - balance - highest[cell]) / temperature;
      if (power < NEGLIGIBLE) continue;
      const share = Math.exp(power);
      sum[cell] += share;
      sumA[cell] += share * a;
      sumB[cell] += share * b;
    }
  }
  const ab = new Field(height, width, 2);
  for (let cell = 0; cell < cells; cell += 1) {
    ab.data[2 * cell] = sumA[cell] / sum[cell];
    ab.data[2 * cell + 1] = sumB[cell] / sum[cell];
  }
  if (!chromaPower) return ab;
  const expected = expectedSquare(logits, { bins, logWeights }, gamma, highest) + CHROMA_FLOOR ** 2;
  const found = ab.data.reduce((total, value) => total + value ** 2, 0) / cells + CHROMA_FLOOR ** 2;
  const factor = (expected / found) ** (chromaPower / 2);
  return ab.map((value) => value * factor);
}

/** How sure the network is, (h, w), 0..1: one less the entropy at T 1, as a share of its largest. */
export function confidenceOfLogits(logits, logWeights, gamma) {
  const { data, height, width } = logits;
  const cells = height * width;
  const highest = highestOf(logits, logWeights, gamma);
  const [total, weighted] = [0, 0].map(() => new Float64Array(cells));
  for (let bin = 0, at = 0; bin < logWeights.length; bin += 1) {
    const balance = gamma * logWeights[bin];
    for (let cell = 0; cell < cells; cell += 1, at += 1) {
      const below = data[at] - balance - highest[cell];
      const weight = Math.exp(below);
      total[cell] += weight;
      weighted[cell] += weight * below;
    }
  }
  const most = Math.log(logWeights.length);
  return new Field(height, width).map((_, cell) =>
    1 - (Math.log(total[cell]) - weighted[cell] / total[cell]) / most);
}

/** Logits with the bins of a cell side by side, (h, w, Q). */
export function cellsOf({ data, height, width }, count) {
  const cells = new Field(height, width, count);
  const { pixels } = cells;
  for (let bin = 0; bin < count; bin += 1)
    for (let i = 0; i < pixels; i += 1) cells.data[i * count + bin] = data[bin * pixels + i];
  return cells;
}
