/** A coded WebP with the metadata of the photo it was made of; as
 *  `photochrom.photo.metadata.webp_chunks`. WebP Container Specification (RFC 9649). */

import { bytes32, joined, latin, standsAt } from "./bytes.js";
import { correctedExif, exifOf } from "./exif.js";
import { metadataOf } from "./metadata.js";
import {
  ALPHA_FLAG, ANIMATION_FLAG, chunkOf, chunksOf, EXIF_FLAG, ICC_FLAG, pictureOf, XMP_FLAG,
} from "./webp_chunks.js";
import { writtenXmp } from "./written_xmp.js";

/** The WebP that a canvas encoded, in sRGB, with the metadata of the photo that it was made of, in the
 *  extended format. Arguments as of `dressedJpeg`. */
export async function dressedWebp(coded, original, { orientation = 1, mark = true, crop = null } = {}) {
  const metadata = await metadataOf(original);
  const chunks = chunksOf(coded);
  const picture = pictureOf(chunks);
  if (!standsAt(coded, "RIFF") || !picture) throw new Error("The coded file is no whole WebP.");
  const { width, height, alpha } = picture;
  const pixels = chunks.filter(({ name }) => !["VP8X", "EXIF", "XMP "].includes(name));
  const own = metadata.exif ?? (metadata.density?.unit && exifOf(metadata.density));
  const exif = correctedExif(own, { orientation, width, height, reframed: Boolean(crop) });
  const file = { kind: "webp", width, height, bands: alpha ? 4 : 3, orientation };
  const xmp = writtenXmp(metadata, file, { mark, crop });
  const profile = pixels.some(({ name }) => name === "ICCP");
  const flags = (profile && ICC_FLAG) | (alpha && ALPHA_FLAG) | (exif && EXIF_FLAG) | (xmp && XMP_FLAG);
  const size = (value) => bytes32(value - 1, true).subarray(0, 3);
  const before = chunks[0].name === "VP8X" ? chunks[0].data[0] & ANIMATION_FLAG : 0;
  const parts = [
    chunkOf("VP8X", joined([bytes32(flags | before, true), size(width), size(height)])),
    ...pixels.map(({ name, data }) => chunkOf(name, data)),
  ];
  if (exif) parts.push(chunkOf("EXIF", exif));
  if (xmp) parts.push(chunkOf("XMP ", xmp));
  const body = joined([latin("WEBP"), ...parts]);
  return joined([latin("RIFF"), bytes32(body.length, true), body]);
}
