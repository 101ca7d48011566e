/** Give a grey JPEG colour without touching its lightness; as `photochrom.photo.jpeg.reversible` does
 *  for files of one component. The coded data of the grey file become, byte for byte, the luma of a
 *  colour file; scans of two chroma components follow. How the grey file looked stands in segments of
 *  the file itself (APP9), so that `photochrom restore` gives it back byte for byte.
 *  ITU-T T.81, A.2.2 (order of blocks in a scan of one component), B.2 (segments). */

import { bytes16, bytes64, deflated, joined, latin, standsAt } from "./bytes.js";
import { thumbnailLink } from "./exif.js";
import { profileKind, rgbProfileForGray } from "./icc.js";
import { iccSegments } from "./jpeg.js";
import { EXIF, EXTENSION, ICC, jpegMetadata, XMP } from "./jpeg_metadata.js";
import {
  APP1, APP14, APP2, APP9, COM, DHT, DNL, DQT, DRI, EOI, frameOf, frameSegment, isApp, isFrame, LONGEST,
  piecesOf, segment, SOI, SOS,
} from "./jpeg_parts.js";

const RECORD = "Photochrom reversible\0";
const [COPY, INSERT] = [0, 1];
const PLAIN = 1;
const PROGRESSIVE = 0xc2;
const PROCESSES = { 0xc3: "it is coded without loss", 0xc9: "it has arithmetic coding",
  0xca: "it has arithmetic coding", 0xcb: "it has arithmetic coding" };
/** Numbers of the components of the colour file. */
const [LUMA, BLUE, RED] = [1, 2, 3];
/** Sampling factors: as large as chroma, and twice as large both ways. */
const [ONCE, TWICE] = [0x11, 0x22];

/** Why a file cannot be coloured reversibly, in words such as "it has arithmetic coding"; null if it
 *  can. original: its bytes. */
export function reversibleFault(original) {
  if (!standsAt(original, "\xff\xd8\xff")) return "it is no JPEG";
  try {
    return faultOf(original, piecesOf(original));
  } catch {
    return "its structure is damaged";
  }
}

/** Whether chroma for this grey JPEG must be progressive, too. */
export const isProgressive = (original) => frameIn(original, piecesOf(original)).marker === PROGRESSIVE;

const frameIn = (data, pieces) => frameOf(data, pieces.find(({ marker }) => isFrame(marker)));

function faultOf(data, pieces) {
  const frames = pieces.filter(({ marker }) => isFrame(marker));
  if (frames.length !== 1) return `it has ${frames.length} frames`;
  const { marker, precision, components, height } = frameOf(data, frames[0]);
  if (marker > PROGRESSIVE) return PROCESSES[marker] ?? "it is hierarchical";
  if (precision !== 8) return `it has ${precision} bits a sample`;
  if (components.length !== 1) return `it has ${components.length} components, not grey alone`;
  if (!height || pieces.some((piece) => piece.marker === DNL)) return "its height stands behind its pixels";
  const scans = pieces.filter((piece) => piece.marker === SOS);
  if (frames[0].start > scans[0].start) return "it has no pixels";
  if (pieces.some((piece) => piece.marker === DQT && piece.start > scans[0].start))
    return "its quantisation tables change between its scans";
  if (pieces.some((piece) => piece.marker === APP9 && standsAt(data, RECORD, piece.body)))
    return "it is a result of this already";
  if (scans.some(({ body }) => data[body] !== 1)) return "its scans are damaged";
  const { profile } = jpegMetadata(data);
  if (profileKind(profile) === "gray" && !soundProfile(profile)) return "its ICC profile is no tone curve";
  return freeTable(data, pieces, components[0][2]) === null ? "it defines all four quantisation tables" : null;
}

function soundProfile(profile) {
  try {
    return rgbProfileForGray(profile);
  } catch {
    return null;
  }
}

/** The number of a quantisation table that the grey file does not use; null where it uses all. */
function freeTable(data, pieces, own) {
  const used = new Set([own]);
  for (const { marker, body, end } of pieces)
    if (marker === DQT)
      for (let place = body; place < end; place += 1 + 64 * (1 + (data[place] >> 4))) used.add(data[place] & 15);
  return [1, 2, 3, 0].find((number) => !used.has(number)) ?? null;
}

