/** Chroma for a JPEG whose own luma is kept: Cb and Cr by the C kernel, as
 *  `photochrom.pipeline.luma_chroma` finds them for JPEG. */
import { chromaFields, fromXz, rowPointers, widened } from "./full_size.js";
import { encodedRoots, inverseF } from "./transfer_curve.js";
import { EPSILON, KAPPA, linearFromSrgb } from "./lab.js";
import { linearPositions } from "./upsampling.js";

const STEPS = 8192; // of the kernel's tables
const ROWS = 64; // of chroma that are worked on at a time
const KR = 0.299; // JFIF
const KB = 0.114;
const MARGIN = 2 / 255; // room at the walls of the cube for rounding and compression
const BANDS = 4;

const lightnessOf = (light) => (light > EPSILON ? 116 * Math.cbrt(light) - 16 : KAPPA * light);

/** Codes 0..1 in steps: light, f of it, and the inverse of f. */
function tables() {
  const light = Float32Array.from({ length: STEPS + 1 }, (_, i) => linearFromSrgb(i / STEPS));
  const fy = light.map((value) => (Math.fround(lightnessOf(value)) + 16) / 116);
  return [light, fy, fy.map(inverseF), encodedRoots(STEPS)];
}

/** Cb and Cr of a grey photo, sampled by 2 each way: { cb, cr, width, height }, Uint8Array planes.
 *  chroma: ab by L, of a small copy. luma: the photo's codes come from its decoded pixels. */
export async function chromaPlanes(photo, kernel, chroma) {
  const { width, height } = photo;
  const [columns, rows] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const planes = { width: columns, height: rows, cb: new Uint8Array(columns * rows), cr: new Uint8Array(columns * rows) };
  const small = chroma.slope;
  const reach = [(2 * columns) / width, (2 * rows) / height]; // an odd side's samples reach beyond it
  const fields = widened(chromaFields(chroma), small.width, linearPositions(columns, small.width, [0, reach[0]]));
  const positions = linearPositions(rows, small.height, [0, reach[1]]);
  const [fromX, fromZ] = fromXz(1);
  const kg = 1 - KR - KB;
  const struct = kernel.struct([
    ["i64", width, columns],
    ["pointer", ...tables().map((table) => kernel.place(table)), kernel.place(fields)],
    ["i64", small.height],
    ["pointer", ...rowPointers(kernel, positions)],
    ["i64", 2, 2, 0, 255],
    ["f32", ...fromX, ...fromZ, KR, kg, KB, 2 - 2 * KB, 2 - 2 * KR,
      (-KB * (2 - 2 * KB)) / kg, (-KR * (2 - 2 * KR)) / kg, MARGIN, 1 / (4 * 255), 1 / 255, 0, 255, 128.5],
  ]);
  const source = kernel.reserve((2 * ROWS + 2) * width);
  const target = kernel.reserve(2 * ROWS * columns);
  const solve = (luma, count, top) => {
    kernel.view(Uint8Array, source, luma.length).set(luma);
    const [cb, cr] = [target, target + ROWS * columns];
    kernel.exports.photochrom_chroma_block(struct, source, BigInt(count), BigInt(top), cb, cr);
    planes.cb.set(kernel.view(Uint8Array, cb, count * columns), top * columns);
    planes.cr.set(kernel.view(Uint8Array, cr, count * columns), top * columns);
  };
  const blocks = new Blocks(width, height, solve);
  await photo.strips((pixels, top, count) => {
    for (let row = 0; row < count; row += 1) blocks.add(pixels.subarray(BANDS * width * row), top + row);
  });
  return planes;
}

/** Collects rows of luma into blocks with the row before and the one behind; edges are repeated. */
class Blocks {
  constructor(width, height, solve) {
    Object.assign(this, { width, height, solve });
    this.rows = new Uint8Array((2 * ROWS + 2) * width);
    this.held = 0; // rows
    this.top = 0; // of the next block's chroma
  }

  #put(row, at) { this.rows.copyWithin(at * this.width, row * this.width, (row + 1) * this.width); }

  /** Add the row `row` of RGBA pixels, red of which is luma. */
  add(pixels, row) {
    const { width, height, rows } = this;
    if (!this.held) this.held = 1; // the place of the row before
    const start = this.held * width;
    for (let i = 0; i < width; i += 1) rows[start + i] = pixels[BANDS * i];
    if (row === 0) this.#put(1, 0);
    this.held += 1;
    const last = row === height - 1;
    if (this.held === 2 * ROWS + 2) this.#solve(2 * ROWS);
    if (last && this.held > 1) this.#finish();
  }

  /** Solve a full block; its last two rows are the next one's row before, and first row. */
  #solve(inside) {
    const count = inside / 2;
    this.solve(this.rows.subarray(0, (inside + 2) * this.width), count, this.top);
    this.top += count;
    this.#put(inside, 0);
    this.#put(inside + 1, 1);
    this.held = 2;
  }

  /** The rows that are left, and their last one repeated. */
  #finish() {
    const wanted = 2 * Math.ceil(this.height / 2) - 2 * this.top;
    if (wanted <= 0) return;
    for (let at = this.held; at < wanted + 2; at += 1) this.#put(this.held - 1, at);
    this.solve(this.rows.subarray(0, (wanted + 2) * this.width), wanted / 2, this.top);
  }
}
