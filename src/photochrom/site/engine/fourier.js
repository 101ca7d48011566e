/** The discrete Fourier transform of real pictures of any size, in doubles; the conventions of
 *  `numpy.fft.rfft2`. The steps of one dimension are those of Stockham: one for each prime factor of the
 *  length, with no reordering (Cochran and others, "What is the fast Fourier transform?", 1967). */

function primeFactors(number) {
  const factors = [];
  let rest = number;
  for (let factor = 2; factor * factor <= rest; factor += 1)
    for (; rest % factor === 0; rest /= factor) factors.push(factor);
  if (rest > 1) factors.push(rest);
  return factors;
}

/** The transform of complex numbers of one length. */
class Transform {
  #factors;
  #cosines;
  #sines;
  #re;
  #im;

  constructor(length) {
    this.length = length;
    this.#factors = primeFactors(length);
    const angles = Float64Array.from({ length }, (_, i) => -2 * Math.PI * i / length);
    this.#cosines = angles.map(Math.cos);
    this.#sines = angles.map(Math.sin);
    this.#re = new Float64Array(length);
    this.#im = new Float64Array(length);
  }

  /** Transform real and imaginary parts in place; with the two swapped, the inverse times the length. */
  run(re, im) {
    let from = [re, im];
    let to = [this.#re, this.#im];
    let groups = 1;
    for (const factor of this.#factors) {
      this.#step(from, to, factor, groups);
      [from, to] = [to, from];
      groups *= factor;
    }
    if (from[0] !== re) {
      re.set(from[0]);
      im.set(from[1]);
    }
  }

  /** Sums of `factor` numbers each, for transforms that lie `groups` beside each other. */
  #step([re, im], [toRe, toIm], factor, groups) {
    const { length } = this;
    const cosines = this.#cosines;
    const sines = this.#sines;
    const parts = length / groups / factor;
    const apart = groups * parts;
    for (let part = 0; part < parts; part += 1)
      for (let sum = 0; sum < factor; sum += 1) {
        const source = groups * part;
        const target = groups * (part * factor + sum);
        for (let k = 0; k < groups; k += 1) toRe[target + k] = toIm[target + k] = 0;
        for (let term = 0; term < factor; term += 1) {
          const root = (term * sum * apart + sum * groups * part) % length;
          const [cosine, sine] = [cosines[root], sines[root]];
          const start = source + term * apart;
          for (let k = 0; k < groups; k += 1) {
            toRe[target + k] += re[start + k] * cosine - im[start + k] * sine;
            toIm[target + k] += re[start + k] * sine + im[start + k] * cosine;
          }
        }
      }
  }
}

/** Transform each column of (height, columns), or its inverse times the height, in place. */
function transformColumns({ height, columns, re, im }, inverse) {
  const transform = new Transform(height);
  const [columnRe, columnIm] = [new Float64Array(height), new Float64Array(height)];
  for (let column = 0; column < columns; column += 1) {
    for (let row = 0; row < height; row += 1) {
      columnRe[row] = re[row * columns + column];
      columnIm[row] = im[row * columns + column];
    }
    if (inverse) transform.run(columnIm, columnRe);
    else transform.run(columnRe, columnIm);
    for (let row = 0; row < height; row += 1) {
      re[row * columns + column] = columnRe[row];
      im[row * columns + column] = columnIm[row];
    }
  }
}

/** The spectrum of a real picture. values: height * width numbers.
 *  Returns { height, width, columns, re, im }: the half-plane of frequencies 0 to width / 2 across, as parts
 *  of (height, columns) complex numbers. */
export function spectrumOf(values, height, width) {
  const columns = Math.floor(width / 2) + 1;
  const spectrum = { height, width, columns,
    re: new Float64Array(height * columns), im: new Float64Array(height * columns) };
  const transform = new Transform(width);
  const [re, im] = [new Float64Array(width), new Float64Array(width)];
  for (let row = 0; row < height; row += 1) {
    re.set(values.subarray(row * width, (row + 1) * width));
    im.fill(0);
    transform.run(re, im);
    spectrum.re.set(re.subarray(0, columns), row * columns);
    spectrum.im.set(im.subarray(0, columns), row * columns);
  }
  transformColumns(spectrum, false);
  return spectrum;
}

/** The real picture of a spectrum, a Float64Array of height * width numbers. */
export function pictureOf({ height, width, columns, re, im }) {
  const half = { height, columns, re: re.slice(), im: im.slice() };
  transformColumns(half, true);
  const picture = new Float64Array(height * width);
  const transform = new Transform(width);
  const [rowRe, rowIm] = [new Float64Array(width), new Float64Array(width)];
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const mirrored = column >= columns;
      const at = row * columns + (mirrored ? width - column : column);
      rowRe[column] = half.re[at];
      rowIm[column] = mirrored ? -half.im[at] : half.im[at];
    }
    transform.run(rowIm, rowRe);
    for (let column = 0; column < width; column += 1)
      picture[row * width + column] = rowRe[column] / (height * width);
  }
  return picture;
}

/** The frequency of each row of a spectrum, cycles a pixel, -0.5 to 0.5; rounded as NumPy does. */
export const frequenciesDown = (height) => Float64Array.from({ length: height },
  (_, row) => (row < Math.ceil(height / 2) ? row : row - height) * (1 / height));

/** The frequency of each column of a half-plane spectrum, cycles a pixel, 0 to 0.5. */
export const frequenciesAcross = (width) => Float64Array.from({ length: Math.floor(width / 2) + 1 },
  (_, column) => column * (1 / width));

/** The window of Hann over a length, 0 at both ends. */
export const hann = (length) => Float64Array.from({ length },
  (_, i) => (length > 1 ? 0.5 - 0.5 * Math.cos(2 * Math.PI * i / (length - 1)) : 1));
