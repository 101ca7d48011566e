/** What distinguishes colors of things from those of faults, in differences of ab from a print's tone; the
 *  equations of `photochrom.pipeline.toning`, where the reasons are given. */
import { Field, windowMean } from "./fields.js";
import { frequenciesAcross, frequenciesDown, hann, spectrumOf } from "./fourier.js";
import { quantile, quantiles } from "./numbers.js";

const STRONG_FILL = 0.8; // part of a window that a strong color fills
const STRONG_RADIUS = 6; // of those windows, pixels
const CELL = 12; // side of a cell, pixels
const CELL_QUANTILE = 0.3; // of a cell's pixels, so that lines on it do not count
const COLORED_CELLS = 0.9;
const TARGET_CELLS = 0.25; // how much of one side a color target may take, of the cells
const TARGET = 0.28; // and of the pixels
const OFF_LINE = 0.98;
const FINE = 3; // waves across the short side from which a pattern counts as fine
const LEAST_CYCLES = 0.5;
const WAVE_RADIUS = 2; // a wave has two peaks in a spectrum, 5 x 5 bins each
const REGION_RADIUS = 4;
const SPREAD_RADIUS = 2;
const LEAST = 1e-6; // keeps quotients finite where there is no color at all
const FITS = 3;
const ROBUST = 4; // Lab units beyond which a pixel counts less for the fit of fringes
const RIDGE = 1e-9; // keeps the fit finite where lightness has no derivative, as a share of the trace

/** Rows and columns of (h, w, bands) from the first to before the last. */
export function cutOut({ width, bands, data }, [top, bottom], [left, right]) {
  const inside = new Field(Math.max(0, bottom - top), Math.max(0, right - left), bands);
  const length = inside.width * bands;
  for (let row = 0; row < inside.height; row += 1) {
    const start = ((top + row) * width + left) * bands;
    inside.data.set(data.subarray(start, start + length), row * length);
  }
  return inside;
}

/** The length of the first two of some bands at every pixel, a Float64Array. */
export function lengths({ pixels, bands, data }, first = 0) {
  return Float64Array.from({ length: pixels },
    (_, i) => Math.hypot(data[i * bands + first], data[i * bands + first + 1]));
}

/** The direction in ab along which pairs (a, b) differ most from the neutral, of length 1.
 *  colors: (h, w, bands); first: the band of a. */
export function mainDirection({ bands, data }, first = 0) {
  let [aa, ab, bb] = [0, 0, 0];
  for (let i = first; i < data.length; i += bands) {
    aa += data[i] * data[i];
    ab += data[i] * data[i + 1];
    bb += data[i + 1] * data[i + 1];
  }
  const angle = Math.atan2(2 * ab, aa - bb) / 2;
  return [Math.cos(angle), Math.sin(angle)];
}

/** How far each pixel's color is from the line through the neutral in a direction, a Float64Array. */
export function offLine({ pixels, bands, data }, [a, b], first = 0) {
  return Float64Array.from({ length: pixels },
    (_, i) => Math.abs(data[i * bands + first + 1] * a - data[i * bands + first] * b));
}

/** What channels that are out of register, scaled or out of focus do not explain, (h, w, 2): such a fault
 *  makes colors that are proportional to the derivatives of lightness, (h, w). */
export function withoutFringes(difference, lightness) {
  const causes = derivatives(lightness);
  const { pixels } = difference;
  const weights = new Float64Array(pixels).fill(1);
  let rest = difference;
  for (let fit = 0; fit < FITS; fit += 1) {
    const shares = [0, 1].map((band) => fitted(causes, difference, band, weights));
    rest = difference.map((value, i) => {
      const [share, start] = [shares[i % 2], 4 * (i >> 1)];
      for (let k = 0; k < 4; k += 1) value -= share[k] * causes[start + k];
      return value;
    });
    for (let i = 0; i < pixels; i += 1)
      weights[i] = 1 / (1 + (rest.data[2 * i] ** 2 + rest.data[2 * i + 1] ** 2) / ROBUST ** 2);
  }
  return rest;
}

/** How fine, periodic and even colors (h, w, 2) are: about -0.4 (few regions) to 1.7 (a screen). */
export function fineness(difference) {
  const { fine, total } = finePower(difference);
  const peaks = 2 * (2 * WAVE_RADIUS + 1) ** 2 * windowMean(fine, WAVE_RADIUS).data.reduce((a, b) => Math.max(a, b));
  const energy = ({ data }) => data.reduce((sum, value) => sum + value * value, 0);
  const regions = Math.sqrt(energy(windowMean(difference, REGION_RADIUS)) / (energy(difference) + LEAST));
  const [usual, strongest] = quantiles(lengths(difference), [0.5, 0.9]);
  const even = usual / (strongest + LEAST); // moire is everywhere, things are somewhere
  const share = fine.data.reduce((sum, value) => sum + value, 0) / total;
  return share + 0.5 * peaks / total - 0.5 * regions + even - 0.3;
}

/** How far one pixel in fifty is off the line that fits best, whichever side is left out, Lab units.
 *  difference: (h, w, 2); windows are measured, so that noise and thin lines do not count. */
export function hueSpread(difference) {
  const parts = withoutASide(windowMean(difference, SPREAD_RADIUS), TARGET);
  return Math.min(...parts.map((part) => quantile(offLine(part, mainDirection(part)), OFF_LINE)));
}

/** Share of windows that a color of this strength, Lab units, fills, whichever side is left out. */
export function strongShare(difference, strength) {
  const strong = Float32Array.from(lengths(difference), (length) => (length > strength ? 1 : 0));
  const share = windowMean(new Field(difference.height, difference.width, 1, strong), STRONG_RADIUS);
  return Math.min(...withoutASide(share, TARGET).map((part) =>
    part.data.reduce((count, value) => count + (value >= STRONG_FILL ? 1 : 0), 0) / part.pixels));
}

