/** The XMP of a file that is written: the photo's, made true of the file, with the mark of computed
 *  colours; as `photochrom.photo.metadata.written_xmp`, `.xmp_facts`, `.digital_source`, `.support`. */

import { copyrightProperties, iptcProperties } from "./iptc.js";
import { SRGB_NAME } from "./icc.js";
import { commentText } from "./metadata.js";
import { Packet, isBlank } from "./xmp.js";

const SOURCE_TYPE = "Iptc4xmpExt:DigitalSourceType";
const COMPUTED = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia";
const MEDIA_TYPES = { jpeg: "image/jpeg", png: "image/png", webp: "image/webp" };
/** Of the old file alone, or a picture of it that is grey. */
const UNTRUE = [
  "xmp:Thumbnails", "tiff:Compression", "tiff:YCbCrSubSampling", "tiff:YCbCrPositioning",
  "tiff:PrimaryChromaticities", "tiff:WhitePoint", "exif:CompressedBitsPerPixel",
  "exif:ComponentsConfiguration", "exif:Gamma",
];
const PLACES = ["mwg-rs:Regions", "MP:RegionInfo", "Iptc4xmpExt:ImageRegion", "exif:SubjectArea",
  "exif:SubjectLocation"];
const TEXT_PROPERTIES = {
  title: ["dc:title", "Alt"], author: ["dc:creator", "Seq"], description: ["dc:description", "Alt"],
  copyright: ["dc:rights", "Alt"], disclaimer: ["xmpRights:UsageTerms", "Alt"], source: ["dc:source"],
  software: ["xmp:CreatorTool"], "creation time": ["xmp:CreateDate"],
};
const AGENT = "Photochrom";
const COMMENT = "comment";

/** The packet of the file, or null where there is nothing to write; a damaged one stays as it is.
 *
 *  metadata: as `metadataOf` gives it. file: { kind, width, height, bands, orientation }, of the file
 *  that is written. mark: whether to say that the colours are computed. crop: the part that it is, in
 *  words ("0,0,200x100 of 400x300"), or null. profileName: of its ICC profile. */
export function writtenXmp(metadata, file, { mark = true, crop = null, profileName = SRGB_NAME } = {}) {
  const { xmp } = metadata;
  const packet = Packet.parse(xmp);
  if (!packet) return xmp;
  const before = packet.toBytes();
  for (const name of crop ? [...UNTRUE, ...PLACES] : UNTRUE) packet.remove(name);
  for (const [name, value] of Object.entries(factsOf(file, profileName))) packet.correct(name, value);
  addMissing(packet, convertedTo(file.kind, metadata));
  if (mark) {
    packet.remove(SOURCE_TYPE);
    packet.add(SOURCE_TYPE, COMPUTED);
  }
  if (crop) {
    const event = { "stEvt:action": "cropped", "stEvt:softwareAgent": AGENT, "stEvt:parameters": crop };
    packet.append("xmpMM:History", event);
  }
  const after = packet.toBytes();
  if (after.length !== before.length || after.some((byte, i) => byte !== before[i])) return after;
  return xmp && !isBlank(xmp) ? xmp : null;
}

function factsOf({ kind, width, height, bands, orientation }, profileName) {
  return {
    "tiff:ImageWidth": `${width}`,
    "tiff:ImageLength": `${height}`,
    "exif:PixelXDimension": `${width}`,
    "exif:PixelYDimension": `${height}`,
    "exif:ColorSpace": profileName === SRGB_NAME ? "1" : "65535",
    "photoshop:ICCProfile": profileName,
    "tiff:Orientation": `${orientation}`,
    "dc:format": MEDIA_TYPES[kind],
    "photoshop:ColorMode": "3",
    "tiff:PhotometricInterpretation": "2",
    "tiff:SamplesPerPixel": `${bands}`,
    "tiff:BitsPerSample": Array(bands).fill("8"),
  };
}

/** What a kind of file has no other place for, as properties. */
function convertedTo(kind, { resources, comments, texts }) {
  const found = resources && kind !== "jpeg" ? iptcProperties(resources) : [];
  if (kind === "png") return found;
  if (resources && kind === "webp") found.push(...copyrightProperties(resources));
  const notes = kind === "webp" ? comments.map(commentText) : [];
  for (const { keyword, text } of texts) {
    const [name, array] = TEXT_PROPERTIES[keyword.toLowerCase()] ?? [];
    const value = name === "xmp:CreateDate" ? dateOf(text.trim()) : text.trim();
    if (name && value) found.push(array ? [name, [value], array] : [name, value]);
    if (keyword.toLowerCase() === COMMENT && kind === "webp") notes.push(text);
  }
  const note = notes.join("\n").trim();
  if (note) found.push(["exif:UserComment", [note], "Alt"]);
  return found;
}

function addMissing(packet, properties) {
  for (const [name, value, array] of properties) {
    if (packet.text(name) !== null) continue;
    packet.remove(name); // it may be there, but empty
    packet.add(name, value, array);
  }
}

/** A date as XMP writes it, of one as PNG recommends it; empty for what is none. */
function dateOf(value) {
  if (/^\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/.test(value)) return value;
  const exif = /^(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)$/.exec(value);
  if (exif) return `${exif[1]}-${exif[2]}-${exif[3]}T${exif[4]}`;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString().replace(/\.\d+Z$/, "+00:00");
}
