import * as api from "./api.js";
import { byId, element, keyNames } from "./dom.js";
import { keepLanguage, LANGUAGES } from "./language.js";
import { texts } from "./texts.js";

let asking = null;

/** Ask the person for the server's token; requests that wait for it share one dialog. */
export function askForToken() {
  asking ??= new Promise((resolve) => {
    const dialog = byId("token-dialog");
    byId("token-note").textContent = api.hasToken() ? texts.tokenWrong : "";
    const field = byId("token");
    field.value = "";
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    byId("token-form").addEventListener("submit", (event) => {
      event.preventDefault();
      dialog.close();
      asking = null;
      resolve(field.value.trim());
    }, { once: true });
    dialog.showModal();
  });
  return asking;
}

/** Store a token in the address (#token=...) for this tab, and remove it from the address. */
export function tokenOfAddress() {
  const { hash, pathname, search } = location;
  const given = new URLSearchParams(hash.slice(1)).get("token");
  if (given === null) return;
  api.setToken(given);
  history.replaceState(null, "", pathname + search);
}

export function fillShortcuts() {
  byId("shortcut-list").append(...texts.shortcuts.map(([keys, words]) =>
    element("div", {}, element("dt", {},
      ...keyNames(keys).map((key) => element("kbd", { text: key }))),
    element("dd", { text: words }))));
}

/** Offer the page's languages. A page with photos that only this browser has is not loaded anew at once. */
export function offerLanguages() {
  const choice = byId("language");
  choice.append(...Object.entries(LANGUAGES).map(([code, name]) =>
    element("option", { value: code, text: name, lang: code })));
  choice.value = document.documentElement.lang;
  choice.addEventListener("change", () => {
    keepLanguage(choice.value);
    if (api.local && document.body.dataset.state !== "empty") byId("language-note").hidden = false;
    else location.reload();
  });
}

/** Every dialog closes by its button and by a click beside it. */
export function closeByClick() {
  for (const dialog of document.querySelectorAll("dialog:not(#token-dialog)")) {
    dialog.querySelector(".shut").addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
  }
}
