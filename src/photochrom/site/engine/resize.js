/** Antialiased resizing that covers an exact extent, in fractions of a pixel: half-pixel centers and a
 *  triangle filter that widens with the reduction; the equations of `photochrom.filters.resize`. */
import { Field } from "./fields.js";

/** Weights that resample the first `extent` of `count` pixels to `size`; extent: may be a fraction of a
 *  pixel less or more than `count`.
 *  Returns { first, span, weights }: output i is the sum of weights[i * span + k] times input first[i] + k,
 *  over the k below span. */
export function resizeMatrix(size, count, extent = count) {
  const scale = extent / size;
  const reach = Math.max(scale, 1);
  const span = Math.min(count, Math.floor(2 * reach) + 1);
  const first = new Int32Array(size);
  const weights = new Float32Array(size * span);
  const row = new Float64Array(span);
  for (let i = 0; i < size; i += 1) {
    const center = Math.min((i + 0.5) * scale - 0.5, count - 1);
    first[i] = Math.min(Math.max(0, Math.ceil(center - reach)), count - span);
    let sum = 0;
    for (let k = 0; k < span; k += 1) {
      row[k] = Math.max(1 - Math.abs(first[i] + k - center) / reach, 0);
      sum += row[k];
    }
    for (let k = 0; k < span; k += 1) weights[i * span + k] = row[k] / sum;
  }
  return { first, span, weights };
}

/** A field (h, w, bands) resized to (height, width, bands).
 *  extent: how many rows and columns of the field to cover, all by default. */
export function resize(field, height, width, [rows, columns] = [field.height, field.width]) {
  const vertical = resizeMatrix(height, field.height, rows);
  const horizontal = resizeMatrix(width, field.width, columns);
  return across(down(field, height, vertical), width, horizontal);
}

function down({ width, bands, data }, height, { first, span, weights }) {
  const reduced = new Field(height, width, bands);
  const stride = width * bands;
  const sum = new Float64Array(stride);
  for (let row = 0; row < height; row += 1) {
    sum.fill(0);
    for (let k = 0; k < span; k += 1) {
      const weight = weights[row * span + k];
      const start = (first[row] + k) * stride;
      if (weight) for (let i = 0; i < stride; i += 1) sum[i] += weight * data[start + i];
    }
    reduced.data.set(sum, row * stride);
  }
  return reduced;
}

function across({ height, width: count, bands, data }, width, { first, span, weights }) {
  const reduced = new Field(height, width, bands);
  for (let row = 0, at = 0; row < height; row += 1)
    for (let column = 0; column < width; column += 1)
      for (let band = 0; band < bands; band += 1, at += 1) {
        const start = (row * count + first[column]) * bands + band;
        let sum = 0;
        for (let k = 0; k < span; k += 1) sum += weights[column * span + k] * data[start + k * bands];
        reduced.data[at] = sum;
      }
  return reduced;
}
