/** The chunks of a WebP, its picture's header, and the metadata in it; as
 *  `photochrom.photo.metadata.webp_chunks`. WebP Container Specification (RFC 9649). */

import { bytes32, joined, latin, latinAt, standsAt, uint16, uint32 } from "./bytes.js";
import { bareExif } from "./exif.js";

const HEAD = 12;
/** Flags of the extended format. */
export const [ICC_FLAG, ALPHA_FLAG, EXIF_FLAG, XMP_FLAG, ANIMATION_FLAG] = [32, 16, 8, 4, 2];

/** The chunks of a WebP, { name, data }, as far as they are sound. */
export function chunksOf(webp) {
  const chunks = [];
  let start = HEAD;
  while (start + 8 <= webp.length) {
    const size = uint32(webp, start + 4, true);
    if (start + 8 + size > webp.length) break;
    chunks.push({ name: latinAt(webp, start, 4), data: webp.subarray(start + 8, start + 8 + size) });
    start += 8 + size + (size % 2);
  }
  return chunks;
}

/** Width, height and whether it has transparency, of the chunks of a WebP; null for a damaged one. */
export function pictureOf(chunks) {
  const [first] = chunks;
  const data = first?.data;
  if (first?.name === "VP8X" && data.length >= 10) {
    const size = (at) => 1 + data[at] + 256 * data[at + 1] + 65536 * data[at + 2];
    return { width: size(4), height: size(7), alpha: Boolean(data[0] & ALPHA_FLAG) };
  }
  if (first?.name === "VP8L" && data[0] === 0x2f && data.length >= 5) {
    const bits = uint32(data, 1, true);
    const alpha = Math.floor(bits / 2 ** 28) % 2 === 1;
    return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff), alpha };
  }
  if (first?.name !== "VP8 " || !standsAt(data, "\x9d\x01\x2a", 3) || data.length < 10) return null;
  return { width: uint16(data, 6, true) & 0x3fff, height: uint16(data, 8, true) & 0x3fff, alpha: false };
}

/** The metadata of a WebP as `metadataOf` describes it. */
export function webpMetadata(webp) {
  const chunks = chunksOf(webp);
  const data = (wanted) => chunks.find(({ name }) => name === wanted)?.data ?? null;
  const exif = data("EXIF");
  return { exif: exif && bareExif(exif), xmp: data("XMP "), profile: data("ICCP") };
}

/** A chunk of a name and data, padded to even. */
export const chunkOf = (name, data) =>
  joined([latin(name), bytes32(data.length, true), data, new Uint8Array(data.length % 2)]);
