import * as api from "./api.js";
import { sketch } from "./dom.js";
import { Film } from "./film.js";
import { framed } from "./framing.js";
import { texts } from "./texts.js";
import { Photo } from "./photo.js";
import { References } from "./references.js";

const AT_ONCE = 2;
const THUMBNAIL = 256;

/** The photos on the table, in order, one of them current.
 *  Events: "photos" (added, removed), "current", "references" (the picture of one has come), and the events
 *  of its photos, with { photo } as detail. */
export class Album extends EventTarget {
  photos = [];
  current = null;
  #opened = 0; // photos so far
  #uploads = 0;
  #coloring = Promise.resolve();
  #gone = new Set(); // removed photos that can still come back

  constructor(limits) {
    super();
    this.limits = limits;
    this.references = new References(this, () => this.#emit("references"));
    for (const type of ["photos", "look"])
      this.addEventListener(type, ({ detail }) => { if (!detail?.draft) this.references.sweep(); });
  }

  /** The photos on the table, and those that can still come back to it. */
  get held() { return [...this.photos, ...this.#gone]; }

  add(files) {
    const added = [...files].map((file) => (Film.is(file) ? new Film(file, this.#heard).leader
      : new Photo(file, this.#heard)));
    for (const photo of added) photo.number = this.#opened += 1;
    if (!added.length) return;
    this.photos.push(...added);
    for (const photo of added) this.#sketch(photo);
    this.#emit("photos");
    this.select(added[0]);
    this.#pump();
  }

  /** Take back what the server has kept: { session, saved } of photos, { record, sessions, saved } of
   *  films. */
  takeBack(kept) {
    const photos = kept.flatMap(({ session, saved, ...film }) => (session
      ? Photo.kept(session, saved, this.#heard) : Film.kept(film, saved, this.#heard)));
    for (const photo of photos) photo.number = this.#opened += 1;
    this.photos.push(...photos);
    for (const photo of photos) if (photo.isOpen) photo.ledBy(this.references.of(photo.session.look.references));
    this.#emit("photos");
    for (const photo of photos) if (photo.isOpen) this.#color(photo);
    for (const film of this.films) this.#follow(film);
  }

  /** The films whose shots are among the photos, or will be. */
  get films() { return [...new Set(this.photos.map(({ film }) => film).filter(Boolean))]; }

  #heard = (type, detail) => this.#emit(type, detail);

  /** Photos that are coloured, that failed, and that are still to come. */
  get byState() {
    const of = (...states) => this.photos.filter((photo) => states.includes(photo.state));
    return { ready: of("ready"), failed: of("failed"),
      coming: of("waiting", "uploading", "coloring") };
  }

  select(photo) {
    if (photo === this.current) return;
    this.current?.keepDraft();
    if (this.current?.isOpen) this.current.settle().catch(() => {}); // sent again when it is seen
    this.current = photo;
    this.#emit("current");
    if (photo) this.want(photo);
  }

  /** A person sees a photo: a shot of a film is opened now. */
  want(photo) {
    if (photo.seen) return;
    photo.seen = true;
    this.#pump();
  }

  /** Wait for a film's shots and put them in the place of what stood for it; follow its work. */
  async #follow(film) {
    await film.follow();
    const { leader, shots } = film;
    if (!this.photos.includes(leader) || film.record.state === "failed") return;
    const at = this.photos.indexOf(leader);
    for (const photo of shots) photo.number = leader.number;
    this.photos = this.photos.toSpliced(at, 1, ...shots);
    this.#emit("photos");
    if (this.current === leader) this.select(shots[0]);
  }

  /** The neighbour of the current photo, -1 before or 1 after it. */
  step(by) {
    const next = this.photos[this.photos.indexOf(this.current) + by];
    if (next) this.select(next);
  }

  /** Take photos off the table. Returns { back, end }: bring them back, or let the server delete them. */
  remove(gone) {
    const before = this.photos;
    const at = before.indexOf(this.current);
    this.photos = before.filter((photo) => !gone.includes(photo));
    for (const photo of gone) {
      photo.leaving.abort();
      this.#gone.add(photo);
    }
    if (gone.includes(this.current)) {
      const stays = (photo) => this.photos.includes(photo);
      this.select(before.slice(at).find(stays) ?? before.slice(0, at).findLast(stays) ?? null);
    }
    this.#emit("photos");
    return {
      back: () => {
        const added = this.photos.filter((photo) => !before.includes(photo));
        this.photos = [...before.filter((photo) => gone.includes(photo)
          || this.photos.includes(photo)), ...added];
        for (const photo of gone) {
          this.#gone.delete(photo);
          this.#welcome(photo);
        }
        this.#emit("photos");
        this.select(gone[0]);
        this.#pump();
      },
      // The server deletes a session that is left over when it expires.
      end: () => {
        for (const photo of gone) this.#gone.delete(photo);
        for (const photo of gone)
          if (photo.isOpen) this.references.release(photo);
        this.references.sweep();
        for (const film of new Set(gone.map((photo) => photo.film))) film?.close();
      },
    };
  }

  /** Continue where a removed photo was interrupted. */
  #welcome(photo) {
    photo.leaving = new AbortController();
    if (photo.film?.isOpen && photo === photo.film.leader) return this.#follow(photo.film);
    if (photo.state === "coloring") this.#color(photo);
    else if (photo.state === "uploading") photo.become("waiting");
  }

  /** Give photos parts of a look, each those of `partOf(photo)`; returns a function that undoes it. */
  apply(photos, partOf, label) {
    const steps = photos.map((photo) => ({ photo, before: photo.look, part: photo.taking(partOf(photo)) }));
    const change = (photo, look) => {
      if (!photo.isOpen) return;
      photo.change(look, label);
      if (photo !== this.current && photo.state === "ready") this.#color(photo);
    };
    for (const { photo, part } of steps) {
      photo.pending = photo.isOpen ? null : part;
      change(photo, part);
    }
    for (const film of new Set(photos.map((photo) => photo.film)))
      if (film) this.#emit("film", { film });
    return () => steps.forEach(({ photo, before, part }) => {
      photo.pending = null;
      const keys = Object.keys(part);
      if (before) change(photo, Object.fromEntries(keys.map((key) => [key, before[key]])));
    });
  }

  /** Put the photos into another order, by a function that compares two. */
  sort(compare) {
    this.photos = [...this.photos].sort(compare);
    this.#emit("photos");
  }

  retry(photo) {
    if (photo.isOpen) {
      this.#color(photo);
    } else {
      photo.become("waiting");
      this.#pump();
    }
  }

  #emit(type, detail) { this.dispatchEvent(new CustomEvent(type, { detail })); }

  /** A first picture of the file, where the browser can read it. */
  async #sketch(photo) {
    if (photo.film) return;
    try {
      const picture = await createImageBitmap(photo.file, { resizeWidth: THUMBNAIL });
      if (photo.state !== "ready") sketch(photo.thumbnail, picture, THUMBNAIL);
      picture.close();
      photo.emit("state");
    } catch { /* TIFF and the like: the server's picture follows */ }
  }

  #pump() {
    while (this.#uploads < AT_ONCE) {
      const photo = this.photos.find((one) => one.state === "waiting" && one.seen);
      if (!photo) return;
      this.#uploads += 1;
      this.#upload(photo).finally(() => {
        this.#uploads -= 1;
        this.#pump();
      });
    }
  }

  async #upload(photo) {
    if (!photo.opening) {
      photo.become("failed", texts.lost(photo.name));
      return;
    }
    const most = photo.film ? this.limits.film_bytes : this.limits.upload_bytes;
    if (photo.file?.size > most) {
      photo.become("failed", texts.tooLarge(photo.file.size, most));
      return;
    }
    const { signal } = photo.leaving;
    photo.progress = 0;
    photo.become("uploading");
    try {
      const session = await photo.opening({
        signal,
        progress: (share) => { photo.progress = share; photo.become("uploading"); },
        waiting: (seconds, why) => photo.become("uploading", texts.waits(seconds, why)),
      });
      if (photo === photo.film?.leader) {
        this.#follow(photo.film);
        return;
      }
      if (signal.aborted) {
        api.deleteSession(session.id).catch(() => {});
        return;
      }
      photo.adopt(session);
      if (photo.pending) photo.change(photo.pending, texts.step.apply);
      this.#color(photo);
    } catch (error) {
      if (error.name !== "AbortError") photo.become("failed", error.message);
    }
  }

  /** Colour photos for their thumbnails, one after the other; the preview colours the current one. */
  #color(photo) {
    photo.become("coloring");
    this.#coloring = this.#coloring.then(async () => {
      if (photo.state !== "coloring" || photo.leaving.signal.aborted) return;
      if (photo === this.current) return;
      try {
        const picture = await this.#picture(photo);
        this.finish(photo, picture);
        picture.close();
      } catch (error) {
        if (!photo.leaving.signal.aborted) photo.become("failed", error.message);
      }
    });
  }

  /** A small picture of the photo's look, fetched again where the look changes meanwhile. */
  async #picture(photo) {
    const { look } = photo;
    await photo.settle();
    photo.leaving.signal.throwIfAborted();
    const picture = await photo.ask((id) =>
      api.preview(id, { revision: photo.revision, longest: THUMBNAIL }));
    if (photo.look === look || photo === this.current) return picture;
    picture.close();
    return this.#picture(photo);
  }

  /** A coloured picture of the photo has been fetched. */
  finish(photo, picture) {
    sketch(photo.thumbnail, framed(picture, photo), THUMBNAIL);
    if (!photo.colored) Object.assign(photo, { colored: true, saved: false });
    photo.become("ready");
  }
}
