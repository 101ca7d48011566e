/** A grey JPEG coloured reversibly: its own luma, chroma found for it (`photochrom.pipeline.reversible`). */
import { chromaPlanes } from "./chroma_planes.js";
import { metadataOf } from "./metadata.js";
import { storedChroma } from "./orientation.js";
import { isProgressive, reversibleFault, spliced } from "./reversible.js";
import { writtenXmp } from "./written_xmp.js";

const HEADERS = 4096; // bytes of a JPEG besides its pixels
const LUMA_TABLES = 0; // as the installed program writes chroma

/** A plane as a grey JPEG. */
function grayJpeg(kernel, plane, { width, height }, quality, progressive) {
  return kernel.scoped(() => {
    const { exports } = kernel;
    const encode = progressive ? exports.photochrom_gray_jpeg_progressive : exports.photochrom_gray_jpeg;
    const room = 2 * plane.length + HEADERS;
    const source = kernel.place(plane);
    const target = kernel.reserve(room);
    const bytes = Number(encode(source, BigInt(width), BigInt(height), quality, LUMA_TABLES, target, BigInt(room)));
    if (bytes < 0) throw new Error("the chroma cannot be encoded; ask for an ordinary result");
    return kernel.view(Uint8Array, target, bytes).slice();
  });
}

/** The bytes of the coloured JPEG. chroma: upright. Throws an Error of one line. */
export async function reversibleJpeg(photo, kernel, chroma, original, { quality, mark }) {
  const { about: { orientation, profile } } = photo;
  const fault = reversibleFault(original)
    ?? (["none", "srgb"].includes(profile) ? null : "it has a tone curve of its own in its ICC profile");
  if (fault)
    throw new Error(`${photo.name}: cannot be coloured reversibly: ${fault}; ask for an ordinary result`);
  const gray = photo.asStored();
  try {
    const planes = await chromaPlanes(gray, kernel, storedChroma(chroma, orientation));
    const [cb, cr] = [planes.cb, planes.cr].map(
      (plane) => grayJpeg(kernel, plane, planes, quality, isProgressive(original)));
    const xmp = writtenXmp(await metadataOf(original), { kind: "jpeg", width: gray.width, height: gray.height,
      bands: 3, orientation }, { mark, crop: null });
    return await spliced(original, cb, cr, { xmp });
  } finally {
    gray.rest();
  }
}
