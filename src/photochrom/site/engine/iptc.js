/** IPTC records and Photoshop's resources that hold them, and the records as XMP for files that hold
 *  none; as `photochrom.photo.metadata.iptc` and `.iptc_records`.
 *  IIM 4.2; the mapping is that of the IPTC Photo Metadata standard. */

import { bytes16, bytes32, joined, latin, latinAt, standsAt, textOfUtf8, uint16, uint32 } from "./bytes.js";

/** Before the resources, where they stand in a JPEG. */
export const PREFIX = "Photoshop 3.0\0";
const RECORDS = 0x0404;
const [PROTECTED, ADDRESS] = [0x040a, 0x040b];
const THUMBNAILS = [0x0409, 0x040c];
const isPath = (number) => number >= 2000 && number < 2999;
const MOST_RECORDS = 10000;

const SIMPLE = {
  10: "photoshop:Urgency", 15: "photoshop:Category", 40: "photoshop:Instructions",
  65: "xmp:CreatorTool", 85: "photoshop:AuthorsPosition", 90: "photoshop:City",
  92: "Iptc4xmpCore:Location", 95: "photoshop:State", 100: "Iptc4xmpCore:CountryCode",
  101: "photoshop:Country", 103: "photoshop:TransmissionReference", 105: "photoshop:Headline",
  110: "photoshop:Credit", 115: "photoshop:Source", 122: "photoshop:CaptionWriter",
};
const ARRAYS = {
  5: ["dc:title", "Alt"], 12: ["Iptc4xmpCore:SubjectCode", "Bag"],
  20: ["photoshop:SupplementalCategories", "Bag"], 25: ["dc:subject", "Bag"], 80: ["dc:creator", "Seq"],
  116: ["dc:rights", "Alt"], 120: ["dc:description", "Alt"],
};
const DATES = [[55, 60, "photoshop:DateCreated"], [62, 63, "xmp:CreateDate"]];
const [SUBJECT_CODE, GENRE] = [12, 4];

/** Photoshop's resources, { number, whole, data }, as far as they are sound. */
export function resourcesOf(block) {
  const found = [];
  let start = standsAt(block, PREFIX) ? PREFIX.length : 0;
  while (standsAt(block, "8BIM", start) && start + 12 <= block.length) {
    const name = 1 + block[start + 6];
    const place = start + 6 + name + (name % 2);
    const size = uint32(block, place);
    const end = place + 4 + size;
    if (end > block.length) break;
    const whole = block.subarray(start, end + (size % 2));
    found.push({ number: uint16(block, start + 4), whole, data: block.subarray(place + 4, end) });
    start = end + (size % 2);
  }
  return found;
}

/** Resources as one block without thumbnails, which would show the photo grey; null for none.
 *  block: resources, or bare IPTC records. reframed: without clipping paths, too. */
export function keptResources(block, reframed = false) {
  if (!block?.length) return null;
  const found = standsAt(block, "8BIM") || standsAt(block, PREFIX) ? resourcesOf(block) : [recordsOf(block)];
  const kept = found.filter(({ number }) => !THUMBNAILS.includes(number) && !(reframed && isPath(number)));
  return kept.length ? joined(kept.map(({ whole }) => whole)) : null;
}

function recordsOf(data) {
  const head = [latin("8BIM"), bytes16(RECORDS), bytes16(0), bytes32(data.length)];
  return { number: RECORDS, whole: joined([...head, data, new Uint8Array(data.length % 2)]), data };
}

/** IPTC in resources as properties of XMP, [name, text or items, kind of array]. */
export function iptcProperties(resources) {
  const texts = textsOf(resourcesOf(resources).find(({ number }) => number === RECORDS)?.data);
  const found = [];
  for (const [number, values] of texts) {
    if (SIMPLE[number]) found.push([SIMPLE[number], values[0]]);
    if (number === GENRE) found.push(["Iptc4xmpCore:IntellectualGenre", values[0].replace(/^[^:]*:/, "")]);
    if (!ARRAYS[number]) continue;
    const [name, array] = ARRAYS[number];
    const codes = values.map((value) => (number === SUBJECT_CODE ? value.split(":")[1] ?? value : value));
    found.push([name, array === "Alt" ? [codes.join("\n")] : codes, array]);
  }
  for (const [date, time, name] of DATES) {
    const when = dateOf(texts.get(date)?.[0] ?? "", texts.get(time)?.[0] ?? "");
    if (when) found.push([name, when]);
  }
  return found;
}

/** What Photoshop's resources say about the copyright, as properties of XMP. */
export function copyrightProperties(resources) {
  const found = new Map(resourcesOf(resources).map(({ number, data }) => [number, data]));
  const address = found.has(ADDRESS) ? latinAt(found.get(ADDRESS), 0).replace(/^[\0 ]+|[\0 ]+$/g, "") : "";
  const marked = found.get(PROTECTED)?.some(Boolean) ? [["xmpRights:Marked", "True"]] : [];
  return address ? [...marked, ["xmpRights:WebStatement", address]] : marked;
}

/** The texts of the application record by number; empty ones are left out. */
function textsOf(iptc) {
  const texts = new Map();
  let start = 0;
  for (let n = 0; iptc && n < MOST_RECORDS && iptc[start] === 0x1c && start + 5 <= iptc.length; n += 1) {
    const [record, number] = [iptc[start + 1], iptc[start + 2]];
    let size = uint16(iptc, start + 3);
    start += 5;
    if (size & 0x8000) { // an extended data set: so many bytes hold the length
      const width = size & 0x7fff;
      if (width > 4) break;
      size = iptc.subarray(start, start + width).reduce((value, byte) => value * 256 + byte, 0);
      start += width;
    }
    if (start + size > iptc.length) break;
    const text = textOf(iptc.subarray(start, start + size));
    if (record === 2 && text) texts.set(number, [...(texts.get(number) ?? []), text]);
    start += size;
  }
  return texts;
}

/** Many programs write UTF-8 without naming it; what is no UTF-8 is taken for Latin 1. */
function textOf(data) {
  const text = textOfUtf8(data) ?? new TextDecoder("windows-1252").decode(data);
  return text.replace(/^[\0 \r\n\t]+|[\0 \r\n\t]+$/g, "").replace(/\r\n?/g, "\n");
}

/** A date of XMP: as much as is known of "YYYYMMDD" and "HHMMSS+HHMM"; null for none. */
function dateOf(date, time) {
  const found = /^(\d{4})-?(\d\d)-?(\d\d)$/.exec(date);
  if (!found || found[1] === "0000") return null;
  const day = found.slice(1).filter((part) => part !== "00").join("-");
  const at = /^(\d\d):?(\d\d):?(\d\d)(?:([+-]\d\d):?(\d\d))?$/.exec(time);
  if (!at || day.length < 10) return day;
  return `${day}T${at[1]}:${at[2]}:${at[3]}${at[4] ? `${at[4]}:${at[5]}` : ""}`;
}
