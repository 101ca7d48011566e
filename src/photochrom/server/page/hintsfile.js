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
    const hints = plainHints(look.hints).map(({ radius, ...hint }) =>
      (radius === null ? hint : { ...hint, radius }));
    const lines = hints.map((hint) => `  ${JSON.stringify(hint)}`).join(",\n");
    const blob = new Blob([`{"hints": [\n${lines}\n]}\n`], { type: "application/json" });
    deliver(blob, `${name.replace(/\.[^.]*$/, "")}.hints.json`);
  }

  async load(file) {
    const photo = this.album.current;
    await this.status.guard(async () => {
      const answer = markedHints(await photo.loadHints(await this.#read(file)));
      photo.selected = null;
      photo.change({ hints: answer }, texts.step.load);
      this.status.say(texts.hintsLoaded(answer.length));
    });
  }

  async #read(file) {
    let record;
    try {
      record = JSON.parse(await file.text());
    } catch {
      throw new Error(texts.notJson(file.name));
    }
    if (!Array.isArray(record?.hints)) throw new Error(texts.notJson(file.name));
    return record.hints;
  }
}
