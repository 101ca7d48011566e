/** A photo as the browser decodes it: 8-bit sRGB, upright, whole or in strips of rows. */
import { Field } from "./fields.js";
import { resize } from "./resize.js";
import { sniff } from "./sniff.js";

const STRIP_PIXELS = 2 ** 19;
const SMALLEST_SHRUNK = 2; // means over whole pixels stop at this multiple of a small copy
const BANDS = 4; // RGBA, as canvases have it
const HIDDEN = new Set(["tiff", "psd", "jxl", "heic"]); // what some browsers decode, and others do not

/** What can be said of a photo before it is decoded, and by what name. */
export class PhotoError extends Error {}

const megapixels = (pixels) => Math.round(pixels / 1e6);

/** One photo. Its pixels are decoded when they are needed, and let go by `rest`, or when those of another
 *  photo are decoded. */
export class Photo {
  static #decodedOne = null;
  #bitmap = null;

  /** file: a File. mostPixels: the largest photo that is opened. Throws PhotoError. */
  static async open(file, mostPixels) {
    let bytes;
    try {
      bytes = new Uint8Array(await file.arrayBuffer());
    } catch {
      throw new PhotoError(`${file.name}: the browser cannot read this file; was it moved or deleted?`);
    }
    let about;
    try {
      about = await sniff(bytes);
    } catch (error) {
      throw new PhotoError(`${file.name}: ${error.message}`);
    }
    const check = (pixels) => {
      if (pixels > mostPixels)
        throw new PhotoError(`${file.name}: has ${megapixels(pixels)} megapixels, and this browser has room for `
          + `${megapixels(mostPixels)}; the installed Photochrom colours it`);
    };
    check((about.width ?? 0) * (about.height ?? 0)); // before it is decoded
    const photo = new Photo(file, about);
    const bitmap = await photo.#decoded();
    Object.assign(photo, { width: bitmap.width, height: bitmap.height });
    try {
      check(photo.width * photo.height);
    } catch (error) {
      photo.rest();
      throw error;
    }
    return photo;
  }

  /** The same photo as it is stored, not turned upright. */
  asStored() {
    const sideways = this.about.orientation > 4;
    const stored = new Photo(this.file, this.about, "none");
    Object.assign(stored, sideways ? { width: this.height, height: this.width } : this.size);
    return stored;
  }

  /** imageOrientation: as `createImageBitmap` takes it. */
  constructor(file, about, imageOrientation = "from-image") {
    Object.assign(this, { file, about, imageOrientation, name: file.name || "photo", kind: about.kind });
  }

  /** Whether red, green and blue are equal in every pixel, by the kind of the file. */
  get isGray() { return [1, 2].includes(this.about.bands); }

  get size() { return { height: this.height, width: this.width }; }

  /** The file's bytes. */
  async bytes() { return new Uint8Array(await this.file.arrayBuffer()); }

  async #decoded() {
    if (this.#bitmap) return this.#bitmap;
    Photo.#decodedOne?.rest();
    Photo.#decodedOne = this;
    try {
      this.#bitmap = await createImageBitmap(this.file, { imageOrientation: this.imageOrientation });
    } catch {
      const remedy = HIDDEN.has(this.kind)
        ? "; the installed Photochrom reads it" : "; it is damaged, or no photo";
      throw new PhotoError(`${this.name}: this browser cannot read it${remedy}`);
    }
    return this.#bitmap;
  }

  /** Let the decoded pixels go. */
  rest() {
    this.#bitmap?.close();
    this.#bitmap = null;
  }

  /** Call `work(pixels, top, rows)` with strips of RGBA, in order. */
  async strips(work) {
    const bitmap = await this.#decoded();
    const { width, height } = this;
    const most = Math.min(height, Math.max(1, Math.floor(STRIP_PIXELS / width)));
    const pen = new OffscreenCanvas(width, most).getContext("2d", { willReadFrequently: true });
    pen.globalCompositeOperation = "copy";
    for (let top = 0; top < height; top += most) {
      const rows = Math.min(most, height - top);
      pen.drawImage(bitmap, 0, top, width, rows, 0, 0, width, rows);
      work(pen.getImageData(0, 0, width, rows).data, top, rows);
    }
  }

  /** The most rows that a strip has. */
  get mostRows() { return Math.min(this.height, Math.max(1, Math.floor(STRIP_PIXELS / this.width))); }

  /** A part of the photo at a size, RGBA. part: { x, y, width, height } of its pixels. */
  async piece(part, width, height) {
    const bitmap = await this.#decoded();
    const pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    pen.globalCompositeOperation = "copy";
    pen.imageSmoothingQuality = "high";
    pen.drawImage(bitmap, part.x, part.y, part.width, part.height, 0, 0, width, height);
    return pen.getImageData(0, 0, width, height);
  }

  /** The photo reduced to a small copy, (height, width, 3), sRGB 0..1: means over squares of whole
   *  pixels, then lines between them, as `photochrom.photo.reduction`. */
  async reduced(height, width) {
    const down = Math.max(1, Math.floor(this.height / height / SMALLEST_SHRUNK));
    const across = Math.max(1, Math.floor(this.width / width / SMALLEST_SHRUNK));
    const bands = this.isGray ? 1 : 3;
    const sums = new Field(Math.ceil(this.height / down), Math.ceil(this.width / across), bands);
    await this.strips((pixels, top, rows) => {
      for (let row = 0; row < rows; row += 1)
        addRow(sums, Math.floor((top + row) / down), pixels.subarray(BANDS * this.width * row), this.width, across);
    });
    for (let row = 0, at = 0; row < sums.height; row += 1) {
      const rows = Math.min(down, this.height - row * down);
      for (let column = 0; column < sums.width; column += 1) {
        const count = 255 * rows * Math.min(across, this.width - column * across);
        for (let band = 0; band < bands; band += 1, at += 1) sums.data[at] /= count;
      }
    }
    const small = resize(sums, height, width, [this.height / down, this.width / across]);
    if (bands === 3) return small;
    const gray = new Field(height, width, 3);
    for (let i = 0; i < gray.data.length; i += 1) gray.data[i] = small.data[Math.floor(i / 3)];
    return gray;
  }
}

/** Add a row of RGBA pixels to the sums of a row of squares. */
function addRow(sums, row, pixels, width, across) {
  const { bands, data } = sums;
  let at = row * sums.width * bands;
  for (let start = 0; start < width; start += across, at += bands) {
    const end = BANDS * Math.min(width, start + across);
    let [red, green, blue] = [0, 0, 0];
    if (bands === 1) {
      for (let i = BANDS * start; i < end; i += BANDS) red += pixels[i];
    } else {
      for (let i = BANDS * start; i < end; i += BANDS) {
        red += pixels[i];
        green += pixels[i + 1];
        blue += pixels[i + 2];
      }
      data[at + 1] += green;
      data[at + 2] += blue;
    }
    data[at] += red;
  }
}
