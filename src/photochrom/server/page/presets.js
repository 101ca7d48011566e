import { element, iconButton } from "./dom.js";
import { texts } from "./texts.js";

const OWN = "photochrom-presets"; // in this browser

/** The choice of a preset above the sliders: those of `api.presets()`, and the person's own, which stay
 *  in this browser. `ranges` has the range and default of each slider; `change(part, label)` applies. */
export class Presets {
  #look = null;
  #can = {};

  constructor(presets, ranges, change) {
    Object.assign(this, { given: presets, ranges, change });
    this.select = element("select", { id: "look-preset", on: { change: () => this.#choose() } });
    this.remove = iconButton("trash", texts.preset.remove, () => this.#remove(), { hidden: true });
    this.field = element("input", { type: "text", maxlength: 40, required: true,
      "aria-label": texts.preset.name, placeholder: texts.preset.name });
    this.form = element("form", { class: "row", hidden: true, on: { submit: (event) => this.#save(event),
      keydown: ({ key }) => { if (key === "Escape") this.#ask(false); } } },
    this.field, element("button", { text: texts.preset.keep }));
    this.save = iconButton("plus", texts.preset.save, () => this.#ask(this.form.hidden));
    this.node = element("div", { class: "presets" },
      element("label", { for: "look-preset", text: texts.preset.label }),
      element("div", { class: "row" }, this.select, this.remove, this.save), this.form);
    this.#offer();
  }

  #ask(open) {
    this.form.hidden = !open;
    (open ? this.field : this.save).focus();
  }

  /** The person's own by name; what somebody else has written there counts as nothing. */
  get #own() {
    try {
      const saved = Object.entries(JSON.parse(localStorage.getItem(OWN)) ?? {});
      return Object.fromEntries(saved.filter(([, look]) => this.#isLook(look)));
    } catch { return {}; }
  }

  #isLook(look) {
    return (look?.size === null || Number.isInteger(look?.size))
      && Object.entries(this.ranges).every(([name, { minimum, maximum }]) =>
        look[name] >= minimum && look[name] <= maximum && typeof look[name] === "number");
  }

  #store(own) {
    localStorage.setItem(OWN, JSON.stringify(own));
    this.#offer();
    this.show(this.#look, this.#can);
  }

  #offer() {
    const own = Object.entries(this.#own);
    this.looks = new Map([...this.given.map(({ name, colorize }) => [name, colorize]),
      ...own.map(([name, look]) => [`${OWN} ${name}`, look])]);
    const option = (value, text) => element("option", { value, text });
    this.select.replaceChildren(element("option", { value: "", text: texts.preset.none, disabled: true }),
      ...this.given.map(({ name }) => option(name, texts.preset.names[name] ?? name)),
      ...(own.length ? [element("optgroup", { label: texts.preset.own },
        ...own.map(([name]) => option(`${OWN} ${name}`, name)))] : []));
  }

  /** The part of a preset that this photo can have. */
  #part({ size, ...look }) { return this.#can.model ? { ...look, size } : look; }

  #choose() {
    const { selectedOptions: [{ text }], value } = this.select;
    this.change(this.#part(this.looks.get(value)), texts.preset.step(text));
  }

  #save(event) {
    event.preventDefault();
    const name = this.field.value.trim();
    if (!name) return;
    const keys = [...Object.keys(this.ranges), "size"];
    this.#store({ ...this.#own, [name]: Object.fromEntries(keys.map((key) => [key, this.#look[key]])) });
    this.select.value = `${OWN} ${name}`;
    this.remove.hidden = false;
    this.field.value = "";
    this.#ask(false);
  }

  #remove() {
    const own = this.#own;
    delete own[this.select.value.slice(OWN.length + 1)];
    this.#store(own);
    this.select.focus();
  }

  /** Show which preset a look is, if any: the chosen one where several are alike. */
  show(look, can) {
    this.#look = look;
    this.#can = can;
    const is = (preset) => preset && Object.entries(this.#part(preset)).every(
      ([key, value]) => look[key] === value);
    if (!is(this.looks.get(this.select.value)))
      this.select.value = [...this.looks].find(([, preset]) => is(preset))?.[0] ?? "";
    this.remove.hidden = !this.select.value.startsWith(OWN);
  }
}
