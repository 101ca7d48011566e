/** What a file is by its first bytes: kind, size, depth, orientation, profile, without decoding it; as
 *  `photochrom.photo.formats` tells kinds apart. Errors are one line: what, what to do. */

import { latinAt, standsAt, uint32 } from "./bytes.js";
import { orientationOf } from "./exif.js";
import { bmpHeader, gifHeader, isoHeader, jp2Header, pnmHeader, psdHeader, tiffHeader } from "./headers.js";
import { profileKind } from "./icc.js";
import { jpegMetadata } from "./jpeg_metadata.js";
import { frameOf, isFrame, segmentsOf } from "./jpeg_parts.js";
import { chunksOf as pngChunks, pngMetadata } from "./png_metadata.js";
import { unread } from "./unread.js";
import { chunksOf as webpChunks, pictureOf, webpMetadata } from "./webp_chunks.js";

const MAGIC = [
  ["\xff\xd8\xff", "jpeg"], ["\x89PNG\r\n\x1a\n", "png"], ["GIF87a", "gif"], ["GIF89a", "gif"],
  ["II*\0", "tiff"], ["MM\0*", "tiff"], ["II+\0", "tiff"], ["MM\0+", "tiff"],
  ["\xff\x4f\xff\x51", "jp2"], ["\0\0\0\x0cjP  \r\n\x87\n", "jp2"],
  ["8BPS\0\x01", "psd"], ["8BPS\0\x02", "psd"], ["\xff\x0a", "jxl"], ["\0\0\0\x0cJXL \r\n\x87\n", "jxl"],
  ...["P1", "P2", "P3", "P4", "P5", "P6"].map((magic) => [magic, "pnm"]),
  ...["FUJIFILMCCD-RAW", "IIRO", "IIRS", "MMOR", "IIU\0"].map((magic) => [magic, "raw"]),
];
const AVIF_BRANDS = ["avif", "avis"];
const HEIC_BRANDS = ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1"];
const BMP_HEADERS = [12, 16, 40, 52, 56, 64, 108, 124];
const READERS = {
  jpeg: jpegHeader, png: pngHeader, webp: webpHeader, gif: gifHeader, bmp: bmpHeader, tiff: tiffHeader,
  psd: psdHeader, avif: isoHeader, heic: isoHeader, jp2: jp2Header, pnm: pnmHeader,
};
/** Bands of PNG's colour types; a palette has three, with transparency four. */
const PNG_BANDS = { 0: 1, 2: 3, 3: 3, 4: 2, 6: 4 };
const COPY_AGAIN = "copy it again from where it came from";
const NAMES = { jpeg: "JPEG", png: "PNG", webp: "WebP", gif: "GIF", bmp: "BMP", tiff: "TIFF",
  psd: "Photoshop document", avif: "AVIF", heic: "HEIC", jp2: "JPEG 2000", pnm: "PGM or PPM" };

/** The kind of a file: "jpeg", "png", "webp", "gif", "avif", "heic", "bmp", "tiff", "jp2", "jxl", "psd",
 *  "pnm" or "raw"; null for an unknown one. data: its bytes, or the first 64 of them. */
export function kindOf(data) {
  if (standsAt(data, "RIFF") && standsAt(data, "WEBP", 8)) return "webp";
  if (standsAt(data, "ftyp", 4)) return isoKind(data);
  if (standsAt(data, "BM") && BMP_HEADERS.includes(uint32(data, 14, true))) return "bmp";
  if (standsAt(data, "II*") && standsAt(data, "CR", 8)) return "raw";
  return MAGIC.find(([magic]) => standsAt(data, magic))?.[1] ?? null;
}

function isoKind(data) {
  const brands = latinAt(data, 8, Math.min(56, uint32(data, 0) - 8)).match(/.{4}/gs) ?? [];
  if (brands.includes("crx ")) return "raw";
  if (brands.some((brand) => AVIF_BRANDS.includes(brand))) return "avif";
  return brands.some((brand) => HEIC_BRANDS.includes(brand)) ? "heic" : null;
}

/** What a file is: { kind, width, height, bits, bands, orientation, profile, pages }.
 *
 *  width, height: as stored, before the orientation. bits: of a sample. bands: 1 grey, 2 grey and
 *  alpha, 3 colour, 4 colour and alpha, or CMYK in a JPEG; a palette counts as the colours in it. Each of
 *  these null where it is not known. orientation: EXIF's, 1..8. profile: "none", "srgb", "gray", "rgb", or "other".
 *  data: all bytes of the file. Throws an Error of one line for what is no picture or damaged. */
export async function sniff(data) {
  const kind = kindOf(data);
  if (!kind) throw strange(data);
  const unknown = { width: null, height: null, bits: null, bands: null };
  const usual = { orientation: 1, profile: "none", pages: 1 };
  const found = READERS[kind] ? await READERS[kind](data) : {};
  if (!found || (READERS[kind] && !(found.width > 0 && found.height > 0)))
    throw new Error(`The ${NAMES[kind]} file is damaged: its header is not whole; ${COPY_AGAIN}.`);
  return { kind, ...unknown, ...usual, ...found };
}

function strange(data) {
  if (!data.length) return new Error(`The file is empty; ${COPY_AGAIN}.`);
  const [what, remedy] = unread(data) ?? ["no picture that is known here", "save it as JPEG or PNG"];
  return new Error(`The file is ${what}; ${remedy}.`);
}

function jpegHeader(data) {
  const pieces = [];
  for (const piece of segmentsOf(data)) {
    pieces.push(piece);
    if (isFrame(piece.marker)) break;
  }
  if (!isFrame(pieces.at(-1).marker)) return null;
  const { width, height, precision, components } = frameOf(data, pieces.at(-1));
  const { exif, profile } = jpegMetadata(data);
  const bands = components.length;
  const [orientation, kind] = [orientationOf(exif), profileKind(profile)];
  return { width, height, bits: precision, bands, orientation, profile: kind };
}

async function pngHeader(data) {
  const chunks = pngChunks(data);
  const [head] = chunks;
  if (head?.name !== "IHDR" || head.data.length !== 13) return null;
  const has = (wanted) => chunks.some(({ name }) => name === wanted);
  const type = head.data[9];
  const bands = PNG_BANDS[type] + (has("tRNS") && type < 4 ? 1 : 0);
  const { exif, profile } = await pngMetadata(data);
  const frames = chunks.find(({ name }) => name === "acTL");
  return {
    width: uint32(head.data, 0), height: uint32(head.data, 4), bits: type === 3 ? 8 : head.data[8], bands,
    orientation: orientationOf(exif), pages: frames ? uint32(frames.data, 0) : 1,
    profile: profile ? profileKind(profile) : has("sRGB") ? "srgb" : "none",
  };
}

function webpHeader(data) {
  const chunks = webpChunks(data);
  const picture = pictureOf(chunks);
  if (!picture) return null;
  const { exif, profile } = webpMetadata(data);
  const frames = chunks.filter(({ name }) => name === "ANMF").length;
  const { width, height, alpha } = picture;
  return { width, height, bits: 8, bands: alpha ? 4 : 3, orientation: orientationOf(exif),
    profile: profileKind(profile), pages: Math.max(1, frames) };
}
