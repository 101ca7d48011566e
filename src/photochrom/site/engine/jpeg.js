/** A coded JPEG with the metadata of the photo it was made of; as `photochrom.photo.jpeg.header` and
 *  `photochrom.photo.metadata.head_blocks`.
 *  XMP specification, part 3, 1.1.3: XMP that is too long for a segment is extended by others. */

import { bytes16, bytes32, joined, latin, utf8 } from "./bytes.js";
import { correctedExif } from "./exif.js";
import { srgbProfile } from "./icc.js";
import { keptResources, PREFIX as PHOTOSHOP } from "./iptc.js";
import { EXIF, EXTENDED_BY, EXTENSION, ICC, JFIF, UNITS, XMP } from "./jpeg_metadata.js";
import {
  APP0, APP1, APP13, APP2, COM, frameOf, isApp, isFrame, LONGEST, segment, segmentsOf,
} from "./jpeg_parts.js";
import { md5 } from "./md5.js";
import { metadataOf } from "./metadata.js";
import { writtenXmp } from "./written_xmp.js";
import { Packet } from "./xmp.js";

const LONGEST_XMP = LONGEST - XMP.length;
/** At most so many bytes longer is a packet that names its extension. */
const NOTE = 200;

/** The segments of XMP, with extensions for a long one; none for one that cannot be divided. */
export function xmpSegments(xmp) {
  if (xmp.length <= LONGEST_XMP) return segment(APP1, latin(XMP), xmp);
  const packet = Packet.parse(xmp);
  const rest = packet?.split(LONGEST_XMP - NOTE);
  if (!rest) return new Uint8Array(0);
  const extension = rest.toBytes(false);
  const guid = md5(extension).toUpperCase();
  packet.add(EXTENDED_BY, guid);
  const segments = [segment(APP1, latin(XMP), packet.toBytes())];
  const head = joined([latin(EXTENSION), latin(guid), bytes32(extension.length)]);
  const room = LONGEST - head.length - 4;
  for (let start = 0; start < extension.length; start += room)
    segments.push(segment(APP1, head, bytes32(start), extension.subarray(start, start + room)));
  return joined(segments);
}

/** The segments of an ICC profile. */
export function iccSegments(profile) {
  const room = LONGEST - ICC.length - 2;
  const count = Math.ceil(profile.length / room);
  return joined(Array.from({ length: count }, (_, n) =>
    segment(APP2, latin(ICC), Uint8Array.of(n + 1, count), profile.subarray(n * room, (n + 1) * room))));
}

/** The segments of data that go on in the next where one is too short. */
function segmentsFor(marker, prefix, data) {
  const room = LONGEST - prefix.length;
  const count = Math.ceil(data.length / room);
  return Array.from({ length: count }, (_, n) =>
    segment(marker, latin(prefix), data.subarray(n * room, (n + 1) * room)));
}

function jfifSegment(density) {
  const { across, down, unit } = density ?? { across: 1, down: 1, unit: null };
  const codes = [across, down].map((value) => bytes16(Math.min(65535, Math.max(1, Math.round(value)))));
  return segment(APP0, latin(JFIF), Uint8Array.of(1, 2, UNITS.indexOf(unit)), ...codes, Uint8Array.of(0, 0));
}

/** The JPEG that a canvas encoded, in sRGB, with the metadata of the photo that it was made of.
 *
 *  coded, original: the bytes of the files; the original a JPEG, PNG, WebP, or else without metadata.
 *  orientation: EXIF's, of the coded pixels. mark: whether XMP says that the colours are computed.
 *  crop: as `writtenXmp` takes it. Throws where the coded file is no JPEG. */
export async function dressedJpeg(coded, original, { orientation = 1, mark = true, crop = null } = {}) {
  const metadata = await metadataOf(original);
  const pieces = [...segmentsOf(coded)];
  const { width, height } = frameOf(coded, pieces.find(({ marker }) => isFrame(marker)));
  const written = [coded.subarray(0, 2), jfifSegment(metadata.density)];
  const exif = correctedExif(metadata.exif, { orientation, width, height, reframed: Boolean(crop) });
  if (exif && exif.length + EXIF.length <= LONGEST) written.push(segment(APP1, latin(EXIF), exif));
  const xmp = writtenXmp(metadata, { kind: "jpeg", width, height, bands: 3, orientation }, { mark, crop });
  if (xmp) written.push(xmpSegments(xmp));
  const resources = keptResources(metadata.resources, Boolean(crop));
  if (resources) written.push(...segmentsFor(APP13, PHOTOSHOP, resources));
  for (const comment of commentsOf(metadata)) written.push(...segmentsFor(COM, "", comment));
  written.push(iccSegments(srgbProfile()));
  for (const { marker, start, end } of pieces.slice(1, -1))
    if (!isApp(marker) && marker !== COM) written.push(coded.subarray(start, end));
  return joined([...written, coded.subarray(pieces.at(-1).start)]);
}

/** What a file with comments, but without text chunks, gets as comments. */
function commentsOf({ comments, texts }) {
  const own = texts.filter(({ keyword }) => keyword === "Comment").map(({ text }) => utf8(text));
  return [...comments, ...own];
}
