import { byId, coarse } from "./dom.js";
import { displayed } from "./framing.js";
import { sharedPart } from "./overview.js";
import { texts } from "./texts.js";

const BARS = 180; // height of what lies above and below the photo
const PANEL = { width: 318, height: 300 };

/** Connects the events of photos, tools and gestures with their effects. */
export class Table {
  constructor(desk) {
    Object.assign(this, desk);
    this.gestures = {
      grab: (at, reach) => this.marks.near(this.stage.view, at, reach)?.mark ?? null,
      drag: (mark, dx, dy) => this.marks.move(mark, dx, dy, { draft: true }),
      drop: () => this.marks.commit(texts.step.move),
      tap: (at, reach) => this.#tap(at, reach),
      paint: (path) => this.brush.show(path),
      stroke: (path) => this.#paint(path),
    };
    this.deeds = {
      undo: () => this.#back("undo"), redo: () => this.#back("redo"),
      help: () => byId("shortcuts-dialog").showModal(), download: () => this.#download(),
      letGo: () => this.#letGo(), colorAt: (place) => this.#colorAt(place, true),
      openMark: ({ mark, points: [first] }) => this.place.open(first, mark, true),
    };
    this.#followAlbum();
    this.#followHands();
    this.#buttons();
    this.#show();
  }

  get photo() { return this.album.current; }

  // Photos

  #followAlbum() {
    const { album, preview, stage, detail } = this;
    album.addEventListener("photos", () => {
      this.#show();
      this.#refocus();
    });
    album.addEventListener("current", () => this.#change());
    album.addEventListener("state", ({ detail }) => this.#progress(detail.photo));
    album.addEventListener("look", ({ detail: { photo, draft } }) => {
      if (photo !== this.photo) return;
      this.crop.sync();
      preview.refresh(draft);
      this.#showLook(draft);
    });
    album.addEventListener("again", () => this.status.say(texts.again));
    album.addEventListener("opened", ({ detail: { photo } }) => {
      if (photo !== this.photo) return;
      preview.refresh();
      preview.fetchPinned();
    });
    window.addEventListener("resize", () => this.#stack());
    preview.addEventListener("change", () => stage.invalidate());
    preview.addEventListener("busy", () => {
      byId("stage").classList.toggle("busy", preview.busy);
      if (preview.busy) return;
      detail.want();
      this.variants.sync();
    });
    preview.addEventListener("picture", () => this.#pictured());
    preview.addEventListener("failure", ({ detail: words }) => this.status.regret(words));
    stage.addEventListener("moved", () => {
      detail.want();
      this.#showZoom();
    });
    // Browsers ask only a person who has touched the page.
    window.addEventListener("beforeunload", (event) => {
      if (album.photos.some((photo) => !photo.saved)) event.preventDefault();
    });
  }

  /** Another photo is the current one. */
  #change() {
    const { photo, place, stage, preview } = this;
    place.close(false);
    this.#stack();
    if (photo) stage.open(photo.size, this.crop.shown);
    preview.show(photo);
    this.compare.sync();
    this.confidence.reset();
    this.repair.reset();
    this.variants.reset();
    this.#show();
    this.#refocus();
    if (!photo?.isOpen) return;
    this.#allow();
    this.#showLook();
  }

  /** On an upright screen put the controls below the photo if it is larger so. */
  #stack() {
    if (!this.photo) return;
    const { part, turn } = this.crop.shown;
    const { width, height } = displayed(part, turn);
    const [across, down] = [innerWidth, innerHeight - BARS];
    const beside = Math.min((across - PANEL.width) / width, down / height);
    const above = Math.min(across / width, (down - PANEL.height) / height);
    document.body.classList.toggle("stacked", across < down + BARS && above > beside);
  }

  #progress(photo) {
    if (photo === this.photo) {
      this.#stack();
      if (photo.state === "coloring" && this.preview.photo === photo && !this.preview.busy) {
        this.stage.open(photo.size, this.crop.shown);
        this.preview.show(photo);
        this.#showLook();
      } else if (!photo.isOpen && photo.thumbnail.width > 1) this.stage.open(photo.size, this.crop.shown);
    }
    // The card of the current photo shows it already.
    if (photo.state === "failed" && photo === this.photo) this.status.whisper(photo.problem);
    else if (photo.state === "failed") this.status.regret(photo.problem);
    this.#show();
  }

