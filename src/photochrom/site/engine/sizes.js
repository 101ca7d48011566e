/** The input sizes that a network takes, and how a photo is fitted to one (`SizeRule` of
 *  `photochrom.models.contract`).
 *
 *  A rule is { fit, usual, multiple, smallest, largest, fixed }; what is absent is as in `USUAL_RULE`.
 *  fit: "stretch" for a small copy of nearly the photo's shape, whose short side is `usual`; "pad" for
 *  such a copy in the middle of a white square whose side is `usual`; "square" for a square that the photo
 *  is stretched to. multiple: of both sides, pixels. smallest, largest: bounds of `usual`, and of a size
 *  chosen instead of it. fixed: [height, width] of the only input size that the network takes, or null. */
import { roundToEven } from "./numbers.js";

const MULTIPLE = 32; // sides of the input are multiples of this for most networks
const MAX_ASPECT = 4; // largest ratio of the small copy's sides; longer photos are squeezed to it
const USUAL_RULE = {
  fit: "stretch", usual: 256, multiple: MULTIPLE, smallest: MULTIPLE, largest: 2048, fixed: null };

const roundedTo = (multiple, side) => Math.max(1, roundToEven(side / multiple)) * multiple;

/** The small copy's { height, width } for a photo of this height and width.
 *  size: replaces `usual`; null for none. Throws an Error where the network takes no such size. */
export function copySize(rule, height, width, size = null) {
  const { fit, usual, multiple, smallest, largest, fixed } = { ...USUAL_RULE, ...rule };
  if (fixed) {
    const least = Math.min(...fixed);
    if (size !== null && size !== least)
      throw new Error(`size=${size}: must be ${least} (${fixed[0]} x ${fixed[1]}); leave it out`);
    return fit === "square" ? { height: fixed[0], width: fixed[1] } : inside(fixed, multiple, height, width);
  }
  const target = size ?? usual;
  if (!(smallest <= target && target <= largest))
    throw new Error(`size=${target}: must lie in ${smallest}..${largest} pixels`);
  if (fit === "square") {
    const side = roundedTo(multiple, target);
    return { height: side, width: side };
  }
  const scale = target / (fit === "pad" ? Math.max(height, width) : Math.min(height, width));
  const [rows, columns] = [height, width].map((side) =>
    roundedTo(multiple, Math.min(side * scale, target * MAX_ASPECT)));
  return { height: rows, width: columns };
}

/** { height, width } of the network's input for a small copy, its white padding included. */
export function inputSize(rule, rows, columns) {
  const { fit, fixed } = { ...USUAL_RULE, ...rule };
  if (fit !== "pad") return { height: rows, width: columns };
  const [height, width] = fixed ?? Array(2).fill(Math.max(rows, columns));
  return { height, width };
}

/** The largest copy of the photo in a fixed input, with margins of whole coarse cells. */
function inside(fixed, multiple, height, width) {
  const scale = Math.min(fixed[0] / height, fixed[1] / width);
  const step = 2 * multiple;
  const [rows, columns] = [height, width].map((side, i) => {
    const most = Math.floor((fixed[i] - 1) / step);
    return fixed[i] - step * Math.min(roundToEven((fixed[i] - side * scale) / step), most);
  });
  return { height: rows, width: columns };
}
