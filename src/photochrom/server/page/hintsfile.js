import { byId, deliver } from "./dom.js";
import { markedHints, plainHints } from "./hints.js";
import { texts } from "./texts.js";

/** Saves and loads the colours of a photo, as the file that the command line takes. */
export class HintsFile {
  constructor(album, status) {
    Object.assign(this, { album, status });
    const input = byId("hints-input");
    byId("save-hints").addEventListener("click", () => this.save());
    byId("load-hints").addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      const [file] = input.files;
      input.value = "";
      if (file) this.load(file);
    });
  }

  save() {
    const { name, look } = this.album.current;
    // What is null is left out.
    const lines = (list) => list.map((one) => `  ${JSON.stringify(one, (_, value) => value ?? undefined)}`)
      .join(",\n");
    const strokes = look.strokes.length ? `,\n "strokes": [\n${lines(look.strokes)}\n]` : "";
    const blob = new Blob([`{"hints": [\n${lines(plainHints(look.hints))}\n]${strokes}}\n`],
      { type: "application/json" });
    deliver(blob, `${name.replace(/\.[^.]*$/, "")}.hints.json`);
  }

  async load(file) {
    const photo = this.album.current;
    await this.status.guard(async () => {
      const look = await photo.load(await this.#read(file));
      const hints = markedHints(look.hints);
      photo.selected = null;
      photo.change({ hints, strokes: look.strokes }, texts.step.load);
      this.status.say(texts.hintsLoaded(hints.length + look.strokes.length));
    });
  }

  async #read(file) {
    let record;
    try {
      record = JSON.parse(await file.text());
    } catch {
      throw new Error(texts.notJson(file.name));
    }
    const { hints = [], strokes = [] } = record ?? {};
    if (!(record?.hints ?? record?.strokes) || ![hints, strokes].every(Array.isArray))
      throw new Error(texts.notJson(file.name));
    return { hints, strokes };
  }
}
