import { byId } from "./dom.js";
import { Film } from "./film.js";
import { texts } from "./texts.js";

const HIDDEN = /^(\.|thumbs\.db$|desktop\.ini$)/i;

const natural = (one, other) => one.localeCompare(other, undefined, { numeric: true });

const readEntries = (reader) => new Promise((done, fail) => reader.readEntries(done, fail));
const fileOf = (entry) => new Promise((done, fail) => entry.file(done, fail));

/** All files of a folder and of those in it, in the order of their names. */
async function filesOfFolder(folder) {
  const reader = folder.createReader();
  const entries = [];
  for (let some = await readEntries(reader); some.length; some = await readEntries(reader))
    entries.push(...some); // a browser gives a hundred at a time
  const files = [];
  for (const entry of entries.sort((one, other) => natural(one.name, other.name)))
    files.push(...(entry.isDirectory ? await filesOfFolder(entry) : [await fileOf(entry)]));
  return files;
}

/** Lets photos, films and folders be chosen, dropped or pasted; `add(files)` receives the photos and
 *  films. */
export class Arrivals {
  /** `reads`: the suffixes of photos that the server opens. `films`: whether it opens films. */
  constructor(add, { reads, films }, status) {
    Object.assign(this, { status });
    this.add = (files) => add(films ? files : this.#withoutFilms(files));
    this.isPhoto = (file) => file.type.startsWith("image/") || Film.is(file)
      || reads.includes(file.name.slice(file.name.lastIndexOf(".")).toLowerCase());
    const input = byId("photo-input");
    input.accept = ["image/*", ...reads, ...(films ? ["video/*", ...Film.SUFFIXES] : [])].join(",");
    this.#listen(input, (files) => this.add(files));
    const folder = byId("folder-input");
    this.#listen(folder, (files) => this.#addFolder(files[0].webkitRelativePath.split("/")[0],
      files.sort((one, other) => natural(one.webkitRelativePath, other.webkitRelativePath))));
    for (const id of ["choose", "add"]) byId(id).addEventListener("click", () => input.click());
    byId("choose-folder").addEventListener("click", () => folder.click());
    byId("choose-folder").hidden = !("webkitdirectory" in folder) || matchMedia("(hover: none)").matches;
    this.#followDrags();
    document.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length) this.add(files);
    });
  }

  /** The photos among files, where the server opens no films. */
  #withoutFilms(files) {
    for (const { name } of files.filter(Film.is)) this.status.regret(texts.noFilms(name));
    return files.filter((file) => !Film.is(file));
  }

  #listen(input, deed) {
    input.addEventListener("change", () => {
      const files = [...input.files];
      input.value = "";
      if (files.length) deed(files);
    });
  }

  #followDrags() {
    const veil = byId("veil");
    const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
    let depth = 0; // enter and leave come for every element on the way
    const listen = (type, deed) => document.addEventListener(type, (event) => {
      if (!carriesFiles(event)) return;
      const taken = event.defaultPrevented;
      event.preventDefault();
      deed(event, taken);
    });
    const show = () => { veil.hidden = depth === 0; };
    listen("dragenter", () => { depth += 1; show(); });
    listen("dragleave", () => { depth = Math.max(0, depth - 1); show(); });
    listen("dragover", (event) => { event.dataTransfer.dropEffect = "copy"; });
    listen("drop", (event, taken) => { // by a part of the page with a use of its own for files
      depth = 0;
      show();
      if (!taken) this.#drop(event.dataTransfer);
    });
  }

  /** The entries are taken at once: after the event the browser has forgotten them. */
  #drop({ items, files }) {
    const folders = [...items].map((item) => item.webkitGetAsEntry?.())
      .filter((entry) => entry?.isDirectory);
    const names = new Set(folders.map(({ name }) => name));
    const single = [...files].filter(({ name }) => !names.has(name));
    if (single.length) this.add(single);
    return this.status.guard(async () => {
      for (const folder of folders) this.#addFolder(folder.name, await filesOfFolder(folder));
    });
  }

  #addFolder(name, files) {
    const seen = files.filter((file) => !HIDDEN.test(file.name));
    const photos = seen.filter(this.isPhoto);
    if (photos.length) this.add(photos);
    const words = texts.folder(name, photos.length, seen.length - photos.length);
    if (photos.length) this.status.say(words);
    else this.status.regret(words);
  }
}
