/** Bytes: numbers and texts in Uint8Arrays, CRC-32, and zlib's streams. */

/** One array of several. parts: Uint8Arrays. */
export function joined(parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}

/** The bytes of a text of Latin 1. */
export const latin = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** `length` bytes from a place as a text of Latin 1. */
export function latinAt(data, start, length = data.length - start) {
  let text = "";
  for (const byte of data.subarray(start, start + length)) text += String.fromCharCode(byte);
  return text;
}

/** The bytes of a text in UTF-8. */
export const utf8 = (text) => new TextEncoder().encode(text);

/** A text of UTF-8; null where it is none. */
export function textOfUtf8(data) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return null;
  }
}

/** Whether the bytes of a text of Latin 1 stand at a place. */
export function standsAt(data, text, start = 0) {
  if (start + text.length > data.length) return false;
  for (let i = 0; i < text.length; i += 1)
    if (data[start + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Numbers at places, big-endian unless `little`; 0 where the data have ended. */
export function uint16(data, at, little = false) {
  const [high, low] = little ? [data[at + 1], data[at]] : [data[at], data[at + 1]];
  return ((high ?? 0) << 8) | (low ?? 0);
}

export function uint32(data, at, little = false) {
  const first = uint16(data, at, little);
  const second = uint16(data, at + 2, little);
  return little ? second * 65536 + first : first * 65536 + second;
}

/** Numbers as bytes, big-endian unless `little`. */
export function bytes16(value, little = false) {
  const bytes = [(value >>> 8) & 255, value & 255];
  return Uint8Array.from(little ? bytes.reverse() : bytes);
}

export function bytes32(value, little = false) {
  const bytes = [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);
  return Uint8Array.from(little ? bytes.reverse() : bytes);
}

/** A number of eight bytes, up to 2 ** 53. */
export function bytes64(value, little = false) {
  const halves = [bytes32(Math.floor(value / 2 ** 32), little), bytes32(value % 2 ** 32, little)];
  return joined(little ? halves.reverse() : halves);
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** CRC-32 of data, as PNG and zip have it. before: of the data in front of them. */
export function crc32(data, before = 0) {
  let crc = ~before;
  for (let i = 0; i < data.length; i += 1) crc = CRC_TABLE[(crc ^ data[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** A zlib stream of data. */
export const deflated = (data) => through(new CompressionStream("deflate"), data, Infinity);

/** What a zlib stream holds; null where it is damaged, or longer than `longest` bytes. */
export async function inflated(data, longest = 16 << 20) {
  try {
    return await through(new DecompressionStream("deflate"), data, longest);
  } catch {
    return null;
  }
}

async function through(stream, data, longest) {
  const reader = new Blob([data]).stream().pipeThrough(stream).getReader();
  const parts = [];
  let length = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    length += part.value.length;
    if (length > longest) {
      await reader.cancel();
      throw new Error("It is too long.");
    }
  }
  return joined(parts);
}
