/** Photos that are open in the page, their looks by revision, and the pictures of them. */
import { borderOf } from "./borders.js";
import { PhotoColors } from "./colors.js";
import { confidencePicture } from "./confidence.js";
import { FullSizePass } from "./full_size.js";
import { changed } from "./looks.js";
import { Photo } from "./photo.js";
import { resultOf } from "./results.js";

const MOST_PIECE = 4 * 2 ** 20; // pixels of a piece's picture
const SUFFIXES = { jpeg: "jpg", png: "png", webp: "webp" };
const LOSSLESS = ["gif", "bmp"]; // become PNG where the browser does not write them

/** One photo and its looks. `engine` has kernel, network, formats, ranges and limits. */
export class Session {
  #looks = [];
  #reduced = new Map(); // ImageData by size, for previews

  static async open(file, id, engine) {
    const photo = await Photo.open(file, engine.limits.pixels);
    const session = new Session(photo, id, engine);
    await session.record(); // a photo damaged further down fails here
    return session;
  }

  constructor(photo, id, engine) {
    Object.assign(this, { photo, id, engine });
    this.colors = new PhotoColors(photo, engine.network);
    const usual = Object.fromEntries(Object.entries(engine.ranges).map(([name, one]) => [name, one.default]));
    this.#looks.push({ model: engine.network.contract.name, ...usual, size: null, variant: 0, seed: 0,
      hints: [], strokes: [], references: [], crop: null, turn: 0, repair: null });
  }

  get revision() { return this.#looks.length; }

  look(revision = this.revision) { return this.#looks[revision - 1]; }

  /** The suffix of the file that a photo becomes by default. */
  get format() {
    const own = SUFFIXES[this.photo.kind];
    if (this.engine.formats.includes(own)) return own;
    return own === "webp" || LOSSLESS.includes(this.photo.kind) ? "png" : "jpg";
  }

  /** The session as the page knows sessions. */
  async record() {
    const { photo: { name, width, height, about }, id, revision } = this;
    const notes = about.bits > 8
      ? [`${name} has ${about.bits} bits a pixel and band; the browser reads 8 of them. `
        + "The installed Photochrom keeps them all."] : [];
    return { id, name, width, height, pages: 1, format: this.format, bits: 8,
      in_color: await this.colors.inColor(), notes, expires_in: 1e9, revision, look: this.look(),
      can: { hints: true, suggestions: true, variants: false, confidence: true, strokes: true, frame: true,
        references: false, model: true, repair: false } };
  }

  async change(changes) {
    const next = changed(this.look(), changes, this.photo, this.engine);
    await this.colors.check(next);
    this.#looks.push(next);
    return this.record();
  }

  /** Pixels for a screen, in a look's colours or as they are. part: of the photo. */
  async #picture(pixels, extent, look) {
    const { width, height } = pixels;
    if (!look) return createImageBitmap(pixels);
    const { kernel } = this.engine;
    const { chroma } = await this.colors.of(look);
    const colored = kernel.scoped(() => {
      const pass = new FullSizePass(kernel, { width, height, isGray: this.photo.isGray, chroma, extent,
        mostRows: height });
      return new Uint8ClampedArray(pass.color(pixels.data, 0));
    });
    return createImageBitmap(new ImageData(colored, width, height));
  }

  /** The whole photo, its long side at most `longest` pixels; an ImageBitmap. */
  async preview({ revision, longest = 1280, original = false }) {
    const { photo } = this;
    const scale = Math.min(1, longest / Math.max(photo.width, photo.height));
    const [width, height] = [photo.width, photo.height].map((side) => Math.max(1, Math.round(side * scale)));
    const key = `${width} ${height}`;
    if (!this.#reduced.has(key)) {
      while (this.#reduced.size > 2) this.#reduced.delete(this.#reduced.keys().next().value);
      this.#reduced.set(key, await photo.piece({ x: 0, y: 0, width: photo.width, height: photo.height }, width, height));
    }
    return this.#picture(this.#reduced.get(key), undefined, original ? null : this.look(revision));
  }

  /** A piece from full resolution, clipped to the photo; an ImageBitmap. */
  async region({ x, y, w, h, width = Infinity, revision, original = false }) {
    const { photo } = this;
    const left = Math.max(0, x);
    const top = Math.max(0, y);
    const part = { x: left, y: top, width: Math.min(photo.width, x + w) - left,
      height: Math.min(photo.height, y + h) - top };
    if (!(part.width > 0 && part.height > 0)) throw new Error("the piece lies outside the photo");
    const scale = Math.min(1, width / part.width, Math.sqrt(MOST_PIECE / (part.width * part.height)));
    const sides = [part.width, part.height].map((side) => Math.max(1, Math.round(side * scale)));
    const pixels = await photo.piece(part, ...sides);
    const extent = [[part.y / photo.height, (part.y + part.height) / photo.height],
      [part.x / photo.width, (part.x + part.width) / photo.width]];
    return this.#picture(pixels, extent, original ? null : this.look(revision));
  }

  async confidence({ revision }) {
    const { confidence } = await this.colors.of(this.look(revision));
    const { data, width, height } = confidencePicture(confidence);
    return createImageBitmap(new ImageData(data, width, height));
  }

  suggestions({ revision, x, y, count = 6 }) {
    return this.colors.suggestions(this.look(revision), { x: Number(x), y: Number(y), count: Number(count) });
  }

  async border() { return { crop: await borderOf(this.photo) }; }

  /** The full-size file, { blob, name }. */
  async result({ revision, format, quality = 95, mark = true, reversible = false }) {
    const look = this.look(revision);
    return resultOf(this.photo, this.engine.kernel, await this.colors.of(look), look,
      { format: format || this.format, quality: Number(quality), mark: mark !== false, reversible });
  }

  close() { this.photo.rest(); }
}
