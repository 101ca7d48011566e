import * as api from "./api.js";
import { byId, clamp, compact, element, iconButton, taken } from "./dom.js";
import { markOf, usualRadius } from "./hints.js";
import { fitted, hexOf } from "./lab.js";
import { nameOf } from "./names.js";
import { Mixer } from "./picker.js";
import { texts } from "./texts.js";

const COUNT = 6;
const LARGEST = 0.6; // reach, of the short side; beyond it the colour spreads as far as it likes
const GAP = 18; // between the place and the panel
const EDGE = 8; // between the panel and the edge of the stage

/** The panel beside a place of the photo: the colours that suit it, and a mixer. */
export class PlacePanel {
  place = null; // pixels of the photo, while it is open
  mark = null; // of the hint that is there
  #requests = 0;
  #back = null; // the element that had the focus

  constructor({ marks, tools, stage, status }) {
    Object.assign(this, { marks, tools, stage, status });
    this.node = byId("place");
    this.mixer = new Mixer();
    this.mixer.addEventListener("input", () => this.#choose(this.mixer.ab, true));
    this.mixer.addEventListener("change", () => this.#choose(this.mixer.ab, false));
    this.chips = element("div", { class: "chips" });
    this.more = element("div", { class: "chips plain" });
    this.mixing = element("details", { on: { toggle: () => this.#fitIn() } },
      element("summary", { text: texts.mix }), this.mixer.node);
    this.reach = element("input", { type: "range", id: "radius", min: 10, max: 100, step: 0.5,
      on: { input: () => this.#resize(true), change: () => this.#resize(false) } });
    this.own = element("div", { class: "own" },
      element("label", { for: "radius", text: texts.radius }), this.reach,
      iconButton("trash", texts.removeColor, () => this.#remove()));
    this.title = element("h2", {});
    this.node.append(element("header", {}, this.title,
      iconButton("close", texts.close, () => this.close())),
    this.chips, this.more, this.mixing, this.own);
    this.node.addEventListener("keydown", (event) => this.#key(event));
    document.addEventListener("pointerdown", (event) => {
      if (this.isOpen && !this.node.contains(event.target))
        this.close(false, event.target !== stage.canvas); // a tap there decides by itself
    }, true);
  }

  get isOpen() { return this.place !== null; }

  /** Open it for a place, or for a mark that is there already. Opened by keys, it takes the focus. */
  async open(place, mark = null, byKey = false) {
    const { photo } = this.marks;
    this.#back ??= document.activeElement;
    this.place = this.stage.kept = place;
    this.mark = mark;
    if (mark !== null) this.marks.select(mark);
    this.lightness = this.marks.lightnessAt(place);
    this.mixing.open = false;
    this.answer = null;
    this.#show();
    this.node.hidden = false;
    this.#fitIn();
    this.node.focus({ preventScroll: true });
    this.stage.invalidate();
    const number = (this.#requests += 1);
    if (!photo.can.suggestions) {
      this.mixing.open = true;
      return;
    }
    try {
      await photo.settle();
      const answer = await photo.ask((id) => api.suggestions(id,
        { x: place.x, y: place.y, count: COUNT, revision: photo.revision }));
      if (number !== this.#requests || !this.isOpen) return;
      this.answer = answer;
      this.lightness = answer.lightness;
      this.#show();
      this.#fitIn();
      if (byKey && this.node === document.activeElement) this.chips.querySelector("button")?.focus();
    } catch (error) {
      if (number === this.#requests) this.status.regret(error.message);
    }
  }

  close(refocus = true, settled = true) {
    if (!this.isOpen) return;
    this.#requests += 1;
    this.marks.photo?.keepDraft();
    this.place = this.stage.kept = null;
    this.node.hidden = true;
    document.body.classList.remove("asking");
    if (refocus && this.#back?.isConnected) this.#back.focus({ preventScroll: true });
    this.#back = null;
    if (settled && this.tools.kind !== "brush") this.stage.setAside(false);
    this.stage.invalidate();
  }

  /** Follow the hint after an undo or redo, which may have removed or changed it. */
  sync() {
    if (!this.isOpen) return;
    if (this.mark !== null && !this.#hint) this.mark = null;
    this.#show();
  }

  get #hint() { return markOf(this.marks.hints, this.mark); }

  #show() {
    const hint = this.#hint;
    this.title.textContent = hint ? texts.colorHere
      : this.marks.photo.can.suggestions ? texts.colorFor : texts.colorAny;
    const chosen = hint?.ab ?? null;
    const shown = hint?.ab ?? this.answer?.current.ab ?? [0, 0];
    this.mixer.set(this.lightness, shown);
    const { answer } = this;
    this.chips.replaceChildren(...(answer
      ? answer.suggestions.map((one) => this.#chip(one, chosen))
      : Array.from({ length: this.marks.photo.can.suggestions ? COUNT : 0 },
        () => element("span", { class: "chip waiting" }))));
    const others = answer ? [[texts.now, answer.current.ab], [texts.neutral, [0, 0]]]
      : [[texts.neutral, [0, 0]]];
    others.push([texts.yours, this.tools.color]);
    this.more.replaceChildren(...others.map(([words, ab]) =>
      this.#chip({ ab: fitted(this.lightness, ab) }, chosen, words)));
    this.own.hidden = !hint;
    if (hint) this.#showReach(hint);
  }

  #chip({ ab, probability = null }, chosen, words = null) {
    const hex = hexOf(this.lightness, ab);
    const near = chosen && Math.hypot(chosen[0] - ab[0], chosen[1] - ab[1]) < 0.5;
    const name = nameOf(this.lightness, ab);
    const share = probability === null ? null : Math.round(probability * 100);
    const swatch = element("span", { class: "swatch" });
    swatch.style.background = hex;
    const bar = share !== null && element("span", { class: "bar" }, element("span", {}));
    if (bar) bar.firstChild.style.width = `${Math.max(3, share)}%`;
    const label = words ? `${words}: ${name}` : share === null ? name : texts.likely(name, share);
    return element("button", { type: "button", class: "chip", "aria-label": label, title: name,
      "aria-pressed": String(Boolean(near)), on: { click: () => this.#pick(ab) } },
    swatch, bar,
    element("span", { class: "small", text: words ?? (share === null ? "" : texts.percent(share)) }));
  }

  #pick(ab) {
    const at = [...this.node.querySelectorAll(".chip")].indexOf(document.activeElement);
    this.#choose(ab, false);
    this.node.querySelectorAll(".chip")[at]?.focus();
  }

  #choose(ab, draft) {
    if (!this.isOpen) return; // closed while a hand was still mixing
    if (this.mark === null) {
      this.mark = this.marks.add(this.place, ab, { draft });
      if (this.mark === null) return this.close();
    } else this.marks.change(this.mark, { ab }, { draft, key: `mix ${this.mark}` });
    this.tools.load(ab);
    if (!draft) this.#show();
  }

  get #largest() {
    const { width, height } = this.marks.photo.size;
    return LARGEST * Math.min(width, height);
  }

  /** The slider goes by the reach's square root, so that small ones are easy to set; at its end
   *  there is no limit. */
  #showReach({ reach }) {
    const whole = reach === null || reach >= this.#largest;
    this.reach.value = whole ? 100 : Math.min(99.5, 100 * Math.sqrt(reach / this.#largest));
    const words = whole ? texts.mask.whole : texts.pixels(Math.round(reach));
    this.reach.setAttribute("aria-valuetext", words);
    this.reach.title = words;
  }

  #resize(draft) {
    const share = this.reach.value / 100;
    const reach = share >= 1 ? null : Math.max(1, this.#largest * share ** 2);
    this.marks.change(this.mark, { reach }, { draft, key: `reach ${this.mark}` });
    this.#showReach({ reach });
  }

  #remove() {
    this.marks.remove(this.mark);
    this.close();
  }

  #key(event) {
    if (event.key === "Escape") {
      taken(event);
      this.close();
    }
    if (event.key === "Delete" && this.#hint && event.target !== this.mixer.field) this.#remove();
    const buttons = [...this.node.querySelectorAll(".chip")];
    const at = buttons.indexOf(document.activeElement);
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by && at >= 0) {
      event.preventDefault();
      buttons[clamp(at + by, 0, buttons.length - 1)].focus();
    }
  }

  /** Put the panel where it does not cover the place: beside it where there is room, else over the
   *  controls. On a compact screen it has an edge of its own, and the photo goes into what is left. */
  #fitIn() {
    if (!this.isOpen) return;
    const { style } = this.node;
    style.left = style.top = "";
    this.node.classList.remove("over");
    if (compact.matches) {
      document.body.style.setProperty("--sheet", `${this.node.offsetHeight}px`);
      document.body.classList.add("asking");
      return;
    }
    this.stage.bring(this.place);
    const spot = this.stage.view.toScreen(this.place);
    const { width, height } = this.stage.view;
    const [w, h] = [this.node.offsetWidth, this.node.offsetHeight];
    const left = clamp(spot.x - w / 2, EDGE, Math.max(EDGE, width - w - EDGE));
    const top = clamp(spot.y - h / 3, EDGE, Math.max(EDGE, height - h - EDGE));
    const spots = [[spot.x + GAP, top], [spot.x - GAP - w, top],
      [left, spot.y + GAP], [left, spot.y - GAP - h]];
    const free = spots.find(([x, y]) => x >= EDGE && y >= EDGE && x + w <= width - EDGE
      && y + h <= height - EDGE);
    this.node.classList.toggle("over", !free);
    if (free) [style.left, style.top] = free.map((at) => `${Math.round(at)}px`);
  }
}