/** Writes the colour file from the grey one, and notes how to get back. */
class Writer {
  #parts = [];
  #steps = [];
  length = 0;

  constructor(gray) { this.gray = gray; }

  copy(start, end) {
    if (end === start) return;
    const last = this.#steps.at(-1);
    if (last?.length && last.start + last.length === this.length) last.length += end - start;
    else this.#steps.push({ start: this.length, length: end - start });
    this.insert(this.gray.subarray(start, end));
  }

  /** Write other bytes in place of some of the grey file. */
  replace(start, end, by) {
    this.insert(by);
    if (end > start) this.#steps.push({ bytes: this.gray.subarray(start, end) });
  }

  insert(data) {
    this.#parts.push(data);
    this.length += data.length;
  }

  get whole() { return joined(this.#parts); }

  /** The segments that say how to get the grey file back; places count without them. */
  async record() {
    const packed = this.#steps.map(({ start, length, bytes }) => (bytes
      ? joined([Uint8Array.of(INSERT), bytes64(bytes.length), bytes])
      : joined([Uint8Array.of(COPY), bytes64(start), bytes64(length)])));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", this.gray));
    const head = [Uint8Array.of(PLAIN), bytes64(this.gray.length), digest];
    const whole = joined([...head, await deflated(joined(packed))]);
    const room = LONGEST - RECORD.length - 2;
    const count = Math.ceil(whole.length / room);
    if (count > 255) throw refusal("too much of its header would have to be kept");
    return joined(Array.from({ length: count }, (_, n) =>
      segment(APP9, latin(RECORD), Uint8Array.of(n + 1, count), whole.subarray(n * room, (n + 1) * room))));
  }
}

const refusal = (fault) =>
  new Error(`The photo cannot be coloured reversibly: ${fault}; ask for an ordinary result.`);

/** The colour JPEG of a grey one, whose luma stays bit for bit. Needs a secure context, for SHA-256.
 *
 *  original: the grey JPEG's bytes. cb, cr: grey JPEGs of the chroma planes, 128 for no colour, with
 *  the same quantisation table; progressive where `isProgressive(original)`, else baseline; each of
 *  ceil(height / 2) x ceil(width / 2) pixels, or as large as the photo where not `downsampled`.
 *  xmp: the packet of the colour file, null to keep the grey file's. Throws an Error of one line for
 *  what cannot be done. */
export async function spliced(original, cb, cr, { downsampled = true, xmp = null } = {}) {
  const fault = reversibleFault(original);
  if (fault) throw refusal(fault);
  if (xmp && XMP.length + xmp.length > LONGEST)
    throw refusal("its XMP and the note about computed colours are too long");
  const pieces = piecesOf(original);
  const frame = frameIn(original, pieces);
  const planes = [cb, cr].map((plane) => planeOf(plane, frame, downsampled));
  const table = freeTable(original, pieces, frame.components[0][2]);
  const writer = new Writer(original);
  const headers = new Headers(writer, pieces, xmp);
  let place = null;
  for (const piece of pieces) {
    const { marker, start, body, end } = piece;
    if (place === null && !isApp(marker) && marker !== SOI && marker !== COM) {
      headers.insertMissing();
      place = writer.length;
      writer.insert(segment(DQT, Uint8Array.of(table), planes[0].quantization));
    }
    if (marker === EOI) {
      if (pieces.some((other) => other.marker === DRI)) writer.insert(segment(DRI, bytes16(0)));
      writer.insert(scansOf(planes[0], BLUE));
      writer.insert(scansOf(planes[1], RED));
    }
    if (isApp(marker)) headers.write(piece);
    else if (isFrame(marker)) {
      const own = frame.components[0][2];
      const components = [[LUMA, downsampled ? TWICE : ONCE, own], [BLUE, ONCE, table], [RED, ONCE, table]];
      writer.replace(start, end, frameSegment({ ...frame, components }));
    } else if (marker === SOS) {
      writer.copy(start, body + 1);
      writer.replace(body + 1, body + 2, Uint8Array.of(LUMA));
      writer.copy(body + 2, end);
    } else writer.copy(start, end);
  }
  const { whole } = writer;
  return joined([whole.subarray(0, place), await writer.record(), whole.subarray(place)]);
}

