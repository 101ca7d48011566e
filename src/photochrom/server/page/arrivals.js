import { byId } from "./dom.js";

/** Let photos be chosen, dropped or pasted; `add(files)` receives them. */
export function receive(add) {
  const input = byId("photo-input");
  input.addEventListener("change", () => {
    add([...input.files]);
    input.value = "";
  });
  for (const button of [byId("choose"), byId("add")])
    button.addEventListener("click", () => input.click());

  const veil = byId("veil");
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0; // enter and leave come for every element on the way
  const listen = (type, deed) => document.addEventListener(type, (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    deed(event);
  });
  const show = () => { veil.hidden = depth === 0; };
  listen("dragenter", () => { depth += 1; show(); });
  listen("dragleave", () => { depth = Math.max(0, depth - 1); show(); });
  listen("dragover", (event) => { event.dataTransfer.dropEffect = "copy"; });
  listen("drop", (event) => {
    depth = 0;
    show();
    add([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) add(files);
  });
}
