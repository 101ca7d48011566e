/** The headers of kinds of pictures that are told apart and measured, and nothing more: each gives
 *  { width, height, bits, bands, pages, orientation } as far as it says so, null where it is cut. */

import { latinAt, standsAt, uint16, uint32 } from "./bytes.js";

const MOST_PAGES = 10000;

/** GIF89a: the screen, and the frames on it. */
export function gifHeader(data) {
  if (data.length < 13) return null;
  const tableSize = (flags) => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
  let place = 13 + tableSize(data[10]);
  let pages = 0;
  const skipBlocks = () => {
    while (data[place]) place += 1 + data[place];
    place += 1;
  };
  while (place < data.length && data[place] !== 0x3b) {
    if (data[place] === 0x2c) {
      pages += 1;
      place += 10 + tableSize(data[place + 9]) + 1;
    } else if (data[place] === 0x21) place += 2;
    else break;
    skipBlocks();
  }
  const [width, height] = [uint16(data, 6, true), uint16(data, 8, true)];
  return { width, height, bits: 8, bands: 3, pages: Math.max(1, pages) };
}

/** BMP: of OS/2, or of Windows, whose height is negative for rows from above. */
export function bmpHeader(data) {
  if (data.length < 30) return null;
  const old = uint32(data, 14, true) === 12;
  const size = (at) => (old ? uint16(data, at, true) : Math.abs(uint32(data, at, true) | 0));
  return { width: size(18), height: size(old ? 20 : 22), bits: 8, bands: 3 };
}

/** Photoshop's document: channels count its transparency, too. */
export function psdHeader(data) {
  if (data.length < 26) return null;
  const colors = { 1: 1, 3: 3, 4: 4 }[uint16(data, 24)] ?? null;
  const alpha = colors && colors < 4 && uint16(data, 12) > colors ? 1 : 0;
  const [width, height, bits] = [uint32(data, 18), uint32(data, 14), uint16(data, 22)];
  return { width, height, bits, bands: colors && colors + alpha };
}

/** TIFF and BigTIFF: of the first page. */
export function tiffHeader(data) {
  const little = data[0] === 0x49;
  const big = uint16(data, 2, little) === 43;
  const offset = (at) => (big ? wide(data, at, little) : uint32(data, at, little));
  const [head, size] = big ? [8, 20] : [2, 12];
  let start = offset(big ? 8 : 4);
  let first = null;
  let pages = 0;
  while (start && start + head <= data.length && pages < MOST_PAGES) {
    const count = big ? wide(data, start, little) : uint16(data, start, little);
    const end = start + head + count * size;
    if (!count || end > data.length) break;
    const found = new Map();
    for (let at = start + head; at < end; at += size) found.set(uint16(data, at, little), at);
    first ??= (tag, usual) => valueOf(data, found.get(tag), little, big) ?? usual;
    pages += 1;
    start = offset(end);
  }
  if (!first) return null;
  const orientation = first(274, 1);
  return { width: first(256), height: first(257), bits: first(258, 1), bands: first(277, 1),
    orientation: orientation >= 1 && orientation <= 8 ? orientation : 1, pages };
}

const wide = (data, at, little) => {
  const [first, second] = [uint32(data, at, little), uint32(data, at + 4, little)];
  return little ? second * 2 ** 32 + first : first * 2 ** 32 + second;
};

/** The first number of an entry; null where it has none. */
function valueOf(data, place, little, big) {
  if (!place) return null;
  const width = { 3: 2, 4: 4 }[uint16(data, place + 2, little)];
  if (!width) return null;
  const offset = big ? wide : uint32;
  const value = place + (big ? 12 : 8);
  const far = offset(data, place + 4, little) * width > (big ? 8 : 4);
  const at = far ? offset(data, value, little) : value;
  return width === 2 ? uint16(data, at, little) : uint32(data, at, little);
}

/** AVIF and HEIC: the largest picture that has a size (ispe) among the properties of the file;
 *  browsers turn it upright themselves. ISO/IEC 23008-12, 6.5.3. */
export function isoHeader(data) {
  let best = null;
  for (let at = data.indexOf(0x69); at >= 0 && at < metaEnd(data); at = data.indexOf(0x69, at + 1)) {
    if (!standsAt(data, "ispe", at) || uint32(data, at - 4) !== 20) continue;
    const [width, height] = [uint32(data, at + 8), uint32(data, at + 12)];
    if (!best || width * height > best.width * best.height) best = { width, height };
  }
  return best;
}

/** Where the box of metadata ends. */
function metaEnd(data) {
  let place = 0;
  while (place + 8 <= data.length) {
    const size = uint32(data, place) || data.length - place;
    if (standsAt(data, "meta", place + 4)) return Math.min(place + size, data.length);
    if (size < 8) break;
    place += size;
  }
  return 0;
}

/** JPEG 2000: the SIZ marker, alone or inside boxes. ISO/IEC 15444-1, A.5.1. */
export function jp2Header(data) {
  let start = 0;
  while (!standsAt(data, "\xff\x4f\xff\x51", start)) {
    const size = uint32(data, start);
    if (standsAt(data, "jp2c", start + 4)) start += size === 1 ? 16 : 8;
    else if (size < 8) return null;
    else start += size;
    if (start >= data.length) return null;
  }
  const number = (at) => uint32(data, start + at);
  const bands = uint16(data, start + 40);
  const bits = 1 + (data[start + 42] & 127);
  const [width, height] = [number(8) - number(16), number(12) - number(20)];
  return { width, height, bits, bands: bands <= 4 ? bands : null };
}

/** PBM, PGM and PPM: numbers in text, with comments between them. */
export function pnmHeader(data) {
  const text = latinAt(data, 0, 1024).replace(/#[^\n\r]*/g, " ");
  const found = /^P([1-6])\s+(\d+)\s+(\d+)(?:\s+(\d+))?/.exec(text);
  if (!found) return null;
  const bits = ["1", "4"].includes(found[1]) || Number(found[4]) < 256 ? 8 : 16;
  const bands = ["3", "6"].includes(found[1]) ? 3 : 1;
  return { width: Number(found[2]), height: Number(found[3]), bits, bands };
}
