/** ICC profiles: which space one means, and the RGB profile for what grey becomes in colour; as
 *  `photochrom.photo.icc`. ICC.1:2022, sections 7, 8, 10.6 and 10.18. */

import { bytes16, bytes32, joined, latin, latinAt, standsAt, uint16, uint32 } from "./bytes.js";

const HEADER = 128;
/** The sRGB profile that libvips carries (Compact ICC Profiles, in the public domain). */
const SRGB = [
  "AAAB4GxjbXMEIAAAbW50clJHQiBYWVogB+IAAwAUAAkADgAdYWNzcE1TRlQAAAAAc2F3c2N0cmwAAAAAAAAAAAAA",
  "AAAAAPbWAAEAAAAA0y1oYW5keem/Vlo+AbaDI4VVRvdPqgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAK",
  "ZGVzYwAAAPwAAAAkY3BydAAAASAAAAAid3RwdAAAAUQAAAAUY2hhZAAAAVgAAAAsclhZWgAAAYQAAAAUZ1hZWgAA",
  "AZgAAAAUYlhZWgAAAawAAAAUclRSQwAAAcAAAAAgZ1RSQwAAAcAAAAAgYlRSQwAAAcAAAAAgbWx1YwAAAAAAAAAB",
  "AAAADGVuVVMAAAAIAAAAHABzAFIARwBCbWx1YwAAAAAAAAABAAAADGVuVVMAAAAGAAAAHABDAEMAMAAAWFlaIAAA",
  "AAAAAPbWAAEAAAAA0y1zZjMyAAAAAAABDD8AAAXd///zJgAAB5AAAP2S///7of///aIAAAPcAADAcVhZWiAAAAAA",
  "AABvoAAAOPIAAAOPWFlaIAAAAAAAAGKWAAC3iQAAGNpYWVogAAAAAAAAJKAAAA+FAAC2xHBhcmEAAAAAAAMAAAAC",
  "ZmkAAPKnAAANWQAAE9AAAApb",
].join("");
/** The name that this profile gives itself. */
export const SRGB_NAME = "sRGB";
const TABLES = ["A2B0", "A2B1", "A2B2", "D2B0", "D2B1", "D2B2"];
const CURVES = ["rTRC", "gTRC", "bTRC"];
const PRIMARIES = ["rXYZ", "gXYZ", "bXYZ"];
/** By which curves (0..1) and primaries (XYZ) may differ: many say sRGB with slightly other ones. */
const [CURVE_TOLERANCE, PRIMARY_TOLERANCE] = [1e-3, 2e-3];
const PARAMETERS = [1, 3, 4, 5, 7];
const SAMPLES = 64;

/** The bytes of the sRGB profile. */
export const srgbProfile = () => latin(atob(SRGB));

/** "none", "srgb", "gray", "rgb", or "other", such as CMYK. profile: the bytes, or null. */
export function profileKind(profile) {
  if (!profile) return "none";
  const space = latinAt(profile, 16, 4);
  if (space === "GRAY") return "gray";
  if (space !== "RGB ") return "other";
  return isSrgb(profile) ? "srgb" : "rgb";
}

function isSrgb(profile) {
  const [own, usual] = [tagsOf(profile), tagsOf(srgbProfile())];
  if (!own || TABLES.some((name) => own.has(name))) return false;
  if (![...CURVES, ...PRIMARIES].every((name) => own.has(name))) return false;
  const primaries = PRIMARIES.every((name) => [8, 12, 16].every((at) =>
    Math.abs(fixed(own.get(name), at) - fixed(usual.get(name), at)) < PRIMARY_TOLERANCE));
  return primaries && CURVES.every((name) => {
    const [one, other] = [curveOf(own.get(name)), curveOf(usual.get(name))];
    if (!one) return false;
    return Array.from({ length: SAMPLES + 1 }, (_, i) => i / SAMPLES)
      .every((x) => Math.abs(one(x) - other(x)) < CURVE_TOLERANCE);
  });
}

/** An RGB profile with sRGB's primaries and the tone curve of a grey profile: a neutral pixel has
 *  the same code in both. Throws where the grey one is damaged. */
