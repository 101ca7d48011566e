/** EXIF blocks, corrected in place, so that nothing in them moves: the notes of camera makers count
 *  places from the block's beginning. Which tags go is as in `photochrom.photo.tiff.tags`.
 *  EXIF 2.32, TIFF 6.0. */

import { bytes16, bytes32, joined, latin, standsAt, uint16, uint32 } from "./bytes.js";

const PREFIX = "Exif\0\0";
const [EXIF, INTEROPERABILITY, ORIENTATION] = [34665, 40965, 274];
const [X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT] = [282, 283, 296];
const [COLOR_SPACE, PIXELS_ACROSS, PIXELS_DOWN, COMPONENTS] = [40961, 40962, 40963, 37121];
const [COMPRESSED_BITS, SUBJECT_AREA, SUBJECT_LOCATION] = [37122, 37396, 41492];
const [THUMBNAIL, THUMBNAIL_LENGTH] = [513, 514];
const MOST_ENTRIES = 4096;

/** Of how the pixels are stored, which the new file says for itself. */
const ABOUT_PIXELS = [
  [254, 259], [262, 266], [273, 273], [275, 281], [284, 284], [288, 293], [301, 301], [317, 330],
  [332, 347], [512, 521], [529, 532], [559, 559], [32997, 32998], [400, 402], [433, 435],
  [34675, 34675], [37724, 37724], [37439, 37439], [50711, 50714],
  [700, 700], [33723, 33723], [34377, 34377],
];
const isAboutPixels = (tag) => ABOUT_PIXELS.some(([first, last]) => first <= tag && tag <= last);

/** A directory of a block, without the prefix, to be changed in place. */
class Directory {
  constructor(data, start) {
    Object.assign(this, { data, start, little: data[0] === 0x49 });
    this.count = start ? uint16(data, start, this.little) : 0;
    if (this.count > MOST_ENTRIES || start + 6 + 12 * this.count > data.length + 4) this.count = 0;
  }