  /** A full picture of the current look has been fetched. */
  #pictured() {
    if (!this.photo.revealed) {
      this.photo.revealed = true;
      this.stage.reveal();
      this.#greet();
    }
    this.#allow();
    this.confidence.sync();
    this.repair.sync();
    this.#show();
  }

  /** Show once what to do next, unless something else is being said. */
  #greet() {
    const { name, can, session, film } = this.photo;
    if (session.in_color) return this.status.say(texts.inColor);
    if (this.status.speaks || this.greeted || !can.hints)
      return this.status.whisper(texts.isReady(name));
    this.greeted = true;
    return this.status.say((film ? texts.film : texts)[coarse.matches ? "whatNextTouch" : "whatNext"]);
  }

  /** Enable what the photo's model supports. */
  #allow() {
    const { can, look } = this.photo;
    this.tools.allow({ ...can, repair: Boolean(look.repair) });
    this.panels.allow(this.photo.can);
  }

  /** Take photos off the table; of films all shots. */
  remove(photos) {
    const films = [...new Set(photos.map(({ film }) => film).filter(Boolean))];
    const gone = this.album.photos.filter(
      (photo) => photos.includes(photo) || films.includes(photo.film));
    const removal = this.album.remove(gone);
    this.status.say(texts.removed([...films, ...photos.filter(({ film }) => !film)]), removal);
  }

  #download() {
    if (this.photo?.film) this.film.download();
    else this.download.open();
  }

  /** Give other photos the look of the current one. */
  applyLook(photos) {
    const part = sharedPart(this.photo);
    const back = this.album.apply(photos, () => part, texts.step.apply);
    const applied = photos.every(({ film }) => film) ? texts.film.applied : texts.applied;
    this.status.say(applied(photos.length), { back });
  }

  /** Give the focus a place where the element that had it has gone. */
  #refocus() {
    const { activeElement, body } = document;
    if (activeElement !== body && activeElement.checkVisibility()) return undefined;
    if (!this.photo) return byId("choose").focus();
    byId("viewport").focus({ preventScroll: true });
    return this.crosshair.forget(); // until an arrow key asks for it
  }

  // Gestures

  #followHands() {
    const { tools, marks, stage } = this;
    tools.addEventListener("change", () => this.#showTools());
    marks.addEventListener("select", () => stage.invalidate());
    marks.addEventListener("full", () => this.status.regret(texts.full(marks.most)));
    this.#showTools();
  }

  #tap(at, reach) {
    const { stage, marks, tools } = this;
    if (!this.photo?.isOpen || tools.kind === "crop") return;
    const hint = marks.near(stage.view, at, reach);
    if (hint) {
      this.#uncover(hint);
      this.place.open(hint, hint.mark);
    } else if (stage.view.contains(at)) this.#colorAt(stage.view.toPhoto(at));
    else {
      marks.select(null);
      if (tools.kind !== "brush") stage.setAside(false);
    }
  }

  /** Ask which colour a place gets; a colour that was just picked elsewhere goes there at once. */
  #colorAt(place, byKey = false) {
    const { marks, tools } = this;
    this.crosshair.place = place;
    marks.select(null);
    this.status.hush();
    this.#uncover(place);
    if (!tools.ready) return this.place.open(place, null, byKey);
    const mark = marks.add(place, tools.color);
    tools.unload();
    return mark !== null && this.place.open(place, mark);
  }

  /** Move the divider aside for as long as a place under it is being coloured. */
  #uncover(place) {
    const { left, width } = this.stage.view.frame;
    const share = (this.stage.view.toScreen(place).x - left) / width;
    if (share < this.stage.line) this.stage.setAside(true);
  }

  #paint(path) {
    this.brush.show(null);
    this.#uncover(path.reduce((one, other) => (one.x < other.x ? one : other)));
    if (!this.photo?.isOpen) return;
    const { color, brush, effect } = this.tools;
    if (effect === "color") this.marks.paint(path, color, brush);
    else this.marks.mask(path, this.tools, brush);
  }

  #letGo() {
    this.place.close();
    this.tools.unload();
    this.marks.select(null);
    if (this.tools.kind === "crop") this.tools.take("color");
  }

  #back(way) {
    const { photo } = this;
    if (!photo?.history?.[way === "undo" ? "canUndo" : "canRedo"]) return;
    const label = photo[way]();
    this.place.sync();
    this.status.say(way === "undo" ? texts.undone(label) : texts.redone(label));
  }

  // Labels beside the photo

  #buttons() {
    const { stage, tools } = this;
    const press = (id, deed) => byId(id).addEventListener("click", deed);
    press("undo", this.deeds.undo);
    press("redo", this.deeds.redo);
    press("own-swatch", () => this.panels.open("colors"));
    press("help", this.deeds.help);
    press("download", this.deeds.download);
    press("split", () => this.divider.toggle());
    press("zoom-in", () => stage.zoomBy(1.5, undefined, true));
    press("zoom-out", () => stage.zoomBy(1 / 1.5, undefined, true));
    press("fit", () => stage.fit());
    press("full-size", () => stage.zoomTo(1));
    press("remove-photo", () => this.remove([this.photo]));
    press("retry", () => this.album.retry(this.photo));
    press("drop-photo", () => this.remove([this.photo]));
    press("theme", () => {
      const { dataset } = document.documentElement;
      dataset.theme = dataset.theme === "dark" ? "light" : "dark";
      localStorage.setItem("photochrom-theme", dataset.theme);
    });
    for (const tool of ["color", "brush", "hand", "crop"]) press(`tool-${tool}`, () => tools.take(tool));
    const eye = byId("hold");
    eye.addEventListener("pointerdown", (event) => {
      eye.setPointerCapture(event.pointerId);
      stage.hold(true);
    });
    eye.addEventListener("lostpointercapture", () => stage.hold(false));
    eye.addEventListener("keydown", (event) => { if (event.key === " ") stage.hold(true); });
  }

  #showTools() {
    const { kind, can } = this.tools;
    for (const tool of ["color", "brush", "hand", "crop"]) {
      byId(`tool-${tool}`).setAttribute("aria-pressed", String(tool === kind));
      byId(`tool-${tool}`).hidden = !{ color: can.hints, brush: can.hints, hand: true, crop: can.frame }[tool];
    }
    const taken = byId("viewport").dataset.tool !== kind;
    byId("viewport").dataset.tool = kind;
    byId("brush-row").hidden = kind !== "brush";
    document.body.classList.toggle("cropping", kind === "crop");
    if (taken && kind === "crop") {
      this.place.close(false, false);
      this.status.hush();
    }
    if (kind !== "brush" && !this.place.isOpen) this.stage.setAside(kind === "crop");
    if (this.tools.moves) this.crosshair.hide();
    this.crop.sync();
    this.stage.invalidate();
  }

  #showZoom() {
    byId("zoom").textContent = texts.zoomAt(
      Math.round(this.stage.view.scale * devicePixelRatio * 100));
    byId("split").setAttribute("aria-pressed", String(this.stage.split > 0.02));
    byId("viewport").classList.toggle("split", this.stage.line > 0.02 && !this.stage.holding);
  }

  #showLook(draft = false) {
    const { photo } = this;
    this.look.show(photo.look, photo.can);
    this.repair.show();
    if (!draft) this.references.show();
    if (this.tools.can.repair !== Boolean(photo.look.repair)) this.#allow();
    this.#showSteps();
    this.stage.invalidate();
    if (draft) return;
    this.colors.show();
    this.variants.sync();
  }

  /** The photo's name, facts and state. */
  #show() {
    const { photo } = this;
    const { body } = document;
    body.dataset.state = photo ? photo.state : "empty";
    document.title = photo ? `${photo.name} – ${texts.title}` : texts.title;
    if (!photo) return;
    const { session, film } = photo;
    byId("name").textContent = photo.name;
    byId("facts").textContent = !session ? "" : film ? film.factsOf(photo) : texts.facts(session);
    const notes = !session ? [] : film ? film.notes : [session.in_color && texts.inColor,
      session.pages > 1 && texts.severalPages(session.pages), ...session.notes].filter(Boolean);
    const removal = film ? texts.remove(film.name) : texts.removePhoto;
    for (const key of ["title", "ariaLabel"]) byId("remove-photo")[key] = removal;
    byId("notes").textContent = notes.join(" ");
    byId("notes").hidden = !notes.length;
    const words = { waiting: texts.waiting, coloring: texts.coloring, failed: photo.problem,
      uploading: photo.problem || texts.uploading(Math.round(photo.progress * 100)) };
    byId("card-text").textContent = words[photo.state] ?? "";
    byId("card").hidden = photo.state === "ready";
    for (const part of document.querySelectorAll(".needs-photo")) part.inert = !photo.isOpen;
    for (const id of ["retry", "drop-photo"]) byId(id).hidden = photo.state !== "failed";
    byId("download").disabled = film ? !film.shots.length : !this.download.able;
    this.#showSteps();
  }

  #showSteps() {
    byId("undo").disabled = !this.photo.history?.canUndo;
    byId("redo").disabled = !this.photo.history?.canRedo;
  }
}
