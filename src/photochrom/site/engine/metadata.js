/** The metadata of a photo, whatever kind of file it is; as `photochrom.photo.metadata.reading`. */

import { standsAt, textOfUtf8 } from "./bytes.js";
import { densityOf } from "./exif.js";
import { keptResources } from "./iptc.js";
import { jpegMetadata } from "./jpeg_metadata.js";
import { pngMetadata } from "./png_metadata.js";
import { webpMetadata } from "./webp_chunks.js";

const NOTHING = {
  exif: null, xmp: null, resources: null, comments: [], texts: [], density: null, profile: null,
};
/** Pixels an inch; what says more is damaged. */
const FINEST = 25.4e6;

/** The metadata of a JPEG, PNG or WebP, as far as it is sound.
 *
 *  exif: the block without its prefix. xmp: the packet. resources: Photoshop's, with IPTC, without
 *  thumbnails. comments: Uint8Arrays, of a JPEG. texts: of a PNG, { keyword, text, chunk }. density:
 *  { across, down, unit }, unit "in" or "cm", of a JPEG also null, for a ratio alone.
 *  profile: the ICC profile. Each null where it is
 *  missing. original: the file's bytes, a Uint8Array. */
export async function metadataOf(original) {
  const found = { ...NOTHING, ...(await metadataOfKind(original)) };
  const density = densityOf(found.exif) ?? found.density;
  const sound = density && Math.max(density.across, density.down) <= FINEST;
  return { ...found, density: sound ? density : null, resources: keptResources(found.resources) };
}

async function metadataOfKind(original) {
  if (standsAt(original, "\xff\xd8\xff")) return jpegMetadata(original);
  if (standsAt(original, "\x89PNG\r\n\x1a\n")) return pngMetadata(original);
  if (standsAt(original, "RIFF") && standsAt(original, "WEBP", 8)) return webpMetadata(original);
  return {};
}

/** The text of a comment. */
export function commentText(comment) {
  const end = comment.findLastIndex((byte) => byte !== 0) + 1;
  const text = comment.subarray(0, end);
  return textOfUtf8(text) ?? new TextDecoder("windows-1252").decode(text);
}