/** A plane's JPEG taken apart; throws where it is not the one that is needed. */
function planeOf(data, frame, downsampled) {
  const pieces = piecesOf(data);
  const own = frameIn(data, pieces);
  const half = (size) => (downsampled ? Math.ceil(size / 2) : size);
  if (own.width !== half(frame.width) || own.height !== half(frame.height))
    throw new RangeError(`a chroma plane of ${own.width} x ${own.height}`);
  if ((own.marker === PROGRESSIVE) !== (frame.marker === PROGRESSIVE))
    throw new RangeError("a chroma plane of another coding process");
  const { body } = pieces.find(({ marker }) => marker === DQT);
  return { data, pieces, quantization: data.subarray(body + 1, body + 65) };
}

/** Tables and scans of a plane, as of the component `number`. */
function scansOf({ data, pieces }, number) {
  const written = pieces.slice(0, -1).filter(({ marker }) => [DHT, DRI, SOS, null].includes(marker));
  return joined(written.map(({ marker, start, body, end }) => {
    const part = data.slice(start, end);
    if (marker === SOS) part[body + 1 - start] = number;
    return part;
  }));
}

/** Writes the segments that say something beside the pixels, wherever they stand. */
class Headers {
  #xmp;
  #icc;

  constructor(writer, pieces, xmp) {
    const { profile } = jpegMetadata(writer.gray);
    const icc = profileKind(profile) === "gray" ? iccSegments(rgbProfileForGray(profile)) : null;
    Object.assign(this, { writer, pieces, hasXmp: Boolean(xmp), hasIcc: Boolean(icc) });
    this.#xmp = xmp ? segment(APP1, latin(XMP), xmp) : new Uint8Array(0);
    this.#icc = icc ?? new Uint8Array(0);
  }

  /** Insert XMP where the grey file has none to replace. */
  insertMissing() {
    const { gray } = this.writer;
    if (!this.pieces.some(({ marker, body }) => marker === APP1 && standsAt(gray, XMP, body)))
      this.writer.insert(this.#xmp);
  }

  /** Write a segment, changed where it must be. */
  write({ marker, start, body, end }) {
    const { writer } = this;
    const inside = writer.gray.subarray(body, end);
    const begins = (code, text) => marker === code && standsAt(inside, text);
    if (this.hasXmp && begins(APP1, XMP)) {
      writer.replace(start, end, this.#xmp);
      this.#xmp = new Uint8Array(0); // a second packet has no place
    } else if (this.hasXmp && begins(APP1, EXTENSION)) {
      writer.replace(start, end, new Uint8Array(0)); // the new packet has it
    } else if (begins(APP1, EXIF)) this.#exif(start, body, end, inside);
    else if (this.hasIcc && begins(APP2, ICC)) {
      writer.replace(start, end, this.#icc);
      this.#icc = new Uint8Array(0); // the parts that follow
    } else if (begins(APP2, "MPF\0")) {
      writer.replace(start, end, new Uint8Array(0)); // it counts places that have moved
    } else if (begins(APP14, "Adobe") && inside.length >= 12) {
      writer.copy(start, body + 11);
      writer.replace(body + 11, body + 12, Uint8Array.of(1)); // YCbCr
      writer.copy(body + 12, end);
    } else writer.copy(start, end);
  }

  /** EXIF; the thumbnail would show the photo grey, so nothing points to it any more. */
  #exif(start, body, end, inside) {
    const { writer } = this;
    const link = thumbnailLink(inside);
    if (link === null) {
      writer.copy(start, end);
      return;
    }
    writer.copy(start, body + link);
    writer.replace(body + link, body + link + 4, new Uint8Array(4));
    writer.copy(body + link + 4, end);
  }
}
