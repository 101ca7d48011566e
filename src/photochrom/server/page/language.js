/** The page's languages, each by its own name; their words are in texts/. */
export const LANGUAGES = { en: "English", de: "Deutsch", fr: "Français", es: "Español", it: "Italiano",
  sq: "Shqip" };
const KEPT = "photochrom-language";

/** The code of the page's language: the address's (?lang=de), else the one that was chosen here, else the
 *  first of the browser's languages that the page has, else English. */
export function languageOf() {
  const asked = [new URLSearchParams(location.search).get("lang"), localStorage.getItem(KEPT),
    ...navigator.languages];
  return asked.map((tag) => tag?.toLowerCase().split("-")[0])
    .find((code) => Object.hasOwn(LANGUAGES, code)) ?? "en";
}

/** Remember a language for the next time that the page is opened, whatever its address asks for. */
export function keepLanguage(code) {
  localStorage.setItem(KEPT, code);
  const address = new URL(location.href);
  address.searchParams.delete("lang");
  history.replaceState(null, "", address);
}
