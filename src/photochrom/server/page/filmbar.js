import * as api from "./api.js";
import { byId, deliver, element } from "./dom.js";
import { texts } from "./texts.js";

const KINDS = { mp4: { container: "mp4" }, mkv: { container: "mkv" }, lossless: { lossless: true } };
const PARTS = ["film-meter", "film-preview", "film-color", "film-stop", "film-download"];

/** The row below a shot: what its film needs, from the preview of a shot to the finished file. */
export class FilmBar {
  #previewing = null; // AbortController of the preview that is made
  #address = null; // of the preview that is shown
  #announced = new WeakMap(); // film -> the state that was last announced

  /** `usual`: ranges and defaults of a look. */
  constructor(album, usual, pictures, status) {
    Object.assign(this, { album, usual, pictures, status });
    this.node = byId("film");
    this.dialog = byId("film-dialog");
    this.screen = byId("preview-dialog");
    this.video = byId("preview-video");
    this.kind = byId("film-kind");
    this.kind.append(...Object.keys(KINDS).map((value) =>
      element("option", { value, text: texts.film.kinds[value] })));
    const press = (id, deed) => byId(id).addEventListener("click", () => status.guard(deed));
    press("film-preview", () => this.#preview());
    press("film-color", () => this.#color());
    press("film-stop", () => this.film.stop());
    press("film-download", () => this.download());
    press("film-start", () => this.#start());
    press("film-picture", () => {
      this.dialog.close();
      pictures.open();
    });
    this.screen.addEventListener("close", () => this.#endPreview());
    this.video.addEventListener("error", () => {
      if (this.#address) byId("preview-note").textContent = texts.film.cannotPlay;
    });
    for (const type of ["current", "photos", "look"]) album.addEventListener(type, () => this.#show());
    album.addEventListener("film", ({ detail: { film } }) => {
      this.#tell(film);
      this.#show();
    });
  }

  get film() { return this.album.current?.film; }

  get #changed() {
    const { film } = this;
    return film.rendered !== null && film.rendered !== JSON.stringify(film.settings(this.usual));
  }

  /** Download the finished film, or colour it first. */
  async download() {
    const { film } = this;
    if (film.record.state !== "finished") return this.#ask();
    if (api.hasToken()) {
      const { blob, name } = await api.filmResult(film.id);
      deliver(blob, name);
    } else element("a", { href: api.filmAddress(film.id), download: film.record.result.name }).click();
    this.status.say(texts.downloaded(film.record.result.name));
    return film.keep();
  }

  #ask() {
    const { name, record } = this.film;
    byId("film-about").textContent = texts.film.about(name, record.shots.length, record.pictures);
    byId("film-note").textContent = "";
    this.dialog.showModal();
  }

  /** Go on with what was stopped; else ask how. */
  #color() {
    const { film } = this;
    return film.how && film.record.state !== "finished" ? film.render(this.usual, film.how) : this.#ask();
  }

  async #start() {
    const how = { ...KINDS[this.kind.value], mark: byId("film-mark").checked };
    this.album.current.keepDraft();
    byId("film-note").textContent = "";
    try {
      await this.film.render(this.usual, how);
    } catch (error) {
      byId("film-note").textContent = error.message;
      return;
    }
    this.dialog.close();
    byId("film-stop").focus();
  }

  async #preview() {
    const { current: shot } = this.album;
    shot.keepDraft();
    const work = this.#previewing = new AbortController();
    byId("preview-title").textContent = texts.film.previewOf(shot.name);
    byId("preview-note").textContent = texts.film.previewing;
    this.screen.classList.add("busy");
    this.video.hidden = true;
    this.screen.showModal();
    try {
      const blob = await shot.film.preview(shot, this.usual, work.signal);
      if (work.signal.aborted) return;
      this.#address = URL.createObjectURL(blob);
      this.video.src = this.#address;
      this.video.hidden = false;
      byId("preview-note").textContent = texts.film.previewIs;
    } catch (error) {
      if (!work.signal.aborted) byId("preview-note").textContent = error.message;
    } finally {
      if (this.#previewing === work) this.screen.classList.remove("busy");
    }
  }

  #endPreview() {
    this.#previewing?.abort();
    this.#previewing = null;
    this.video.pause();
    if (!this.#address) return;
    URL.revokeObjectURL(this.#address);
    this.#address = null;
    this.video.removeAttribute("src");
    this.video.load();
  }

  /** Say once how the work on a film ended. */
  #tell(film) {
    const { state, problem, result } = film.record;
    const before = this.#announced.get(film);
    this.#announced.set(film, state);
    if (state === before || !film.shots.length) return;
    if (state === "finished" && before) this.status.say(texts.film.finished(film.name, result.pictures));
    else if (state === "failed") this.status.regret(problem);
    else if (before === undefined || before === "surveying")
      this.status.whisper(texts.film.found(film.name, film.shots.length));
  }

  #show() {
    const { film, album: { current } } = this;
    const there = Boolean(film) && current.shot !== null;
    this.node.hidden = !there;
    if (!there) return;
    const { record, stopping } = film;
    const { start, end } = record.shots[current.shot];
    const working = record.state === "rendering";
    const finished = record.state === "finished";
    const share = record.progress?.total ? record.progress.done / record.progress.total : 0;
    byId("film-name").textContent = film.name;
    byId("film-words").textContent = this.#words(record, stopping)
      ?? texts.film.shotFrom(current.shot + 1, record.shots.length, start, end);
    this.node.classList.toggle("failed", record.state === "failed");
    const shown = { "film-meter": working, "film-preview": !working, "film-color": !working,
      "film-stop": working, "film-download": finished };
    const focused = document.activeElement.id;
    for (const id of PARTS) byId(id).hidden = !shown[id];
    byId("film-stop").setAttribute("aria-disabled", String(stopping)); // a disabled one loses the focus
    byId("film-meter").value = share;
    const color = byId("film-color");
    color.textContent = finished ? texts.film.colorAgain : film.how ? texts.film.goOn : texts.film.color;
    color.classList.toggle("strong", !finished || this.#changed);
    byId("film-download").classList.toggle("strong", finished && !this.#changed);
    if (shown[focused] === false) // the button that had the focus has gone
      byId(working ? "film-stop" : finished ? "film-download" : "film-color").focus();
  }

  /** What is said of the work; null where there is none. */
  #words({ state, progress, problem, waits, result }, stopping) {
    if (state === "failed") return problem;
    if (state === "finished")
      return this.#changed ? texts.film.changed : texts.film.isFinished(result.pictures, result.bytes);
    if (state === "rendering") {
      if (stopping) return texts.film.stopping;
      if (waits) return texts.film.waits;
      return texts.film.coloring(progress);
    }
    return progress?.done ? texts.film.stopped(progress) : null;
  }
}
