/** EXIF's orientations, as moves of pixels. */
import { Field } from "./fields.js";

/** Of each orientation: the place in the upright picture of the stored pixel at a row and a column;
 *  height, width: of the stored picture. EXIF 2.32, Orientation. */
const UPRIGHT = {
  1: (row, column) => [row, column],
  2: (row, column, height, width) => [row, width - 1 - column],
  3: (row, column, height, width) => [height - 1 - row, width - 1 - column],
  4: (row, column, height) => [height - 1 - row, column],
  5: (row, column) => [column, row],
  6: (row, column, height) => [column, height - 1 - row],
  7: (row, column, height, width) => [width - 1 - column, height - 1 - row],
  8: (row, column, height, width) => [width - 1 - column, row],
};

/** A field of the upright picture (h, w, bands) in the stored order. */
export function stored(field, orientation) {
  const sideways = orientation > 4;
  const [height, width] = sideways ? [field.width, field.height] : [field.height, field.width];
  const turned = new Field(height, width, field.bands);
  let at = 0;
  for (let row = 0; row < height; row += 1)
    for (let column = 0; column < width; column += 1) {
      const [y, x] = UPRIGHT[orientation](row, column, height, width);
      const from = (y * field.width + x) * field.bands;
      for (let band = 0; band < field.bands; band += 1, at += 1) turned.data[at] = field.data[from + band];
    }
  return turned;
}

/** The linear model of chroma in the stored order; `kept` is left out. */
export const storedChroma = ({ slope, offset }, orientation) =>
  ({ slope: stored(slope, orientation), offset: stored(offset, orientation), kept: null });
