import * as api from "./api.js";
import { History } from "./history.js";
import { markedHints, plainHints } from "./hints.js";
import { texts } from "./texts.js";

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** Parts of a look that shots of films share. */
const NOT_OF_FILMS = ["model", "size", "variant", "seed", "strokes", "references", "repair", "crop", "turn"];

const plainReferences = (references) => references.map(
  ({ photo, revision }) => ({ session: photo.leading.id, revision }));

/** A look in plain values: as the server takes it, and which looks of its references lead it. */
const plain = (look) => ({ ...look, hints: plainHints(look.hints),
  references: plainReferences(look.references) });

/** Parts of a plain look as the server takes them. */
const asked = ({ references, ...part }) => (references
  ? { ...part, references: references.map(({ session }) => session) } : part);

let lastKey = 0;

/** The parts of `look` that differ from `sent`. */
function changes(sent, look) {
  return Object.fromEntries(Object.entries(plain(look)).filter(
    ([key, value]) => !same(value, sent[key])));
}

/** One photo: its file, the session on the server, its look and its history.
 *  Events: "state", "look", "again" (the session had expired and is opened again) and "opened" (it is,
 *  and the looks have other revisions). */
export class Photo {
  key = (lastKey += 1); // its own in this page
  state = "waiting"; // then "uploading", "colouring", "ready" or "failed"
  progress = 0;
  problem = "";
  session = null;
  can = {};
  look = null;
  history = null;
  revision = 0;
  pinned = null; // { look, revision } to compare with
  selected = null; // the mark of a hint
  lightness = null; // of the original, to show hints in the colours they take
  thumbnail = document.createElement("canvas");
  leaving = new AbortController();
  number = 0; // in the order of opening
  pending = null; // parts of a look that it gets when it is open
  colored = false; // its colours have been fetched once
  saved = true; // nothing would be lost with the page
  revealed = false; // its colours have been shown once
  film = null; // whose shot it is, or which has no shots yet
  shot = null; // its number
  seen = true; // whether it is opened without being asked for
  #drafted = null; // the label of a draft
  #asked = new Set(); // requests about the session that are under way
  #sent = null; // the same, in the form of requests
  #accepted = null; // the last look that the server took
  #turn = Promise.resolve();
  #reopening = null;
  #newest = null; // the session while it is opened again, before it has the looks

  /** `emit(type, details)` receives the events. */
  constructor(file, emit, name = file.name) {
    this.file = file;
    this.emit = (type, details) => emit(type, { photo: this, ...details });
    this.name = name || texts.pastedName;
    this.opening = file && ((options) => api.upload(file, options));
    this.thumbnail.width = this.thumbnail.height = 1;
  }

  /** A photo that the page had before it was loaded again: the server still has its file. */
  static kept(session, saved, emit) {
    const photo = new Photo(null, emit, session.name);
    photo.adopt(session);
    Object.assign(photo, { saved, colored: saved, revealed: true });
    return photo;
  }

  /** `problem` is the server's line; the photo's name is put before it where it is missing. */
  become(state, problem = "") {
    this.state = state;
    this.problem = state !== "failed" || problem.startsWith(this.name)
      ? problem : `${this.name}: ${problem}`;
    this.emit("state");
  }

  get isOpen() { return this.session !== null; }

  /** Those parts of a look that it can have. */
  fitting(part) {
    const missing = this.film ? NOT_OF_FILMS : [];
    return Object.fromEntries(Object.entries(part).filter(([key]) => !missing.includes(key)));
  }

  /** Those parts of another photo's look that it can have; strokes of a repair stay its own. */
  taking(part) {
    const fitting = this.fitting(part);
    if (!fitting.repair) return fitting;
    const strokes = this.look?.repair?.strokes ?? [];
    return { ...fitting, repair: { ...fitting.repair, strokes } };
  }

  /** Width and height: of the photo, or of the browser's own thumbnail before the photo is open. */
  get size() {
    const { width, height } = this.session ?? this.thumbnail;
    return { width, height };
  }

