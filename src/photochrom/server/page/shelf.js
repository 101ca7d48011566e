import * as api from "./api.js";

const KEY = "photochrom-photos";

/** What distinguishes a photo from the others of the page. */
const keyOf = ({ film, shot, session }) => (film ? `${film.id} ${shot}` : session?.id);

/** Remembers in the tab's storage which photos and films the page has, so that they come back after it
 *  was loaded again. They themselves lie on the server. */
export class Shelf {
  constructor(album) {
    this.album = album;
    this.before = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
  }

  /** Open the photos of before again; resolves to how many the server no longer has. */
  async open() {
    const answers = await Promise.allSettled(this.before.map(
      (one) => (one.film ? this.#film(one) : this.#photo(one))));
    const kept = answers.flatMap(({ value }) => value ?? []);
    if (kept.length) {
      this.album.takeBack(kept);
      const current = this.before.find((one) => one.current)?.current;
      const { photos } = this.album;
      this.album.select(photos.find((photo) => keyOf(photo) === current) ?? photos[0]);
    }
    for (const type of ["photos", "current"])
      this.album.addEventListener(type, () => this.#keep());
    this.album.addEventListener("state", ({ detail: { photo } }) => {
      if (photo.state !== "uploading") this.#keep(); // which comes with every piece that is sent
    });
    window.addEventListener("pagehide", () => this.#keep());
    this.#keep();
    return this.before.length - kept.length;
  }

  async #photo({ id, saved }) { return { session: await api.getSession(id), saved }; }

  async #film({ film, shots, rendered, saved }) {
    const record = await api.getFilm(film);
    const answers = await Promise.allSettled(shots.map(
      async ([number, id]) => [number, await api.getSession(id)]));
    const sessions = new Map(answers.filter(({ value }) => value).map(({ value }) => value));
    return { record, rendered, saved, sessions };
  }

  #keep() {
    const { photos, films, current } = this.album;
    const kept = photos.filter((photo) => photo.isOpen && !photo.film).map((photo) => (
      { id: photo.session.id, saved: photo.colored && photo.saved }));
    const open = films.filter((film) => film.isOpen).map((film) => ({ film: film.id, saved: film.saved,
      rendered: film.rendered,
      shots: film.shots.filter((shot) => shot.isOpen).map((shot) => [shot.shot, shot.session.id]) }));
    const all = [...kept, ...open];
    if (all.length && current) all[0].current = keyOf(current);
    sessionStorage.setItem(KEY, JSON.stringify(all));
  }
}
