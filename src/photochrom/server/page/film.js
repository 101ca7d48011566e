import * as api from "./api.js";
import { plainHints } from "./hints.js";
import { Photo } from "./photo.js";
import { texts } from "./texts.js";

const EVERY_MS = 500;
const UNREACHED_MS = 3000;
const KEYS = ["vividness", "saturation", "warmth", "tint", "smooth"];
const WORKING = ["surveying", "rendering"];

const pause = (time) => new Promise((done) => setTimeout(done, time));

/** One film: its file, what the server has of it, and its shots as photos.
 *  Events: "film" (something of it changed), beside those of its photos. */
export class Film {
  static SUFFIXES = [".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".m2v", ".vob",
    ".m2ts", ".mts", ".ts", ".wmv", ".asf", ".flv", ".ogv", ".mxf", ".dv", ".3gp", ".y4m"];

  /** Whether a file is a film, by its type or its name. */
  static is = ({ name, type }) => type.startsWith("video/")
    || Film.SUFFIXES.some((suffix) => name.toLowerCase().endsWith(suffix));

  record = null; // the server's last answer
  shots = []; // photos
  saved = true; // its result is downloaded, or there is none
  rendered = null; // the colours of its result, as JSON
  stopping = false; // a person has stopped the colouring, which still ends
  #following = null;
  #closed = false;

  constructor(file, heard, name = file.name) {
    Object.assign(this, { file, heard, name });
    /** The photo that stands for the film until its shots are known. */
    this.leader = new Photo(file, heard, name);
    this.leader.film = this;
    this.leader.opening = file && ((options) => this.#open(options));
  }

  /** A film that the page had before it was loaded again; returns its photos. */
  static kept({ record, sessions, rendered }, saved, heard) {
    const film = new Film(null, heard, record.name);
    Object.assign(film, { record, rendered, saved });
    if (record.state === "surveying") film.leader.state = "uploading";
    else film.#unroll();
    for (const shot of film.shots) {
      const session = sessions.get(shot.shot);
      if (!session) continue;
      shot.adopt(session);
      Object.assign(shot, { seen: true, colored: saved, saved, revealed: true });
    }
    return film.shots.length ? film.shots : [film.leader];
  }

  get isOpen() { return this.record !== null && !this.#closed; }

  get id() { return this.record?.id; }

  /** Give what changed to the page. */
  #tell() { this.heard("film", { film: this }); }

  async #open(options) {
    this.close(); // a failed one that is tried again
    this.record = null;
    this.#closed = false;
    this.record = await api.uploadFilm(this.file, options);
    if (options.signal.aborted) {
      this.close();
      options.signal.throwIfAborted();
    }
    return this.record;
  }

  /** Ask the server how the work goes, until it has ended. */
  follow() {
    this.#following ??= this.#follow().finally(() => { this.#following = null; });
    return this.#following;
  }

  async #follow() {
    for (;;) {
      this.#show();
      if (!WORKING.includes(this.record.state) || this.leader.leaving.signal.aborted) return;
      await pause(EVERY_MS);
      try {
        this.record = await api.getFilm(this.id);
      } catch (error) {
        if (error.sessionMissing) {
          this.record = { ...this.record, state: "failed", problem: texts.film.lost(this.name) };
        } else await pause(UNREACHED_MS);
      }
    }
  }

  /** The state of the work, at what stands for the film while it is read. */
  #show() {
    const { state, progress, problem } = this.record;
    if (state !== "rendering") this.stopping = false;
    if (!this.shots.length) {
      if (state === "failed") this.leader.become("failed", problem);
      else if (state === "surveying") {
        this.leader.progress = progress?.total ? progress.done / progress.total : 0;
        this.leader.become("uploading", texts.film.reading(Math.round(100 * this.leader.progress)));
      } else this.#unroll();
    }
    this.#tell();
  }

  /** Make a photo of each shot. It is opened when a person sees it. */
  #unroll() {
    this.shots = this.record.shots.map(({ start }, number) => {
      const shot = new Photo(null, this.heard, texts.film.shotName(this.name, start));
      shot.opening = () => api.openShot(this.id, number);
      return Object.assign(shot, { film: this, shot: number, seen: false });
    });
  }

  /** What the panel says of a shot. */
  factsOf({ shot, session }) {
    return `${texts.film.shotOf(shot + 1, this.shots.length)} · ${session.width} × ${session.height}`;
  }

  get notes() {
    const { in_color, notes, result } = this.record;
    return [in_color && texts.film.inColor, ...notes, ...(result?.notes ?? [])].filter(Boolean);
  }

  /** The colours of a shot as the server takes them. */
  #settingsOf({ shot, look, pending }, usual) {
    const own = look ?? pending ?? {};
    const plain = Object.fromEntries(KEYS.map((key) => [key, own[key] ?? usual[key].default]));
    return { shot, ...plain, hints: plainHints(look?.hints ?? []) };
  }

  /** The shots that are not coloured as usual. */
  settings(usual) {
    return this.shots.map((shot) => this.#settingsOf(shot, usual)).filter((one) =>
      one.hints.length || KEYS.some((key) => one[key] !== usual[key].default));
  }

  preview(shot, usual, signal) {
    return api.filmPreview(this.id, this.#settingsOf(shot, usual), signal);
  }

  /** Begin to colour the film, or go on. */
  async render(usual, how) {
    const shots = this.settings(usual);
    this.record = await api.render(this.id, { shots, ...how });
    Object.assign(this, { rendered: JSON.stringify(shots), how, saved: false, stopping: false });
    this.follow();
  }

  async stop() {
    if (this.stopping) return;
    this.stopping = true;
    this.#tell();
    this.record = await api.cancelRender(this.id);
    this.#tell();
  }

  /** The film is on the person's disk. */
  keep() {
    this.saved = true;
    for (const shot of this.shots) shot.saved = true;
    this.#tell();
  }

  /** Let the server delete it. */
  close() {
    if (!this.isOpen) return;
    this.#closed = true;
    api.deleteFilm(this.id).catch(() => {}); // or it expires
  }
}
