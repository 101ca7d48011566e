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
  const mean = new Field(height, width, bands);
  const stride = width * bands;
  const side = 2 * radius + 1;
  const margin = radius * bands;
  const sums = new Float64Array(stride + 2 * margin); // of a column of rows, its edges repeated
  for (let row = 0; row < height; row += 1) {
    sums.fill(0);
    for (let step = -radius; step <= radius; step += 1) {
      const source = Math.min(height - 1, Math.max(0, row + step)) * stride;
      for (let i = 0; i < stride; i += 1) sums[margin + i] += image.data[source + i];
    }
    for (let i = 0; i < margin; i += 1) {
      sums[i] = sums[margin + i % bands];
      sums[margin + stride + i] = sums[margin + stride - bands + i % bands];
    }
    for (let i = 0, at = row * stride; i < stride; i += 1, at += 1) {
      let sum = 0;
      for (let place = i; place <= i + 2 * margin; place += bands) sum += sums[place];
      mean.data[at] = sum / (side * side);
    }
  }
  return mean;
}

/** Each band of an image times a field (h, w). */
function times(image, field) {
  const { bands, pixels } = image;
  const product = new Field(image.height, image.width, bands);
  for (let i = 0, at = 0; i < pixels; i += 1)
    for (let band = 0; band < bands; band += 1, at += 1) product.data[at] = image.data[at] * field.data[i];
  return product;
}

/** The lines image = slope * guide + offset that fit best in windows, averaged over windows.
 *  image: (h, w, bands). guide: (h, w). He, Sun, Tang, "Guided image filtering", 2010. */
export function guidedCoefficients(image, guide, radius, epsilon) {
  const { height, width, bands, pixels } = image;
  const meanGuide = windowMean(guide, radius).data;
  const meanImage = windowMean(image, radius).data;
  const product = windowMean(times(image, guide), radius).data;
  const square = windowMean(times(guide, guide), radius).data;
  const [slope, offset] = [0, 0].map(() => new Field(height, width, bands));
  for (let i = 0, at = 0; i < pixels; i += 1) {
    const mean = meanGuide[i];
    const divisor = square[i] - mean * mean + epsilon;
    for (let band = 0; band < bands; band += 1, at += 1) {
      slope.data[at] = (product[at] - mean * meanImage[at]) / divisor;
      offset.data[at] = meanImage[at] - slope.data[at] * mean;
    }
  }
  return { slope: windowMean(slope, radius), offset: windowMean(offset, radius) };
}
