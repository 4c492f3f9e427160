// The words of the element: English at hand, other languages when a page is written in them.

import english from "./words-en.js";

export const LANGUAGES = ["en", "de", "fr", "es", "it", "pt", "ja", "ar"];

/** The words for a language tag such as pt-BR, the shop's `own` over them; English where there are none. */
export async function textsOf(tag, own = {}) {
  const language = String(tag ?? "").toLowerCase().split("-")[0];
  const known = LANGUAGES.includes(language) ? language : "en";
  const words = known === "en" ? english : await wordsOf(known);
  const refusals = { ...words.refusals, ...own.refusals };
  return { ...english, ...words, locale: regional(known === language ? tag : "en"), ...own, refusals };
}

/** The reader's own region of a language: times as people there write them. */
function regional(tag) {
  return navigator.languages.find((each) => each.split("-")[0] === tag.split("-")[0]) ?? tag;
}

async function wordsOf(language) {
  try {
    // The same version as this module's.
    return (await import(`./words-${language}.js${new URL(import.meta.url).search}`)).default;
  } catch {
    return english;
  }
}

/** Words with their {places} filled. */
export function filled(words, places) {
  return words.replace(/\{(\w+)\}/g, (whole, name) => places[name] ?? whole);
}

/** Names as the language lists them: "a shirt and trousers". */
export function listOf(names, locale) {
  return new Intl.ListFormat(locale, { type: "conjunction" }).format(names);
}

/** An ISO time as a clock shows it. */
export function clock(time, locale) {
  return new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" }).format(new Date(time));
}
