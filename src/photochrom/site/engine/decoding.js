/** From a network's distribution over ab bins to colours; the decoder of the exported graph
 *  (`photochrom.workshop.onnx_export`), so that another vividness needs no run of the network. */
import { Field } from "./fields.js";

/** The mean of softmax((z - γ log w) / T), and how sure the network is.
 *  logits: { data: (Q, h, w), height, width }. bins: Q pairs of a and b. logWeights: Q numbers.
 *  Returns ab (h, w, 2), Lab units without the dial's gain, and confidence (h, w), 0..1. */
export function decoded({ data, height, width }, { bins, logWeights }, { gamma, temperature }) {
  const count = bins.length;
  const cells = height * width;
  const ab = new Field(height, width, 2);
  const confidence = new Field(height, width);
  const z = new Float64Array(count);
  for (let cell = 0; cell < cells; cell += 1) {
    let highest = -Infinity;
    for (let bin = 0; bin < count; bin += 1) {
      z[bin] = data[bin * cells + cell] - gamma * logWeights[bin];
      if (z[bin] > highest) highest = z[bin];
    }
    let [total, weighted, sum, a, b] = [0, 0, 0, 0, 0];
    for (let bin = 0; bin < count; bin += 1) {
      const below = z[bin] - highest;
      const weight = Math.exp(below);
      total += weight;
      weighted += weight * below;
      const share = Math.exp(below / temperature);
      sum += share;
      a += share * bins[bin][0];
      b += share * bins[bin][1];
    }
    ab.data[2 * cell] = a / sum;
    ab.data[2 * cell + 1] = b / sum;
    confidence.data[cell] = 1 - (Math.log(total) - weighted / total) / Math.log(count);
  }
  return { ab, confidence };
}

/** Logits with the bins of a cell side by side, (h, w, Q). */
export function cellsOf({ data, height, width }, count) {
  const cells = new Field(height, width, count);
  const { pixels } = cells;
  for (let bin = 0; bin < count; bin += 1)
    for (let i = 0; i < pixels; i += 1) cells.data[i * count + bin] = data[bin * pixels + i];
  return cells;
}
