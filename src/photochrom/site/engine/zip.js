/** Zip archives of files as they are, not compressed. PKWARE's APPNOTE 6.3.10. */

import { bytes16, bytes32, bytes64, crc32, joined, latin, utf8 } from "./bytes.js";

const UTF8_NAMES = 0x0800;
const [PLAIN, ZIP64] = [20, 45];
const [MOST_16, MOST_32] = [0xffff, 0xffffffff];
const UNIX = 3 << 8;
const PERMISSIONS = 0o100644 * 65536;

const short = (value) => bytes16(value, true);
const long = (value) => bytes32(value, true);
const huge = (value) => bytes64(value, true);

/** A zip as a Blob made of the files' own Blobs, which are read once, for their checksums.
 *
 *  files: [{ name, blob, modified }], in order; names are made unique, modified is a Date (now by
 *  default). Over 4 GB or 65,534 files it is a ZIP64. */
export async function zipOf(files) {
  const names = uniqueNames(files.map(({ name }) => name));
  const [parts, central] = [[], []];
  let place = 0;
  for (const [index, { blob, modified = new Date() }] of files.entries()) {
    const entry = { name: utf8(names[index]), size: blob.size, crc: await checksum(blob), place, modified };
    const head = localHeader(entry);
    parts.push(head, blob);
    place += head.length + blob.size;
    central.push(centralHeader(entry));
  }
  const directory = joined(central);
  return new Blob([...parts, directory, ending(files.length, directory.length, place)],
    { type: "application/zip" });
}

/** Names as they are, or with a number before the suffix where one was there before; case does not
 *  count, since it does not in all file systems. */
export function uniqueNames(names) {
  const taken = new Set();
  return names.map((name) => {
    const [stem, suffix] = /^([^]*?)(\.[^./]*)?$/.exec(name).slice(1);
    let free = name;
    for (let n = 2; taken.has(free.toLowerCase()); n += 1) free = `${stem} (${n})${suffix ?? ""}`;
    taken.add(free.toLowerCase());
    return free;
  });
}

async function checksum(blob) {
  const reader = blob.stream().getReader();
  let crc = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) crc = crc32(part.value, crc);
  return crc;
}

/** Flags, no compression, time, date, checksum: what both headers of a file share. */
function common({ crc, modified }) {
  const time = (modified.getHours() << 11) | (modified.getMinutes() << 5) | (modified.getSeconds() >> 1);
  const year = Math.min(127, Math.max(0, modified.getFullYear() - 1980));
  const date = (year << 9) | ((modified.getMonth() + 1) << 5) | modified.getDate();
  return joined([short(UTF8_NAMES), short(0), short(time), short(date), long(crc)]);
}

function localHeader(entry) {
  const wide = entry.size >= MOST_32;
  const extra = wide ? joined([short(1), short(16), huge(entry.size), huge(entry.size)]) : new Uint8Array(0);
  const size = long(wide ? MOST_32 : entry.size);
  return joined([latin("PK\x03\x04"), short(wide ? ZIP64 : PLAIN), common(entry), size, size,
    short(entry.name.length), short(extra.length), entry.name, extra]);
}

function centralHeader(entry) {
  const wide = Math.max(entry.size, entry.place) >= MOST_32;
  const numbers = [entry.size, entry.size, entry.place].map(huge);
  const extra = wide ? joined([short(1), short(24), ...numbers]) : new Uint8Array(0);
  const version = wide ? ZIP64 : PLAIN;
  const size = long(wide ? MOST_32 : entry.size);
  return joined([latin("PK\x01\x02"), short(UNIX | version), short(version), common(entry), size, size,
    short(entry.name.length), short(extra.length), short(0), short(0), short(0), long(PERMISSIONS),
    long(wide ? MOST_32 : entry.place), entry.name, extra]);
}

/** What follows the central directory, which begins at a place. */
function ending(count, length, place) {
  const wide = count >= MOST_16 || Math.max(length, place) >= MOST_32;
  const last = [latin("PK\x05\x06"), short(0), short(0), short(wide ? MOST_16 : count),
    short(wide ? MOST_16 : count), long(wide ? MOST_32 : length), long(wide ? MOST_32 : place), short(0)];
  if (!wide) return joined(last);
  return joined([latin("PK\x06\x06"), huge(44), short(UNIX | ZIP64), short(ZIP64), long(0), long(0),
    huge(count), huge(count), huge(length), huge(place),
    latin("PK\x06\x07"), long(0), huge(place + length), long(1), ...last]);
}
