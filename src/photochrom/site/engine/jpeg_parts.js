/** A JPEG file taken apart, without decoding it; as `photochrom.photo.jpeg.stream` and `.markers`.
 *  ITU-T T.81, annex B. */

import { bytes16, joined, uint16 } from "./bytes.js";

export const [SOI, EOI, SOS, DQT, DHT, DRI, DNL, COM] = [
  0xd8, 0xd9, 0xda, 0xdb, 0xc4, 0xdd, 0xdc, 0xfe,
];
export const [APP0, APP1, APP2, APP9, APP13, APP14, APP15] = [
  0xe0, 0xe1, 0xe2, 0xe9, 0xed, 0xee, 0xef,
];
/** Bytes that a segment holds. */
export const LONGEST = 65533;

const DAMAGED = "The JPEG is damaged: ";
const REMEDY = "; open it in a photo editor and save it anew.";

const isRestart = (marker) => marker >= 0xd0 && marker <= 0xd7;
const isAlone = (marker) => marker === 0x01 || marker === SOI || isRestart(marker);

/** Whether a marker begins a frame: of every coding process. */
export const isFrame = (marker) =>
  marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/** Whether a segment is an application's. */
export const isApp = (marker) => marker >= APP0 && marker <= APP15;

/** An error about a JPEG whose structure has a fault. */
export const damagedJpeg = (fault) => new Error(`${DAMAGED}${fault}${REMEDY}`);

/** A marker segment of a body. */
export function segment(marker, ...parts) {
  const body = joined(parts);
  return joined([Uint8Array.of(0xff, marker), bytes16(body.length + 2), body]);
}

/** The parts of a JPEG in order, { marker, start, body, end }: marker null for coded data and for
 *  what follows the end; together they are the whole file. Throws where markers do not follow each
 *  other up to the end of the image. */
export function piecesOf(data) {
  const pieces = [...segmentsOf(data)];
  if (pieces.at(-1)?.marker !== SOS) throw damagedJpeg("it has no picture");
  let place = pieces.at(-1).end;
  for (;;) {
    const end = endOfCoded(data, place);
    pieces.push({ marker: null, start: place, body: place, end });
    place = end;
    for (let piece = pieceAt(data, place); ; piece = pieceAt(data, place)) {
      pieces.push(piece);
      place = piece.end;
      if (piece.marker === EOI) {
        if (place < data.length) pieces.push({ marker: null, start: place, body: place, end: data.length });
        return pieces;
      }
      if (piece.marker === SOS) break;
    }
  }
}

/** The segments one by one up to the header of the first scan; throws where the file is damaged. */
export function* segmentsOf(data) {
  if (data[0] !== 0xff || data[1] !== SOI) throw damagedJpeg("it does not begin as a JPEG does");
  let last = { marker: SOI, start: 0, body: 2, end: 2 };
  yield last;
  while (last.marker !== SOS && last.marker !== EOI) {
    last = pieceAt(data, last.end);
    yield last;
  }
}

function pieceAt(data, start) {
  let place = start;
  while (data[place] === 0xff && data[place + 1] === 0xff) place += 1;
  const marker = data[place + 1];
  if (data[place] !== 0xff || !marker) throw damagedJpeg(`no marker at byte ${start}`);
  place += 2;
  if (marker === EOI || isAlone(marker)) return { marker, start, body: place, end: place };
  const end = place + uint16(data, place);
  if (end > data.length || end < place + 2)
    throw damagedJpeg(`the segment at byte ${start} has no sound length`);
  return { marker, start, body: place + 2, end };
}

/** Where coded data ends, and the fill bytes of the next marker begin. */
function endOfCoded(data, start) {
  for (let place = data.indexOf(0xff, start); place >= 0; place = data.indexOf(0xff, place + 1)) {
    const next = data[place + 1];
    if (next === undefined) break;
    if (next === 0 || next === 0xff || isRestart(next)) continue;
    let end = place;
    while (end > start && data[end - 1] === 0xff) end -= 1;
    return end;
  }
  throw damagedJpeg("it ends within its coded data");
}

/** The header of a frame: { marker, precision, height, width, components }; of each component its
 *  number, its sampling factors as one byte, and its quantisation table. */
export function frameOf(data, piece) {
  const { marker, body, end } = piece;
  const count = data[body + 5];
  if (!count || end - body !== 6 + 3 * count) throw damagedJpeg("its frame has no sound header");
  const components = Array.from({ length: count }, (_, index) =>
    [...data.subarray(body + 6 + 3 * index, body + 9 + 3 * index)]);
  const precision = data[body];
  return { marker, precision, height: uint16(data, body + 1), width: uint16(data, body + 3), components };
}

/** The header of a frame as a marker segment. */
export function frameSegment({ marker, precision, height, width, components }) {
  const head = [Uint8Array.of(precision), bytes16(height), bytes16(width)];
  return segment(marker, ...head, Uint8Array.of(components.length, ...components.flat()));
}
