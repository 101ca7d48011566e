import { byId, element, iconButton, taken } from "./dom.js";
import { hexOf } from "./lab.js";
import { nameOfStroke } from "./masks.js";
import { nameOf } from "./names.js";
import { Mixer } from "./picker.js";
import { texts } from "./texts.js";

const SHOWN_AT = 60; // L of a colour that has no place yet

/** The panel of colours: the person's own, the brush, and the list of hints. */
export class ColorPanel {
  constructor(marks, tools, place, stage) {
    Object.assign(this, { marks, tools, place, stage });
    this.list = byId("marks");
    this.mixer = new Mixer();
    byId("own-color").append(this.mixer.node);
    for (const type of ["input", "change"])
      this.mixer.addEventListener(type, () => tools.load(this.mixer.ab));
    byId("brush-size").addEventListener("input", (event) =>
      tools.resize((event.target.value / 100) ** 2 * 0.12));
    byId("clear-hints").addEventListener("click", () => marks.clear());
    tools.addEventListener("change", () => this.#showTools());
    marks.addEventListener("select", () => this.#showSelected());
    this.#showTools();
  }

  #showTools() {
    const { color, brush } = this.tools;
    const moved = this.mixer.ab.some((value, i) => value !== color[i]);
    if (moved || this.mixer.lightness !== SHOWN_AT) this.mixer.set(SHOWN_AT, color);
    byId("own-swatch").firstChild.style.background = hexOf(SHOWN_AT, color);
    const slider = byId("brush-size");
    slider.value = Math.round(100 * Math.sqrt(brush / 0.12));
    const words = texts.percent(100 * brush, 1);
    slider.setAttribute("aria-valuetext", words);
    byId("brush-value").textContent = words;
  }

  /** Build the list again; the focus stays where it was. */
  show() {
    const { all, strokes } = this.marks;
    const focused = this.list.contains(document.activeElement)
      ? Number(document.activeElement.closest("li").dataset.mark) : null;
    this.list.replaceChildren(...all.map((one) => this.#row(one)),
      ...strokes.map((one) => this.#strokeRow(one)));
    const count = all.length + strokes.length;
    byId("marks-help").hidden = count > 0;
    byId("marks-count").textContent = count || "";
    byId("save-hints").disabled = byId("clear-hints").disabled = !count;
    this.#showSelected();
    if (focused !== null)
      (this.list.querySelector(`[data-mark="${focused}"] button`)
        ?? this.list.querySelector("button"))?.focus();
  }

  #row({ mark, points, ab }) {
    const [first] = points;
    const name = nameOf(this.marks.lightnessAt(first), ab);
    const swatch = element("span", { class: "swatch" });
    swatch.style.background = this.marks.colorOf(first);
    const words = points.length > 1 ? texts.stroke(name, points.length)
      : texts.spot(name, Math.round(first.x), Math.round(first.y));
    return element("li", { "data-mark": mark },
      element("button", { type: "button", class: "mark", on: {
        click: () => this.place.open(first, mark, true),
        focus: () => this.marks.select(mark),
        keydown: (event) => this.#key(event, mark) } },
      swatch, element("span", { text: words })),
      iconButton("trash", texts.removeColor, () => this.marks.remove(mark), { class: "tiny" }));
  }

  #strokeRow(stroke) {
    return element("li", {}, element("span", { class: "stroke", text: nameOfStroke(stroke) }),
      iconButton("trash", texts.mask.remove, () => this.marks.removeStroke(stroke),
        { class: "tiny" }));
  }

  #key(event, mark) {
    if (this.marks.key(event, mark, this.stage.view)) taken(event);
  }

  #showSelected() {
    for (const row of this.list.children)
      row.classList.toggle("selected", Number(row.dataset.mark) === this.marks.selected);
  }
}
