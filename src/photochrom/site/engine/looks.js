/** Looks of photos: what the page may ask for, checked as the server checks it. */
import { Field } from "./fields.js";
import { checkHint, checkInside } from "./hints.js";
import { labFromSrgb } from "./lab.js";

const EFFECTS = ["erase", "original", "saturation", "vividness"];
const WITH_VALUE = ["saturation", "vividness"];

/** Something that a look cannot have; one line for people. */
export class LookError extends Error {}

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
const positive = (value) => isNumber(value) && value > 0;

/** a and b of "#rrggbb". */
function abOfHex(color) {
  const codes = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) / 255);
  const [, a, b] = labFromSrgb(new Field(1, 1, 3, Float32Array.from(codes))).data;
  return [a, b];
}

/** A hint as looks have it, { x, y, ab, radius, reach }, of what a file of hints has. */
function hintOf(given, where, photo) {
  const { x, y, ab, color, radius = null, reach = null, ...rest } = given ?? {};
  const [unknown] = Object.keys(rest);
  if (unknown) throw new LookError(`${where}: unknown key "${unknown}"`);
  if (!isNumber(x) || !isNumber(y)) throw new LookError(`${where}: x and y must be numbers`);
  if ((ab == null) === (color == null))
    throw new LookError(`${where}: give its colour either as color or as ab`);
  if (color != null && !/^#[0-9a-f]{6}$/i.test(color))
    throw new LookError(`${where}: its color must be like #8a5a3c`);
  const hint = { x, y, ab: ab ?? abOfHex(color), radius, reach };
  checkHint(hint, where);
  checkInside(x, y, photo.size, where);
  return hint;
}

function strokeOf(given, where) {
  const { effect, points, radius, value = null } = given ?? {};
  if (!EFFECTS.includes(effect)) throw new LookError(`${where}: its effect must be one of ${EFFECTS.join(", ")}`);
  if (!Array.isArray(points) || !points.length || !points.flat().every(isNumber)
    || !points.every((point) => point.length === 2))
    throw new LookError(`${where}: its points must be pairs of numbers`);
  if (!positive(radius)) throw new LookError(`${where}: its radius must be above 0`);
  if (WITH_VALUE.includes(effect) !== isNumber(value))
    throw new LookError(`${where}: ${WITH_VALUE.join(" and ")} have a value, other effects have none`);
  return { effect, points, radius, value };
}

/** Crop of "WxH+X+Y": { x, y, width, height }, pixels of the upright photo. */
export function cropOf(text) {
  const [, width, height, x, y] = (/^(\d+)x(\d+)\+(\d+)\+(\d+)$/.exec(text) ?? []).map(Number);
  return { x, y, width, height };
}

/** A look with changes. photo: its size and name. ranges: { minimum, maximum } of options by name.
 *  Throws LookError. */
export function changed(look, changes, photo, { ranges, mostHints }) {
  const next = { ...look, ...changes };
  for (const [name, { minimum, maximum }] of Object.entries(ranges))
    if (!(isNumber(next[name]) && next[name] >= minimum && next[name] <= maximum))
      throw new LookError(`${name} must lie in ${minimum}..${maximum}`);
  if (next.hints.length > mostHints)
    throw new LookError(`${next.hints.length} hints, but a photo takes ${mostHints}`);
  if (changes.hints) next.hints = changes.hints.map(
    (hint, i) => hintOf(hint, `${photo.name}: hint ${i + 1}`, photo));
  if (changes.strokes) next.strokes = changes.strokes.map(
    (stroke, i) => strokeOf(stroke, `${photo.name}: stroke ${i + 1}`));
  if (next.crop) {
    const { x, y, width, height } = cropOf(next.crop);
    if (!(width > 0 && height > 0 && x + width <= photo.width && y + height <= photo.height))
      throw new LookError(`${photo.name}: the crop ${next.crop} lies outside the photo`);
  }
  return next;
}