export function rgbProfileForGray(profile) {
  const gray = tagsOf(profile);
  const own = gray?.get("kTRC");
  if (!own || !curveOf(own)) throw new Error("Its ICC profile is no tone curve.");
  const curve = standsAt(profile, "Lab ", 20) ? luminanceCurve(curveOf(own)) : own;
  const tags = tagsOf(srgbProfile());
  for (const name of CURVES) tags.set(name, curve);
  tags.set("desc", description(`${nameOf(gray)}, primaries of BT.709`));
  return assembled(srgbProfile().slice(0, HEADER), tags);
}

/** The tags of a profile by name; null where it is damaged. */
function tagsOf(profile) {
  const count = uint32(profile, HEADER);
  if (count > 256) return null;
  const tags = new Map();
  for (let at = HEADER + 4; at < HEADER + 4 + 12 * count; at += 12) {
    const [start, size] = [uint32(profile, at + 4), uint32(profile, at + 8)];
    if (start + size > profile.length) return null;
    tags.set(latinAt(profile, at, 4), profile.subarray(start, start + size));
  }
  return tags;
}

const fixed = (data, at) => (uint32(data, at) | 0) / 65536;

/** The function 0..1 to 0..1 of a curve; null for one of an unknown type. */
function curveOf(data) {
  if (standsAt(data, "curv")) {
    const count = uint32(data, 8);
    if (count === 0) return (x) => x;
    if (count === 1) return (x) => x ** (uint16(data, 12) / 256);
    if (data.length < 12 + 2 * count) return null;
    return (x) => {
      const place = Math.min(x * (count - 1), count - 1);
      const low = Math.min(Math.floor(place), count - 2);
      const [from, to] = [uint16(data, 12 + 2 * low), uint16(data, 14 + 2 * low)];
      return (from + (to - from) * (place - low)) / 65535;
    };
  }
  const kind = uint16(data, 8);
  if (!standsAt(data, "para") || kind >= PARAMETERS.length) return null;
  const numbers = Array.from({ length: 7 }, (_, i) => (i < PARAMETERS[kind] ? fixed(data, 12 + 4 * i) : 0));
  let [g, a, b, c, d, e, f] = numbers;
  if (kind === 0) [a, d] = [1, 0];
  if (kind === 1 || kind === 2) [d, c, e, f] = [-b / a, 0, c, c];
  return (x) => (x >= d ? Math.max(a * x + b, 0) ** g + e : c * x + f);
}

/** A curve of linear light of one that says lightness. */
function luminanceCurve(lightness) {
  const codes = new Uint8Array(12 + 2 * 4096);
  codes.set(latin("curv"));
  codes.set(bytes32(4096), 8);
  const view = new DataView(codes.buffer);
  for (let i = 0; i < 4096; i += 1) {
    const f = (100 * lightness(i / 4095) + 16) / 116;
    const light = f > 6 / 29 ? f ** 3 : (f - 4 / 29) * 3 * (6 / 29) ** 2;
    view.setUint16(12 + 2 * i, Math.round(65535 * Math.min(1, Math.max(0, light))));
  }
  return codes;
}

function nameOf(tags) {
  const data = tags.get("desc");
  if (data && standsAt(data, "mluc")) {
    const [size, start] = [uint32(data, 20), uint32(data, 24)];
    return new TextDecoder("utf-16be").decode(data.subarray(start, start + size));
  }
  if (data && standsAt(data, "desc")) return latinAt(data, 12, uint32(data, 8)).replace(/\0+$/, "");
  return "unnamed profile";
}

/** A multiLocalizedUnicode element with one language. */
function description(text) {
  const letters = joined(text.split("").map((letter) => bytes16(letter.charCodeAt(0))));
  const head = [latin("mluc\0\0\0\0"), bytes32(1), bytes32(12), latin("enUS")];
  return joined([...head, bytes32(letters.length), bytes32(28), letters]);
}

/** A profile of a header and tags; the digest is not computed. */
function assembled(header, tags) {
  let place = HEADER + 4 + 12 * tags.size;
  const [table, body, places] = [[bytes32(tags.size)], [], new Map()];
  for (const [name, data] of tags) {
    if (!places.has(data)) {
      places.set(data, place);
      const padded = new Uint8Array(Math.ceil(data.length / 4) * 4);
      padded.set(data);
      body.push(padded);
      place += padded.length;
    }
    table.push(latin(name), bytes32(places.get(data)), bytes32(data.length));
  }
  const whole = joined([header, ...table, ...body]);
  whole.set(bytes32(whole.length));
  whole.fill(0, 84, 100);
  return whole;
}
