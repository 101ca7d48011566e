/** A coded PNG with the metadata of the photo it was made of; as
 *  `photochrom.photo.metadata.png_chunks`. PNG, third edition, 11.3. */

import { bytes32, deflated, joined, latin, uint32, utf8 } from "./bytes.js";
import { correctedExif } from "./exif.js";
import { keptResources } from "./iptc.js";
import { commentText, metadataOf } from "./metadata.js";
import { chunkOf, chunksOf, INCH, RAW, SIGNATURE, XMP } from "./png_metadata.js";
import { writtenXmp } from "./written_xmp.js";

/** The chunks of a coded PNG that stay: those of its pixels, and of its own colour space. */
const KEPT = ["IHDR", "PLTE", "IDAT", "IEND", "sRGB", "iCCP", "cICP", "tRNS", "sBIT"];
const COLORS = ["sRGB", "iCCP", "cICP"];

/** The PNG that a canvas encoded, in sRGB, with the metadata of the photo that it was made of; what
 *  says how the original's pixels are coded is left out. Arguments as of `dressedJpeg`. */
export async function dressedPng(coded, original, { orientation = 1, mark = true, crop = null } = {}) {
  const metadata = await metadataOf(original);
  const own = chunksOf(coded).filter(({ name }) => KEPT.includes(name));
  const [head, ...rest] = own;
  if (head?.name !== "IHDR" || own.at(-1).name !== "IEND") throw new Error("The coded file is no whole PNG.");
  const [width, height] = [uint32(head.data, 0), uint32(head.data, 4)];
  const bands = head.data[9] === 6 ? 4 : 3;
  const written = [latin(SIGNATURE), head.whole];
  if (!own.some(({ name }) => COLORS.includes(name))) written.push(chunkOf("sRGB", Uint8Array.of(0)));
  if (metadata.density?.unit) written.push(physChunk(metadata.density));
  written.push(...metadata.texts.map(({ chunk }) => chunk));
  written.push(...metadata.comments.map((comment) => textChunk("Comment", commentText(comment))));
  const resources = keptResources(metadata.resources, Boolean(crop));
  if (resources) written.push(await iptcChunk(resources));
  const exif = correctedExif(metadata.exif, { orientation, width, height, reframed: Boolean(crop) });
  if (exif) written.push(chunkOf("eXIf", exif));
  const xmp = writtenXmp(metadata, { kind: "png", width, height, bands, orientation }, { mark, crop });
  if (xmp) written.push(chunkOf("iTXt", joined([latin(`${XMP}\0\0\0\0\0`), xmp])));
  return joined([...written, ...rest.map(({ whole }) => whole)]);
}

function physChunk({ across, down, unit }) {
  const metric = [across, down].map((value) => bytes32(Math.round(value * (unit === "in" ? 1 / INCH : 100))));
  return chunkOf("pHYs", joined([...metric, Uint8Array.of(1)]));
}

/** tEXt for ASCII, else iTXt. */
function textChunk(keyword, text) {
  const plain = text.replaceAll("\0", "");
  if (/^[\x01-\x7f]*$/.test(plain)) return chunkOf("tEXt", latin(`${keyword}\0${plain}`));
  return chunkOf("iTXt", joined([latin(`${keyword}\0\0\0\0\0`), utf8(plain)]));
}

/** The chunk that exiftool and ImageMagick read IPTC from: Photoshop's resources in it. */
async function iptcChunk(resources) {
  const digits = Array.from(resources, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const lines = digits.match(/.{1,72}/g).join("\n");
  const raw = `\nIPTC profile\n${String(resources.length).padStart(8)}\n${lines}\n`;
  return chunkOf("zTXt", joined([latin(`${RAW}iptc\0\0`), await deflated(latin(raw))]));
}
