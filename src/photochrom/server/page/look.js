import { byId, element, iconButton } from "./dom.js";
import { Presets } from "./presets.js";
import { texts } from "./texts.js";

export const percent = (value) => `${Math.round(value * 100)}`;
const signed = (value) => (value > 0 ? `+${percent(value)}` : percent(value).replace("-", "−"));

const CONTROLS = {
  vividness: percent, saturation: percent, warmth: signed, tint: signed, smooth: percent,
};
/** The parts of a look that mean the same for every photo. */
export const SHARED = [...Object.keys(CONTROLS), "size", "model", "repair"];
const SIZES = [96, 128, 192, 256, 320, 384, 512, 640, 768, 1024];
const GOOD = 1.5; // times a model's usual size, and parts of it, in which its colours are good

/** One labelled slider with its value and a button that resets it. */
export class Slider {
  constructor(name, { min, max, step = 0.01, usual, say }, changed) {
    Object.assign(this, { name, usual, say, min, max });
    const label = texts.control[name];
    this.input = element("input", { type: "range", id: `look-${name}`, class: name, min, max, step,
      on: { input: () => this.#emit(changed, true), change: () => this.#emit(changed, false),
        dblclick: () => this.#reset(changed) } });
    this.output = element("output", { for: `look-${name}` });
    this.reset = iconButton("reset", texts.resetOne(label), () => this.#reset(changed),
      { class: "tiny" });
    const about = texts.about[name];
    this.node = element("div", { class: "slider" },
      element("label", { for: `look-${name}`, text: label }), this.reset, this.output,
      about && element("p", { class: "soft", text: about }), this.input);
  }

  get value() { return Number(this.input.value); }

  #emit(changed, draft) {
    this.show(this.value);
    changed(this.name, this.value, draft);
  }

  #reset(changed) {
    this.show(this.usual);
    changed(this.name, this.usual, false);
  }

  show(value) {
    if (this.value !== value) this.input.value = value;
    const words = this.say(value);
    this.output.textContent = words;
    this.input.setAttribute("aria-valuetext", words);
    const share = (number) => (number - this.min) / (this.max - this.min);
    this.input.style.setProperty("--at", `${100 * share(value)}%`);
    this.input.style.setProperty("--usual", share(this.usual));
    this.reset.classList.toggle("unused", value === this.usual);
    this.reset.disabled = value === this.usual;
  }
}

/** The sliders of the look, and its presets. `ranges` has the range and default of each slider;
 *  `change(part, label, options)` applies their values. */
export class LookPanel {
  constructor(models, presets, ranges, change) {
    this.models = models;
    this.change = change;
    this.presets = new Presets(presets, ranges, change);
    const changed = (name, value, draft) => change({ [name]: value }, texts.control[name],
      { draft, key: `look ${name}` });
    this.sliders = Object.entries(CONTROLS).map(([name, say]) => {
      const { minimum: min, maximum: max, default: usual } = ranges[name];
      return new Slider(name, { min, max, usual, say }, changed);
    });
    this.model = element("select", { id: "look-model", on: { change: () => this.#chooseModel() } },
      ...models.map(({ name }) => element("option", { value: name, text: name })));
    this.purpose = element("p", { class: "soft" });
    this.modelRow = element("div", { class: "model", hidden: models.length < 2 },
      element("label", { for: "look-model", text: texts.control.model }), this.model, this.purpose);
    this.resetAll = element("button", { type: "button", class: "quiet", text: texts.resetAll,
      on: { click: () => this.#reset() } });
    this.sizeRow = element("div", {});
    for (const slider of this.sliders) slider.show(slider.usual);
    byId("sliders").append(this.presets.node, ...this.sliders.map((slider) => slider.node), this.sizeRow,
      this.modelRow, this.resetAll);
  }

  /** The input size runs over a few steps that the model takes; the first is its own choice. */
  #offerSizes(model) {
    if (this.sizesOf === model) return;
    this.sizesOf = model;
    const { usual, smallest, largest } = model.size;
    this.steps = [null, ...SIZES.filter((size) => size >= smallest && size <= largest)];
    const say = (step) => (step ? texts.pixels(this.steps[step]) : texts.auto);
    this.size = new Slider("size", { min: 0, max: this.steps.length - 1, step: 1, usual: 0, say },
      (name, step, draft) => {
        // Each size runs the network anew, which is too slow to follow a moving hand.
        if (!draft) this.change({ size: this.steps[step] }, texts.control.size,
          { key: "look size" });
      });
    const good = this.steps.filter((size) => size && usual / GOOD <= size && size <= usual * GOOD);
    const share = (size) => `${100 * this.steps.indexOf(size) / (this.steps.length - 1)}%`;
    this.size.input.style.setProperty("--low", share(good[0]));
    this.size.input.style.setProperty("--high", share(good.at(-1)));
    this.sizeRow.replaceChildren(this.size.node, ...(good.length > 1
      ? [element("p", { class: "soft", text: texts.goodSizes(good[0], good.at(-1)) })] : []));
  }

  #chooseModel() {
    const { can } = this.models.find(({ name }) => name === this.model.value);
    const part = { model: this.model.value, size: null };
    if (!can.hints) part.hints = [];
    if (!can.references) part.references = [];
    if (!can.variants) part.variant = 0;
    this.change(part, texts.control.model);
  }

  #reset() {
    const usual = this.sliders.map((slider) => [slider.name, slider.usual]);
    this.change({ ...Object.fromEntries(usual), size: null }, texts.step.reset);
  }

  show(look, can) {
    this.presets.show(look, can);
    this.sizeRow.hidden = !can.model;
    this.modelRow.hidden = !can.model || this.models.length < 2;
    for (const slider of this.sliders) slider.show(look[slider.name]);
    const model = this.models.find(({ name }) => name === look.model);
    if (model) this.#offerSizes(model);
    this.purpose.textContent = model?.purpose ?? "";
    this.size?.show(Math.max(0, this.steps.indexOf(look.size)));
    this.model.value = look.model;
    this.resetAll.disabled = look.size === null
      && this.sliders.every(({ name, usual }) => look[name] === usual);
  }
}