  /** Where the entry of a tag is; 0 where there is none. */
  place(tag) {
    for (let place = this.start + 2; place < this.#end; place += 12)
      if (uint16(this.data, place, this.little) === tag) return place;
    return 0;
  }

  get #end() { return this.start + 2 + 12 * this.count; }

  get tags() {
    return Array.from({ length: this.count }, (_, index) =>
      uint16(this.data, this.start + 2 + 12 * index, this.little));
  }

  /** The first number of a tag, of two or four bytes; null where there is none. */
  number(tag) {
    const place = this.place(tag);
    const kind = place && uint16(this.data, place + 2, this.little);
    if (kind === 3) return uint16(this.data, place + 8, this.little);
    return kind === 4 || kind === 13 ? uint32(this.data, place + 8, this.little) : null;
  }

  /** Write a number into an entry that is there. */
  set(tag, value) {
    const place = this.place(tag);
    if (!place) return;
    const short = uint16(this.data, place + 2, this.little) === 3;
    const size = bytes32(1, this.little);
    this.data.set(joined([bytes16(short ? 3 : 4, this.little), size, bytes32(0)]), place + 2);
    this.data.set((short ? bytes16 : bytes32)(value, this.little), place + 8);
  }

  /** The first fraction of a tag; null where there is none. */
  fraction(tag) {
    const place = this.place(tag);
    if (!place || uint16(this.data, place + 2, this.little) !== 5) return null;
    const at = uint32(this.data, place + 8, this.little);
    return uint32(this.data, at, this.little) / uint32(this.data, at + 4, this.little);
  }

  /** Take an entry out; those behind it move up. */
  remove(tag) {
    const place = this.place(tag);
    if (!place) return;
    this.data.copyWithin(place, place + 12, this.#end + 4);
    this.count -= 1;
    this.data.set(bytes16(this.count, this.little), this.start);
    this.data.fill(0, this.#end + 4, this.#end + 16);
  }

  child(tag) { return new Directory(this.data, this.number(tag) ?? 0); }

  get next() { return new Directory(this.data, uint32(this.data, this.#end, this.little)); }

  cutNext() { if (this.#end + 4 <= this.data.length) this.data.fill(0, this.#end, this.#end + 4); }
}

/** The first directory of a block, with or without its prefix, in a copy; null where there is none. */
function firstOf(exif) {
  const data = bareExif(exif).slice();
  if (!standsAt(data, "II*\0") && !standsAt(data, "MM\0*")) return null;
  const first = new Directory(data, uint32(data, 4, data[0] === 0x49));
  return first.count ? first : null;
}

/** A block without the prefix that it has in a JPEG. */
export const bareExif = (exif) => (standsAt(exif, PREFIX) ? exif.subarray(PREFIX.length) : exif);

/** The orientation in a block, 1..8. */
export function orientationOf(exif) {
  const value = exif ? firstOf(exif)?.number(ORIENTATION) : 1;
  return value >= 1 && value <= 8 ? value : 1;
}

/** The resolution in a block: { across, down, unit }, unit "in" or "cm"; null where it has none. */
export function densityOf(exif) {
  const first = exif ? firstOf(exif) : null;
  const [across, down] = [X_RESOLUTION, Y_RESOLUTION].map((tag) => first?.fraction(tag));
  const unit = { 2: "in", 3: "cm" }[first?.number(RESOLUTION_UNIT) ?? 2];
  return unit && across > 0 && down > 0 && Number.isFinite(across * down) ? { across, down, unit } : null;
}

/** A block, without its prefix, true of the sRGB file of three bands that is written; null where
 *  the original's is empty or damaged. Without the thumbnail, which would show the photo grey.
 *  orientation: that of the file. width, height: of it, in pixels. reframed: whether places in the
 *  photo have moved. */
export function correctedExif(exif, { orientation = 1, width, height, reframed = false }) {
  const first = exif ? firstOf(exif) : null;
  if (!first) return null;
  const data = withoutThumbnail(first);
  const own = new Directory(data, first.start);
  for (const tag of own.tags) if (isAboutPixels(tag)) own.remove(tag);
  own.set(ORIENTATION, orientation);
  const details = own.child(EXIF);
  if (isAdobeRgb(details.child(INTEROPERABILITY))) details.remove(INTEROPERABILITY);
  details.set(COLOR_SPACE, 1);
  details.set(PIXELS_ACROSS, width);
  details.set(PIXELS_DOWN, height);
  const components = details.place(COMPONENTS);
  if (components) data.set([1, 2, 3, 0], components + 8);
  details.remove(COMPRESSED_BITS);
  if (reframed) for (const tag of [SUBJECT_AREA, SUBJECT_LOCATION]) details.remove(tag);
  return data;
}

/** Whether interoperability stands for Adobe RGB (DCF, R03). */
function isAdobeRgb(interoperability) {
  const place = interoperability.place(1);
  return place > 0 && standsAt(interoperability.data, "R03", place + 8);
}

/** The block without its second directory, and without the picture that this points to. */
function withoutThumbnail(first) {
  const { data, next } = first;
  const [start, length] = [next.number(THUMBNAIL), next.number(THUMBNAIL_LENGTH)];
  first.cutNext();
  if (!start || !length || start + length > data.length || !standsAt(data, "\xff\xd8", start)) return data;
  if (start + length >= data.length - 1) return data.slice(0, start);
  data.fill(0, start, start + length);
  return data;
}

/** A new block, without its prefix, of a resolution. density: as `densityOf` gives it. */
export function exifOf({ across, down, unit }) {
  const fraction = (value) => [bytes32(Math.round(value * 10000), true), bytes32(10000, true)];
  const entry = (tag, kind, value) =>
    joined([bytes16(tag, true), bytes16(kind, true), bytes32(1, true), bytes32(value, true)]);
  const places = 8 + 2 + 4 * 12 + 4;
  return joined([
    latin("II*\0"), bytes32(8, true), bytes16(4, true),
    entry(ORIENTATION, 3, 1),
    entry(X_RESOLUTION, 5, places),
    entry(Y_RESOLUTION, 5, places + 8),
    entry(RESOLUTION_UNIT, 3, unit === "in" ? 2 : 3),
    bytes32(0), ...fraction(across), ...fraction(down),
  ]);
}

/** Where a block of a JPEG, with its prefix, names its second directory, as
 *  `photochrom.photo.jpeg.reversible` finds it; null where it names none. */
export function thumbnailLink(exif) {
  const start = PREFIX.length;
  const little = standsAt(exif, "II", start);
  if ((!little && !standsAt(exif, "MM", start)) || exif.length < start + 8) return null;
  const directory = start + uint32(exif, start + 4, little);
  if (directory + 2 > exif.length) return null;
  const link = directory + 2 + 12 * uint16(exif, directory, little);
  return link + 4 > exif.length || !uint32(exif, link) ? null : link;
}
