import * as api from "./api.js";
import { sketch } from "./dom.js";
import { Photo } from "./photo.js";
import { texts } from "./texts.js";

export const MOST_REFERENCES = 20; // of a look; the server takes no more
const THUMBNAIL = 256;

/** A photo that leads the colours of another one, as it is with one of its looks. Never changed, only
 *  replaced. */
export class Reference {
  constructor(photo) { Object.assign(this, { photo, revision: photo.revision }); }

  /** By this looks are told apart. */
  toJSON() { return [this.photo.key, this.revision]; }
}

/** A look's references, and another one behind them in the place of what that photo gave before. */
export const ledToo = ({ references }, reference) =>
  [...references.filter(({ photo }) => photo !== reference.photo), reference].slice(-MOST_REFERENCES);

/** The sessions of photos that lead others and are not on the table. They are kept for as long as a
 *  photo of the table needs them. */
export class References {
  #hidden = new Set();

  /** `told()` is called when the picture of one has come. */
  constructor(album, told) { Object.assign(this, { album, told }); }

  get sessions() { return [...this.#hidden].map(({ session }) => session.id); }

  /** Send the file of a photo that shall lead others. Throws where it is not in colour. */
  async open(photo, progress) {
    const { file, name, leaving: { signal } } = photo;
    const most = this.album.limits.upload_bytes;
    if (file.size > most) throw new Error(`${name}: ${texts.tooLarge(file.size, most)}`);
    photo.adopt(await photo.opening({ signal, progress, waiting: () => {} }));
    if (photo.session.in_color && !signal.aborted) return;
    photo.giveBack();
    signal.throwIfAborted();
    throw new Error(texts.reference.gray(name));
  }

  /** Keep a photo that is not on the table. */
  keep(photo) {
    this.#hidden.add(photo);
    this.#sketch(photo);
  }

  /** A photo has left the table for good. */
  release(photo) {
    if (this.#needed(photo)) {
      photo.leaving = new AbortController();
      this.#hidden.add(photo);
    } else photo.giveBack();
  }

  /** Let the server delete what no photo needs any more. */
  sweep() {
    for (const photo of this.#hidden) {
      if (this.#needed(photo)) continue;
      this.#hidden.delete(photo);
      photo.giveBack();
    }
  }

  #needed(photo) { return this.album.held.some((one) => one.needs(photo)); }

  /** References of looks, of those in a session's answer. */
  of(answers) {
    const known = [...this.album.photos, ...this.#hidden];
    return answers.map(({ session: id, name }) => new Reference(
      known.find(({ session }) => session?.id === id) ?? this.#remembered(id, name)));
  }

  /** A photo of which the page has no file any more. */
  #remembered(id, name) {
    const photo = new Photo(null, () => {}, name);
    photo.session = { id };
    this.keep(photo);
    return photo;
  }

  async #sketch(photo) {
    try {
      const picture = await photo.ask((id) => api.preview(id, { original: true, longest: THUMBNAIL }));
      sketch(photo.thumbnail, picture, THUMBNAIL);
      picture.close();
      this.told();
    } catch { /* it leads without a picture, too */ }
  }
}
