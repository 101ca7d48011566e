/** Arrays of numbers over a picture, and the filters on them; the equations are those of the Python
 *  package's `photochrom.filters`, in the same float32. */

/** Numbers (height, width, bands) in one Float32Array, bands of a pixel side by side. */
export class Field {
  constructor(height, width, bands = 1, data = new Float32Array(height * width * bands)) {
    Object.assign(this, { height, width, bands, data });
  }

  get pixels() { return this.height * this.width; }

  /** A copy of one band, as a field. */
  band(index) {
    const one = new Field(this.height, this.width);
    for (let i = 0; i < this.pixels; i += 1) one.data[i] = this.data[i * this.bands + index];
    return one;
  }

  /** A field of the same shape, of what `value` makes of each number and its index. */
  map(value) {
    const data = new Float32Array(this.data.length);
    for (let i = 0; i < data.length; i += 1) data[i] = value(this.data[i], i);
    return new Field(this.height, this.width, this.bands, data);
  }
}

/** Mean over the window of `radius` pixels to each side, edges repeated. */
export function windowMean(image, radius) {
  const { height, width, bands } = image;
  const side = 2 * radius + 1;
  const down = new Field(height, width, bands);
  const stride = width * bands;
  for (let row = 0; row < height; row += 1) {
    const target = down.data.subarray(row * stride, (row + 1) * stride);
    for (let step = -radius; step <= radius; step += 1) {
      const source = Math.min(height - 1, Math.max(0, row + step)) * stride;
      for (let i = 0; i < stride; i += 1) target[i] += image.data[source + i];
    }
    for (let i = 0; i < stride; i += 1) target[i] /= side;
  }
  const mean = new Field(height, width, bands);
  const columns = Array.from({ length: width + 2 * radius }, (_, i) =>
    Math.min(width - 1, Math.max(0, i - radius)) * bands);
  for (let row = 0; row < height; row += 1) {
    const start = row * stride;
    for (let column = 0; column < width; column += 1)
      for (let band = 0; band < bands; band += 1) {
        let sum = 0;
        for (let i = 0; i < side; i += 1) sum += down.data[start + columns[column + i] + band];
        mean.data[start + column * bands + band] = sum / side;
      }
  }
  return mean;
}

/** The lines image = slope * guide + offset that fit best in windows, averaged over windows.
 *  image: (h, w, bands). guide: (h, w). He, Sun, Tang, "Guided image filtering", 2010. */
export function guidedCoefficients(image, guide, radius, epsilon) {
  const { bands } = image;
  const meanGuide = windowMean(guide, radius).data;
  const meanImage = windowMean(image, radius).data;
  const product = windowMean(image.map((value, i) => value * guide.data[Math.floor(i / bands)]), radius);
  const square = windowMean(guide.map((value) => value * value), radius).data;
  const slope = product.map((value, i) => {
    const at = Math.floor(i / bands);
    const variance = square[at] - meanGuide[at] * meanGuide[at];
    return (value - meanGuide[at] * meanImage[i]) / (variance + epsilon);
  });
  const offset = slope.map((value, i) => meanImage[i] - value * meanGuide[Math.floor(i / bands)]);
  return { slope: windowMean(slope, radius), offset: windowMean(offset, radius) };
}
