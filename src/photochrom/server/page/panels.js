import { byId, compact } from "./dom.js";

/** The tabs of the controls; on a small screen a sheet that opens and closes with them. */
export class Panels {
  constructor(shown) {
    this.shown = shown; // (name) => void
    this.node = byId("panel");
    this.tabs = [...this.node.querySelectorAll("[role=tab]")];
    for (const tab of this.tabs) {
      tab.addEventListener("click", () => this.#press(tab));
      tab.addEventListener("keydown", (event) => this.#key(event));
    }
    compact.addEventListener("change", () => this.#sheet(!compact.matches));
    this.open("look");
    this.#sheet(!compact.matches);
  }

  open(name) {
    for (const tab of this.tabs) {
      const chosen = tab.dataset.panel === name;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      byId(`panel-${tab.dataset.panel}`).hidden = !chosen;
    }
    this.name = name;
    this.shown(name);
  }

  #sheet(open) { this.node.classList.toggle("folded", !open); }

  #press(tab) {
    const again = tab.dataset.panel === this.name;
    if (compact.matches) this.#sheet(!again || this.node.classList.contains("folded"));
    if (!again) this.open(tab.dataset.panel);
  }

  #key(event) {
    const there = this.tabs.filter((tab) => !tab.hidden);
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const at = there.findIndex((tab) => tab.dataset.panel === this.name);
    const next = there[(at + by + there.length) % there.length];
    this.open(next.dataset.panel);
    next.focus();
  }

  /** Enable what the model supports. */
  allow(can) {
    const able = { look: true, colors: can.hints, variants: can.variants };
    for (const tab of this.tabs) tab.hidden = !able[tab.dataset.panel];
    if (!able[this.name]) this.open("look");
  }
}
