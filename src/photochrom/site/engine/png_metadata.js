/** The chunks of a PNG and the metadata in them, with what programs hide in texts; as
 *  `photochrom.photo.metadata.png_chunks`. PNG, third edition, 11.3. */

import {
  bytes32, crc32, inflated, joined, latin, latinAt, standsAt, textOfUtf8, uint32, utf8,
} from "./bytes.js";
import { bareExif } from "./exif.js";

export const SIGNATURE = "\x89PNG\r\n\x1a\n";
/** The keywords of texts that hold XMP, and other profiles. */
export const [XMP, RAW] = ["XML:com.adobe.xmp", "Raw profile type "];
const TEXTS = ["tEXt", "zTXt", "iTXt"];
const [MOST_TEXTS, LONGEST_TEXT] = [1000, 16 << 20];
/** Metres. */
export const INCH = 0.0254;

/** The chunks of a PNG, { name, data, whole }, as far as they are sound. */
export function chunksOf(png) {
  const chunks = [];
  let start = standsAt(png, SIGNATURE) ? SIGNATURE.length : png.length;
  while (start + 12 <= png.length) {
    const end = start + 12 + uint32(png, start);
    if (end > png.length) break;
    const name = latinAt(png, start + 4, 4);
    chunks.push({ name, data: png.subarray(start + 8, end - 4), whole: png.subarray(start, end) });
    start = name === "IEND" ? png.length : end;
  }
  return chunks;
}

const isSound = ({ whole }) => crc32(whole.subarray(4, -4)) === uint32(whole, whole.length - 4);

/** A chunk of a name and data. */
export function chunkOf(name, data) {
  const body = joined([latin(name), data]);
  return joined([bytes32(data.length), body, bytes32(crc32(body))]);
}

/** The metadata of a PNG as `metadataOf` describes it; damaged texts are left out. */
export async function pngMetadata(png) {
  const found = { texts: [] };
  const taken = [...TEXTS, "eXIf", "pHYs", "iCCP"];
  for (const chunk of chunksOf(png)) {
    if (!taken.includes(chunk.name) || !isSound(chunk)) continue;
    if (chunk.name === "eXIf") found.exif = bareExif(chunk.data);
    else if (chunk.name === "pHYs") found.density = densityOf(chunk.data);
    else if (chunk.name === "iCCP") found.profile = await inflated(chunk.data.subarray(chunk.data.indexOf(0) + 2));
    else if (found.texts.length < MOST_TEXTS) takeText(found, await textOf(chunk));
  }
  return found;
}

function takeText(found, text) {
  if (!text) return;
  if (text.keyword === XMP) found.xmp = utf8(text.text);
  else if (text.keyword.startsWith(RAW)) takeProfile(found, text);
  else found.texts.push(text);
}

/** Pixels an inch where a whole number of them was rounded, else a centimetre. */
function densityOf(data) {
  const metric = [uint32(data, 0), uint32(data, 4)];
  if (data.length !== 9 || data[8] !== 1 || !metric[0] || !metric[1]) return null;
  const inches = metric.map((value) => Math.round(value * INCH));
  const [unit, values] = inches.every((value, n) => Math.abs(value / INCH - metric[n]) <= 0.5)
    ? ["in", inches] : ["cm", metric.map((value) => value / 100)];
  return { across: values[0], down: values[1], unit };
}

/** The text of a chunk, { keyword, text, chunk }; null for a damaged one. */
async function textOf({ name, data, whole }) {
  const [keyword, rest] = splitAtZero(data);
  if (!rest) return null;
  const text = name === "iTXt" ? await international(rest)
    : latinOrUtf8(name === "zTXt" ? await inflated(rest.subarray(1), LONGEST_TEXT) : rest);
  return text === null ? null : { keyword: latinAt(keyword, 0), text, chunk: whole };
}

async function international(rest) {
  const [, translated] = splitAtZero(rest.subarray(2));
  const [, text] = translated ? splitAtZero(translated) : [];
  if (!text) return null;
  const plain = rest[0] === 1 ? await inflated(text, LONGEST_TEXT) : text;
  return plain && textOfUtf8(plain);
}

function splitAtZero(data) {
  const place = data.indexOf(0);
  return place < 0 ? [data, null] : [data.subarray(0, place), data.subarray(place + 1)];
}

/** Latin 1, as PNG has it; programs that write UTF-8 instead are understood. */
const latinOrUtf8 = (data) => data && (textOfUtf8(data) ?? latinAt(data, 0));

/** Take a profile out of its text: newline, its name, its length, and hexadecimal digits. */
function takeProfile(found, { keyword, text }) {
  const match = /^\n?[^\n]*\n *(\d{1,9})\n([0-9a-fA-F\s]*)$/.exec(text);
  const digits = match ? match[2].replace(/\s/g, "") : "";
  if (!match || digits.length !== 2 * Number(match[1])) return;
  const data = Uint8Array.from({ length: digits.length / 2 }, (_, i) => parseInt(digits.substr(2 * i, 2), 16));
  const kind = keyword.slice(RAW.length).toLowerCase();
  if (["iptc", "8bim"].includes(kind)) found.resources = data;
  else if (["exif", "app1"].includes(kind) && standsAt(data, "Exif\0\0")) found.exif ??= bareExif(data);
  else if (["xmp", "app1"].includes(kind))
    found.xmp ??= data.subarray(standsAt(data, "http://ns.adobe.com/xap/1.0/\0") ? 29 : 0);
}
