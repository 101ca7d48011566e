/** The full-size pass of `photochrom.pipeline.full_size`: strips of 8-bit sRGB pixels, in the C kernel. */
import { Field } from "./fields.js";
import { RGB_FROM_XYZ, WHITE, XYZ_FROM_RGB } from "./lab.js";
import { CODES8, EVEN, LINEAR8, OF_GRAY, ROOT_STEPS } from "./transfer_curve.js";
import { linearPositions } from "./upsampling.js";

const UINT8 = 0; // of the kernel's `enum type`
const BANDS = 4; // RGBA, as canvases have it
const WHITE_LIGHT = ROOT_STEPS ** 2; // so that the root of light is the index of its code
export const WHOLE = [[0, 1], [0, 1]];

/** What a and b add to f of X and of Z as functions of f of Y: slopes, then offsets, (4, h, w).
 *  chroma: { slope, offset } by L. */
export function chromaFields({ slope, offset }) {
  const { pixels } = slope;
  const fields = new Float32Array(4 * pixels);
  const scale = [1 / 500, -1 / 200]; // (a, b) to f
  for (let band = 0; band < 2; band += 1)
    for (let i = 0; i < pixels; i += 1) {
      const rise = slope.data[2 * i + band];
      fields[band * pixels + i] = 116 * rise * scale[band];
      fields[(2 + band) * pixels + i] = (offset.data[2 * i + band] - 16 * rise) * scale[band];
    }
  return fields;
}

/** Fields (n, h, w) interpolated along their rows, to the width of the positions. */
export function widened(fields, width, { before, after, share }) {
  const columns = before.length;
  const rows = fields.length / width;
  const wide = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row += 1)
    for (let i = 0, at = row * columns; i < columns; i += 1, at += 1) {
      const left = fields[row * width + before[i]];
      wide[at] = left * (1 - share[i]) + fields[row * width + after[i]] * share[i];
    }
  return wide;
}

/** Positions of rows as the kernel reads them. */
export const rowPointers = (kernel, { before, after, share }) => [before, after]
  .map((rows) => kernel.place(BigInt64Array.from(rows, BigInt))).concat(kernel.place(share));

/** What differences of X and Z give to R, G and B, at a light of white. */
export const fromXz = (white) => [0, 2].map((column) =>
  RGB_FROM_XYZ.map((row) => Math.fround(white * row[column] * WHITE[column])));

/** Colours the strips of one picture. Make it and use it within `kernel.scoped`. */
export class FullSizePass {
  #struct;
  #kept = null;

  /** width, height: of the picture. isGray: whether R = G = B. chroma: of a small copy of the whole.
   *  extent: the part of the whole that the picture shows. mostRows: of a strip. */
  constructor(kernel, { width, height, isGray, chroma, extent = WHOLE, mostRows }) {
    Object.assign(this, { kernel, width });
    const [down, across] = extent;
    const fields = chromaFields(chroma);
    const { pixels, width: small, height: smallRows } = chroma.slope;
    for (let i = 0; i < 2 * pixels; i += 1) fields[i] += 1; // f of X and of Z, not their differences
    const wide = widened(fields, small, linearPositions(width, small, across));
    const rows = linearPositions(height, smallRows, down);
    if (chroma.kept) this.#kept = new KeptColors(chroma.kept, width, rows, across);
    const { f, inverse } = isGray ? OF_GRAY : EVEN;
    const light = isGray ? kernel.place(LINEAR8.map((value) => value * WHITE_LIGHT)) : 0;
    const [fromX, fromZ] = fromXz(WHITE_LIGHT);
    this.#struct = kernel.struct([
      ["i32", UINT8, UINT8, BANDS],
      ["i64", width],
      ["pointer", kernel.place(f), kernel.place(inverse), light, kernel.place(LINEAR8), kernel.place(wide)],
      ["i64", smallRows],
      ["pointer", ...rowPointers(kernel, rows), kernel.place(CODES8)],
      ["i64", CODES8.length],
      ["f32", ...XYZ_FROM_RGB[1], ...fromX, ...fromZ, WHITE_LIGHT, 1e-9 * WHITE_LIGHT],
    ]);
    this.bytes = BANDS * width * mostRows;
    this.source = kernel.reserve(this.bytes);
    this.target = kernel.reserve(this.bytes);
  }

  /** Colour rows of RGBA, (rows, width, 4), of which the first is row `top`. Returns the same of the
   *  result, valid until the next call. */
  color(strip, top) {
    const { kernel, width, source, target } = this;
    const rows = strip.length / width / BANDS;
    kernel.view(Uint8Array, source, strip.length).set(strip);
    kernel.exports.photochrom_color_strip(this.#struct, source, BigInt(BANDS * width), target,
      BigInt(rows), BigInt(top));
    const colored = kernel.view(Uint8ClampedArray, target, strip.length);
    this.#kept?.mix(colored, strip, top);
    return colored;
  }
}

/** The photo's own colours, kept in a part; `photochrom.pipeline.kept_colors`. */
class KeptColors {
  /** kept: (h, w), 0..1, of a small copy of the whole. rows: positions of the picture's rows. */
  constructor(kept, width, rows, across) {
    const wide = widened(kept.data, kept.width, linearPositions(width, kept.width, across));
    Object.assign(this, { rows, width, columns: new Field(kept.height, width, 1, wide) });
  }

  /** Change coloured RGBA rows in place. */
  mix(colored, strip, top) {
    const { width, columns: { data }, rows: { before, after, share } } = this;
    for (let row = 0, at = 0; at < strip.length; row += 1) {
      const upper = before[top + row] * width;
      const lower = after[top + row] * width;
      for (let i = 0; i < width; i += 1, at += BANDS) {
        const kept = data[upper + i] + share[top + row] * (data[lower + i] - data[upper + i]);
        if (kept <= 0) continue;
        for (let band = 0; band < 3; band += 1)
          colored[at + band] += kept * (strip[at + band] - colored[at + band]);
      }
    }
  }
}