  /** The session by which it leads other photos. */
  get leading() { return this.#newest ?? this.session; }

  /** A session that the server just gave. */
  adopt(session) {
    this.session = session;
    this.can = session.can;
    this.revision = session.revision;
    this.look ??= { ...session.look, hints: markedHints(session.look.hints), references: [] };
    this.history ??= new History(this.look);
    this.#accepted = this.look;
    this.#sent = { ...session.look, references: [] };
  }

  /** What leads a photo that the page had before it was loaded again. */
  ledBy(references) {
    this.look = { ...this.look, references };
    this.history = new History(this.look);
    this.#accepted = this.look;
    this.#sent = { ...this.#sent, references: plainReferences(references) };
  }

  /** Whether another photo leads this one, in its look or in one that it can go back to. */
  needs(other) {
    const led = ({ references }) => references.some(({ photo }) => photo === other);
    return Boolean(this.look && (led(this.look) || this.history.some(led)
      || (this.pinned && led(this.pinned.look))));
  }

  /** Change parts of the look; a draft is shown, but is no step to go back to. */
  change(part, label, { draft = false, key = null } = {}) {
    this.look = { ...this.look, ...part };
    this.#drafted = draft ? label : null;
    if (!draft) {
      this.history.commit(this.look, label, key);
      this.saved = false;
    }
    this.emit("look", { draft });
  }

  /** Make a step of a draft whose gesture was interrupted. */
  keepDraft() { if (this.#drafted) this.change({}, this.#drafted); }

  undo() { return this.#go(this.history.undo()); }

  redo() { return this.#go(this.history.redo()); }

  #go({ look, label }) {
    this.look = look;
    this.#drafted = null;
    this.saved = false;
    this.emit("look");
    return label;
  }

  /** Send a request about the session; a session that expired is opened again first, and looks that
   *  the server has dropped are sent again. `work` is then called anew. */
  async ask(work) {
    const answer = this.#ask(work);
    this.#asked.add(answer);
    try {
      return await answer;
    } finally {
      this.#asked.delete(answer);
    }
  }

  async #ask(work) {
    const { id } = this.session;
    try {
      return await work(id);
    } catch (error) {
      const { sessionMissing, revisionMissing } = error;
      if (this.leaving.signal.aborted || !(sessionMissing || revisionMissing)) throw error;
      if (id === this.session.id) {
        this.#reopening ??= (sessionMissing ? this.#reopen() : this.#resend()).finally(
          () => { this.#reopening = null; });
        await this.#reopening;
      }
      return work(this.session.id);
    }
  }

  /** Let the server delete the session, once nothing more is asked about it. */
  async giveBack() {
    do {
      await Promise.allSettled(this.#asked);
      await new Promise((done) => { setTimeout(done); }); // what follows an answer is asked at once
    } while (this.#asked.size);
    await api.deleteSession(this.session.id).catch(() => {});
  }

  /** Send the current look to the server; resolves to its revision. */
  settle() {
    const turn = this.#turn.catch(() => {}).then(() => this.#send());
    this.#turn = turn;
    return turn;
  }

  async #send() {
    const { look } = this;
    const part = changes(this.#sent, look);
    if (!Object.keys(part).length) return this.revision;
    try {
      this.#note(await this.ask((id) => this.#patch(id, part, look)), plain(look));
      this.#accepted = look;
    } catch (error) {
      // What the server refuses must not stay on the screen as if it were in force.
      if ((error.status === 422 || error.lost) && this.look === look) {
        this.history.forget(look);
        this.look = this.#accepted;
        this.emit("look");
      }
      throw error;
    }
    return this.revision;
  }

  /** Change a session's look; references of it that the server no longer has are opened again. */
  async #patch(id, part, look) {
    try {
      return await api.patchSession(id, asked(part));
    } catch (error) {
      if (!error.sessionMissing || !part.references?.length) throw error;
      await Promise.all(look.references.map(({ photo }) => photo.#reach()));
      return api.patchSession(id, asked({ ...part, references: plainReferences(look.references) }));
    }
  }

  /** Make sure that the server has the session by which this photo leads others. */
  async #reach() {
    try {
      await (this.#newest ? api.getSession(this.#newest.id) : this.ask(api.getSession));
    } catch (error) {
      throw Object.assign(error, { lost: true });
    }
  }

  #note(session, look) {
    this.#sent = look;
    this.revision = session.revision;
    this.can = session.can;
    this.session = { ...this.session, revision: session.revision };
  }

  /** Send a file's hints and strokes to the server; resolves to the look as it took them. */
  async load(local) {
    await this.settle();
    const session = await this.ask((id) => api.patchSession(id, local));
    this.#note(session, { ...session.look, references: this.#sent.references });
    return session.look;
  }

  async #reopen() {
    if (!this.opening) throw new Error(texts.lost(this.name));
    this.emit("again");
    await this.#state(await this.opening(
      { progress: () => {}, waiting: () => {}, signal: this.leaving.signal }));
  }

  async #resend() { await this.#state(await api.getSession(this.session.id)); }

  /** Give a session of the server the pinned look and the present one. */
  async #state(session) {
    let answer = session;
    let sent = session.look;
    this.#newest = session;
    try {
      for (const holder of [this.pinned, this]) {
        if (!holder) continue;
        const { look } = holder;
        const part = changes(sent, look);
        if (Object.keys(part).length) answer = await this.#patch(session.id, part, look);
        holder.revision = answer.revision;
        sent = plain(look);
      }
      this.session = session;
    } finally {
      this.#newest = null;
    }
    this.#note(answer, sent);
    this.emit("opened");
  }
}
