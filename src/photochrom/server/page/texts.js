import { languageOf } from "./language.js";

/** Every word of the page, in its language: empty until `loadTexts` is done. */
export const texts = {};

/** Fetch the words of the page's language, and of no other. `local`: photos are coloured in the browser. */
export async function loadTexts(local) {
  const language = languageOf();
  const { default: words } = await import(`./texts/${language}.js`);
  Object.assign(texts, words, local ? words.inBrowser : {});
  document.documentElement.lang = language;
  document.title = texts.title;
}
