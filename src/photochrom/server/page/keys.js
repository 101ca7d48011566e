import { arrow, byId } from "./dom.js";

const STEP = 12; // CSS pixels of the crosshair and the view
const LARGE_STEP = 60;

const typing = (node) => node.matches("select, textarea, input:not([type=range], [type=checkbox])");

/** The keyboard: shortcuts of the page, and what keys do on the stage. */
export class Keys {
  constructor(desk) {
    Object.assign(this, desk);
    const { crosshair } = this;
    this.byKey = true; // whether the person used the keyboard last
    this.viewport = byId("viewport");
    document.addEventListener("keydown", (event) => this.#down(event));
    document.addEventListener("keyup", (event) => this.#up(event));
    window.addEventListener("blur", () => this.#release());
    this.viewport.addEventListener("keydown", (event) => this.#onStage(event));
    this.viewport.addEventListener("focus", () => {
      if (this.byKey && !this.tools.moves) this.crosshair.show();
    });
    document.addEventListener("keydown", () => { this.byKey = true; }, true);
    document.addEventListener("pointerdown", () => {
      this.byKey = false;
      crosshair.hide();
    }, true);
    this.viewport.addEventListener("blur", () => {
      if (!this.place.isOpen) this.crosshair.hide();
    });
  }

  #down(event) {
    if (event.defaultPrevented || event.altKey || document.querySelector("dialog[open]")) return;
    const { target, key } = event;
    const command = event.ctrlKey || event.metaKey;
    if (command) return this.#command(event, typing(target));
    if (typing(target) || (key.startsWith("Page") && target.closest("#panel, #place"))) return;
    const deed = this.#plain()[key.length === 1 ? key.toLowerCase() : key];
    if (!deed || (event.repeat && key.toLowerCase() === "o")) return;
    event.preventDefault();
    deed();
  }

  #command(event, inField) {
    const key = event.key.toLowerCase();
    const deed = { z: event.shiftKey ? this.deeds.redo : this.deeds.undo, y: this.deeds.redo,
      s: this.deeds.download }[key];
    if (!deed || (inField && key !== "s")) return;
    event.preventDefault();
    deed();
  }

  #plain() {
    const { deeds, tools, stage, album, divider, confidence, compare } = this;
    const always = { "?": deeds.help };
    if (!album.current) return always;
    return { ...always,
      c: () => tools.take("color"), b: () => tools.take("brush"), h: () => tools.take("hand"),
      r: () => tools.take(tools.kind === "crop" ? "color" : "crop"),
      s: () => divider.toggle(), g: () => confidence.toggle(), a: () => compare.toggle(),
      o: () => stage.hold(true),
      "+": () => stage.zoomBy(1.5, undefined, true), "=": () => stage.zoomBy(1.5, undefined, true),
      "-": () => stage.zoomBy(1 / 1.5, undefined, true),
      0: () => stage.fit(), 1: () => stage.zoomTo(1),
      "[": () => tools.resize(tools.brush / 1.2), "]": () => tools.resize(tools.brush * 1.2),
      PageUp: () => album.step(-1), PageDown: () => album.step(1),
      Escape: () => deeds.letGo() };
  }

  #up(event) {
    if (event.key.toLowerCase() === "o") this.stage.hold(false);
    if (event.key === " ") this.#release();
  }

  #release() {
    this.stage.hold(false);
    this.gestures.spaceHeld = false;
    this.viewport.classList.remove("moving");
  }

  #onStage(event) {
    if (event.target !== this.viewport || event.ctrlKey || event.metaKey || event.altKey) return;
    const { marks, tools, stage, crosshair } = this;
    const way = arrow(event, STEP, LARGE_STEP);
    if (marks.chosen && marks.key(event, marks.selected, stage.view)) { /* the hint took the key */ }
    else if (way && tools.moves) stage.pan(-4 * way[0], -4 * way[1]);
    else if (way) crosshair.move(...way);
    else if (event.key === "Enter" && !tools.moves) this.#atCrosshair();
    else if (event.key === " ") {
      this.gestures.spaceHeld = true;
      this.viewport.classList.add("moving");
    } else return;
    event.preventDefault();
  }

  #atCrosshair() {
    const { marks, crosshair, deeds } = this;
    if (marks.chosen) return deeds.openMark(marks.chosen);
    if (!crosshair.shown) crosshair.show();
    return deeds.colorAt(crosshair.place);
  }
}