/** The chroma of one cell in ten, Lab units, whichever side is left out. A cell's color is what most of its
 *  pixels have at least. */
export function cellChroma(difference) {
  const [rows, columns] = [difference.height, difference.width].map((side) => Math.floor(side / CELL));
  const [top, left] = [difference.height, difference.width].map((side) => Math.floor((side % CELL) / 2));
  const chroma = new Field(rows, columns).map((_, i) => {
    const row = top + Math.floor(i / columns) * CELL;
    const column = left + (i % columns) * CELL;
    const cell = cutOut(difference, [row, row + CELL], [column, column + CELL]);
    const least = [0, 1].map((band) => {
      const [low, high] = quantiles(cell.band(band).data, [CELL_QUANTILE, 1 - CELL_QUANTILE]);
      if (low > 0) return low;
      return high < 0 ? high : 0;
    });
    return Math.hypot(...least);
  });
  return Math.min(...withoutASide(chroma, TARGET_CELLS).map((part) => quantile(part.data, COLORED_CELLS)));
}

/** Four parts of (h, w, bands): each without that part along one side. */
function withoutASide(field, part) {
  const { height, width } = field;
  const [rows, columns] = [height, width].map((side) => Math.max(1, Math.floor(side * part)));
  return [
    cutOut(field, [rows, height], [0, width]),
    cutOut(field, [0, height - rows], [0, width]),
    cutOut(field, [0, height], [columns, width]),
    cutOut(field, [0, height], [0, width - columns]),
  ];
}

/** Power of fine waves with the lowest frequency in the middle, (h, w), and that of all waves. */
function finePower(difference) {
  const { height, width, pixels, data } = difference;
  const [down, across] = [frequenciesDown(height), frequenciesAcross(width)];
  const [vertical, horizontal] = [hann(height), hann(width)];
  const half = new Float64Array(height * across.length);
  for (let band = 0; band < 2; band += 1) {
    const values = difference.band(band).data;
    const mean = values.reduce((sum, value) => sum + value, 0) / pixels;
    const waves = Float64Array.from(values, (value, i) =>
      (value - mean) * vertical[Math.floor(i / width)] * horizontal[i % width]);
    const { re, im } = spectrumOf(waves, height, width);
    for (let i = 0; i < half.length; i += 1) half[i] += re[i] * re[i] + im[i] * im[i];
  }
  const fine = new Field(height, width);
  let total = LEAST;
  for (let row = 0, i = 0; row < height; row += 1)
    for (let column = 0; column < width; column += 1, i += 1) {
      let [v, u] = [row - Math.floor(height / 2), column - Math.floor(width / 2)];
      if (u < 0) [v, u] = [-v, -u]; // a real picture's spectrum is symmetric
      v = (v + height) % height;
      const power = half[v * across.length + u];
      const cycles = Math.hypot(down[v], across[u]) * Math.min(height, width);
      if (cycles >= LEAST_CYCLES) total += power;
      if (cycles >= FINE) fine.data[i] = power;
    }
  return { fine, total };
}

/** Differences between neighbors along the rows or columns of (h, w), one-sided at the edges. */
function gradient({ height, width, data }, { down }) {
  const [step, size] = down ? [width, height] : [1, width];
  return new Field(height, width).map((_, i) => {
    const place = down ? Math.floor(i / width) : i % width;
    const [before, after] = [Math.max(0, place - 1), Math.min(size - 1, place + 1)];
    return (data[i + (after - place) * step] - data[i + (before - place) * step]) / (after - before);
  });
}

/** What fringes come from, four numbers a pixel: the derivatives of lightness down and across, that
 *  along the way from the middle, and the second one. */
function derivatives(lightness) {
  const { height, width, pixels } = lightness;
  const down = gradient(lightness, { down: true });
  const across = gradient(lightness, { down: false });
  const bend = [gradient(down, { down: true }).data, gradient(across, { down: false }).data];
  const causes = new Float32Array(4 * pixels);
  for (let i = 0; i < pixels; i += 1) {
    const [y, x] = [Math.floor(i / width), i % width];
    causes[4 * i] = down.data[i];
    causes[4 * i + 1] = across.data[i];
    causes[4 * i + 2] = ((y - height / 2) * down.data[i] + (x - width / 2) * across.data[i]) / height;
    causes[4 * i + 3] = bend[0][i] + bend[1][i];
  }
  return causes;
}

/** The four factors of causes whose sum is the nearest to a band of (h, w, 2), by weighted least squares. */
function fitted(causes, { pixels, data }, band, weights) {
  const system = Array.from({ length: 4 }, () => new Float64Array(5)); // the last column is the right side
  for (let i = 0; i < pixels; i += 1)
    for (let j = 0; j < 4; j += 1) {
      const weighted = weights[i] * causes[4 * i + j];
      for (let k = 0; k < 4; k += 1) system[j][k] += weighted * causes[4 * i + k];
      system[j][4] += weighted * data[2 * i + band];
    }
  const trace = system.reduce((sum, row, j) => sum + row[j], 0);
  system.forEach((row, j) => { row[j] += RIDGE * (trace || 1); });
  for (let j = 0; j < 4; j += 1) // a positive definite system needs no pivots
    for (let other = 0; other < 4; other += 1) {
      if (other === j) continue;
      const factor = system[other][j] / system[j][j];
      for (let k = j; k < 5; k += 1) system[other][k] -= factor * system[j][k];
    }
  return system.map((row, j) => row[4] / row[j]);
}
