/** The metadata of a JPEG, with what is divided between segments put together; as
 *  `photochrom.photo.jpeg.header`. XMP specification, part 3, 1.1.3 (XMP that is extended). */

import { joined, latinAt, standsAt, uint16, uint32 } from "./bytes.js";
import { bareExif } from "./exif.js";
import { PREFIX as PHOTOSHOP } from "./iptc.js";
import { APP0, APP1, APP13, APP2, COM, segmentsOf } from "./jpeg_parts.js";
import { Packet } from "./xmp.js";

/** How segments of metadata begin. */
export const [JFIF, EXIF, ICC] = ["JFIF\0", "Exif\0\0", "ICC_PROFILE\0"];
export const [XMP, EXTENSION] = ["http://ns.adobe.com/xap/1.0/\0", "http://ns.adobe.com/xmp/extension/\0"];
export const EXTENDED_BY = "xmpNote:HasExtendedXMP";
/** JFIF's numbers of units of resolution; the first says how wide a pixel is to its height. */
export const UNITS = [null, "in", "cm"];
const GUID = 32;

/** The metadata of a JPEG as `metadataOf` describes it; segments behind damage are left out. */
export function jpegMetadata(data) {
  const found = { comments: [] };
  const [resources, extensions, profile] = [[], [], []];
  for (const { marker, body, end } of soundSegments(data)) {
    const inside = data.subarray(body, end);
    const begins = (code, text) => marker === code && standsAt(inside, text);
    if (marker === COM) found.comments.push(inside);
    else if (begins(APP0, JFIF)) found.density = jfifDensity(inside);
    else if (begins(APP1, EXIF)) found.exif ??= bareExif(inside);
    else if (begins(APP1, XMP)) found.xmp ??= inside.subarray(XMP.length);
    else if (begins(APP1, EXTENSION)) extensions.push(inside.subarray(EXTENSION.length));
    else if (begins(APP13, PHOTOSHOP)) resources.push(inside.subarray(PHOTOSHOP.length));
    else if (begins(APP2, ICC)) profile.push(inside);
  }
  if (resources.length) found.resources = joined(resources);
  if (profile.length) found.profile = joinedProfile(profile);
  if (found.xmp) found.xmp = extended(found.xmp, extensions);
  return found;
}

function soundSegments(data) {
  const found = [];
  try {
    for (const piece of segmentsOf(data)) found.push(piece);
  } catch {
    return found; // what was before the damage
  }
  return found;
}

function jfifDensity(inside) {
  const [unit, across, down] = [UNITS[inside[7]], uint16(inside, 8), uint16(inside, 10)];
  return unit !== undefined && across && down ? { across, down, unit } : null;
}

function joinedProfile(parts) {
  const sorted = parts.toSorted((one, other) => one[ICC.length] - other[ICC.length]);
  const whole = sorted.every((part, n) => part[ICC.length] === n + 1 && part[ICC.length + 1] === parts.length);
  return whole ? joined(sorted.map((part) => part.subarray(ICC.length + 2))) : null;
}

/** The main packet joined with the extensions that its digest names. */
function extended(xmp, extensions) {
  const packet = Packet.parse(xmp);
  const guid = packet?.text(EXTENDED_BY);
  if (!guid) return xmp;
  const parts = extensions.filter((part) => latinAt(part, 0, GUID) === guid)
    .toSorted((one, other) => uint32(one, GUID + 4) - uint32(other, GUID + 4));
  const whole = joined(parts.map((part) => part.subarray(GUID + 8)));
  const extension = parts.length && uint32(parts[0], GUID) === whole.length ? Packet.parse(whole) : null;
  packet.remove(EXTENDED_BY);
  if (extension) packet.join(extension);
  return packet.toBytes();
}
