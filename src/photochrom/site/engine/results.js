/** Coloured photos as files: full size, strip by strip, with what the original's file says of itself. */
import { FullSizePass } from "./full_size.js";
import { dressedJpeg } from "./jpeg.js";
import { cropOf } from "./looks.js";
import { dressedPng } from "./png.js";
import { reversibleJpeg } from "./reversible_jpeg.js";
import { dressedWebp } from "./webp.js";

const TYPES = { jpg: "image/jpeg", png: "image/png", webp: "image/webp" };
const DRESSED = { jpg: dressedJpeg, png: dressedPng, webp: dressedWebp };
const STEM_END = ".color"; // what a coloured photo's name has before its suffix

/** Formats that this browser writes. */
export async function writtenFormats() {
  const canvas = new OffscreenCanvas(1, 1);
  canvas.getContext("2d");
  const blobs = await Promise.all(Object.entries(TYPES).map(
    async ([format, type]) => (await canvas.convertToBlob({ type })).type === type && format));
  return blobs.filter(Boolean);
}

/** The name of a coloured photo. */
export const coloredName = (name, format) => `${name.replace(/\.[^.]*$/, "")}${STEM_END}.${format}`;

/** Turn a picture by quarters to the right, clockwise; degrees: 0, 90, 180 or 270. */
function turned(canvas, degrees) {
  if (!degrees) return canvas;
  const sideways = degrees % 180 !== 0;
  const { width, height } = canvas;
  const other = new OffscreenCanvas(sideways ? height : width, sideways ? width : height);
  const pen = other.getContext("2d");
  pen.translate(other.width / 2, other.height / 2);
  pen.rotate(degrees * Math.PI / 180);
  pen.drawImage(canvas, -width / 2, -height / 2);
  canvas.width = canvas.height = 0; // frees its pixels
  return other;
}

/** The coloured photo on a canvas, cropped and turned as its look. */
async function painted(photo, kernel, chroma, { crop, turn }) {
  const { width, height, mostRows, isGray } = photo;
  const part = crop ? cropOf(crop) : { x: 0, y: 0, width, height };
  const canvas = new OffscreenCanvas(part.width, part.height);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const pass = new FullSizePass(kernel, { width, height, isGray, chroma, mostRows });
  await photo.strips((pixels, top, rows) => {
    if (top + rows <= part.y || top >= part.y + part.height) return;
    pen.putImageData(new ImageData(pass.color(pixels, top), width, rows), -part.x, top - part.y);
  });
  photo.rest();
  return turned(canvas, turn);
}

/** The file of a look. how: { format, quality, mark, reversible }. Returns { blob, name }. */
export async function resultOf(photo, kernel, { chroma }, look, how) {
  const { format, quality, mark, reversible } = how;
  const original = await photo.bytes();
  const name = coloredName(photo.name, format);
  if (reversible) {
    const bytes = await kernel.scopedAsync(() => reversibleJpeg(photo, kernel, chroma, original, { quality, mark }));
    return { blob: new Blob([bytes], { type: TYPES.jpg }), name };
  }
  const canvas = await kernel.scopedAsync(() => painted(photo, kernel, chroma, look));
  const type = TYPES[format];
  const coded = await canvas.convertToBlob({ type, quality: quality / 100 });
  canvas.width = canvas.height = 0;
  if (coded.type !== type) throw new Error(`this browser cannot write ${format.toUpperCase()}`);
  const bytes = await DRESSED[format](new Uint8Array(await coded.arrayBuffer()), original,
    { mark, crop: look.crop && `${look.crop} of ${photo.width}x${photo.height}` });
  return { blob: new Blob([bytes], { type }), name };
}
