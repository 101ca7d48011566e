/** Kinds of files that are known by their first bytes and not read; as `photochrom.photo.unread`. */

import { latinAt, standsAt, uint16 } from "./bytes.js";

const AS_PNG = "save it as PNG or TIFF";
const ONE_FRAME = ["a video", "save one of its frames as PNG"];
const AS_TIFF = "save it as TIFF with 16 bit";
const DEVELOP = "develop it into a TIFF";
/** Place, first bytes, and what it is with what to do about it. */
const MAGIC = [
  [0, "%PDF", ["a PDF document", "save its pictures as PNG or TIFF"]],
  [0, "%!PS", ["a PostScript document", "save its pictures as PNG or TIFF"]],
  [0, "\xc5\xd0\xd3\xc6", ["a PostScript document", "save its pictures as TIFF"]],
  [0, "gimp xcf", ["a GIMP document (XCF)", "export it from GIMP as TIFF"]],
  [0, "icns", ["an icon (ICNS)", AS_PNG]],
  [128, "DICM", ["a DICOM file", "convert it to TIFF with a DICOM program"]],
  [0, "SIMPLE  =", ["a FITS file", "convert it to TIFF with 16 bit"]],
  [0, "v/1\x01", ["an OpenEXR picture", AS_TIFF]],
  [0, "#?RADIANCE", ["a Radiance HDR picture", AS_TIFF]],
  [0, "#?RGBE", ["a Radiance HDR picture", AS_TIFF]],
  [0, "II\xbc\x01", ["a JPEG XR picture", AS_PNG]],
  [0, "AT&TFORM", ["a DjVu document", "export its pages as TIFF"]],
  [0, "P7\n", ["a PAM picture", "save it as PGM or PPM"]],
  [0, "Pf\n", ["a PFM picture", AS_TIFF]],
  [0, "PF\n", ["a PFM picture", AS_TIFF]],
  [0, "DDS ", ["a DDS texture", AS_PNG]],
  [0, "qoif", ["a QOI picture", AS_PNG]],
  [0, "FOVb", ["a Sigma raw file (X3F)", DEVELOP]],
  [0, "\0MRM", ["a Minolta raw file (MRW)", DEVELOP]],
  [0, "PK\x03\x04", ["a ZIP archive", "unpack it"]],
  [0, "\x1f\x8b", ["a gzip archive", "unpack it"]],
  [0, "7z\xbc\xaf", ["a 7-Zip archive", "unpack it"]],
  [0, "Rar!", ["a RAR archive", "unpack it"]],
  ...["\x1a\x45\xdf\xa3", "\0\0\x01\xba", "\0\0\x01\xb3"].map((magic) => [0, magic, ONE_FRAME]),
  [8, "AVI LIST", ONE_FRAME],
  ...["moov", "mdat", "wide", "ftypqt", "ftypisom", "ftypiso2", "ftypmp4", "ftypM4V", "ftypavc1", "ftyp3gp",
    "ftypMSNV"].map((magic) => [4, magic, ONE_FRAME]),
];
const HEAD = 1024;

/** What a file is that is not read, [what, remedy]; null if it is unknown. data: its bytes. */
export function unread(data) {
  const found = MAGIC.find(([place, magic]) => standsAt(data, magic, place));
  if (found) return found[2];
  const head = latinAt(data, 0, HEAD);
  if (/^\s*(<!DOCTYPE\s+html|<html)/i.test(head)) return ["a web page", "download the picture itself"];
  if (/^\s*(<\?xml|<!--|<!DOCTYPE\s+svg|<svg)/i.test(head) && head.includes("<svg"))
    return ["an SVG drawing", AS_PNG];
  const icon = ["\0\0\x01\0", "\0\0\x02\0"].findIndex((magic) => standsAt(data, magic));
  if (icon >= 0 && uint16(data, 4)) return [icon ? "a cursor (CUR)" : "an icon (ICO)", AS_PNG];
  return null;
}
