// @ts-check
/** Numbers and kinds in words. */

/**
 * The vocabulary's entry of a kind; unknown kinds read as themselves.
 * @param {import("./types.js").FaultWord[]} words
 * @param {string} kind
 * @returns {import("./types.js").FaultWord}
 */
export function wordOf(words, kind) {
  const name = kind ? kind.charAt(0).toUpperCase() + kind.slice(1).replaceAll("_", " ") : "No kind yet";
  return words.find((word) => word.kind === kind) ?? { kind, name, what: "", key: null };
}

/**
 * The words with a digit each for the first that have none, so that 1–9 always pick a kind, in
 * the order of the digits, 0 last.
 * @param {import("./types.js").FaultWord[]} words
 */
export function withKeys(words) {
  const taken = new Set(words.map((word) => word.key).filter((key) => key !== null));
  const free = [1, 2, 3, 4, 5, 6, 7, 8, 9].filter((key) => !taken.has(key));
  const place = (/** @type {number | null} */ key) => (key === null ? 99 : (key + 9) % 10);
  return words.map((word) => (word.key === null ? { ...word, key: free.shift() ?? null } : word)).sort((a, b) => place(a.key) - place(b.key));
}

/**
 * A span of frames in words, 0-based as everywhere in the engine.
 * @param {import("./types.js").Span | null} frames
 */
export function spanWords(frames) {
  if (!frames) return "";
  return frames[0] === frames[1] ? `frame ${frames[0]}` : `frames ${frames[0]}–${frames[1]}`;
}

/** @param {import("./types.js").Span} frames */
export const lengthOf = (frames) => frames[1] - frames[0] + 1;

/** @param {number} seconds */
export function secondsWords(seconds) {
  return `${seconds.toFixed(2)} s`;
}

/** @param {number} value */
export function numberWords(value) {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/**
 * How long ago or until, in one unit.
 * @param {number} seconds
 */
export function agoWords(seconds) {
  const steps = /** @type {[number, string][]} */ ([[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]]);
  const [size, unit] = steps.find(([size]) => seconds >= size) ?? [1, "s"];
  return `${Math.max(0, Math.round(seconds / size))} ${unit}`;
}

const RIGHT_TO_LEFT = new Set(["ar", "he", "fa", "ur"]);

/** `rtl` or `ltr` of a BCP 47 language. @param {string} locale */
export function direction(locale) {
  return RIGHT_TO_LEFT.has(locale.split("-")[0]) ? "rtl" : "ltr";
}
