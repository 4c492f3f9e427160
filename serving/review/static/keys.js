// @ts-check
/** Which key does what: one table for the listener and for the list that `?` shows. */

import { el } from "./dom.js";

/** @typedef {{keys: string[], shown: string, name: string, words: string, group: string, kinds: string}} Key */

const ALL = "video image text";

/** @type {[string, string, [string[], string, string, string, string?][]][]} group, kinds, keys */
const TABLE = [
  ["Decide", ALL, [
    [["a"], "A", "accept", "accept: ships as it is"],
    [["x", "d"], "X D", "reject", "reject: the next recipe is tried"],
    [["t"], "T", "trim", "trim: cut the bad frames out", "video"],
    [["t"], "T", "trim", "crop the picture", "image"],
    [["e"], "E", "edit", "edit the marked words", "text"],
    [["g"], "G", "regenerate", "make it again with another seed"],
    [["f"], "F", "fallBack", "fall back to a designed-motion clip", "video"],
    [["p"], "P", "replace", "replace by a file"],
    [["Enter"], "Enter", "confirm", "send the answer; the next case opens"],
    [["Escape"], "Esc", "cancel", "leave a field; drop what is being drawn or chosen"],
    [["u"], "U", "undo", "take the last step or the last answer back"],
    [["c"], "C", "comment", "write a comment"],
  ]],
  ["Find", ALL, [
    [["ArrowDown", "n"], "↓ N", "next", "next evidence"],
    [["ArrowUp", "N"], "↑ Shift N", "previous", "previous evidence"],
    [["h"], "H", "boxes", "boxes and marks on or off"],
    [["z"], "Z", "zoom", "zoom into the picture: 2, 4, 8 times", "video image"],
    [["v"], "V", "photo", "next product photo"],
  ]],
  ["Play", "video", [
    [[" "], "Space", "toggle", "play or pause"],
    [["j"], "J", "shuttleBack", "play backward; again: faster"],
    [["k"], "K", "pause", "pause"],
    [["l"], "L", "shuttleOn", "play forward; again: faster"],
    [[",", "ArrowLeft"], ", ←", "back", "one frame back"],
    [[".", "ArrowRight"], ". →", "on", "one frame on"],
    [["Shift+ArrowLeft"], "Shift ←", "back10", "ten frames back"],
    [["Shift+ArrowRight"], "Shift →", "on10", "ten frames on"],
    [["Home"], "Home", "toStart", "first frame"],
    [["End"], "End", "toEnd", "last frame"],
    [["<"], "<", "slower", "slower"],
    [[">"], ">", "faster", "faster"],
    [["q"], "Q", "loop", "loop around the evidence on or off"],
    [["s"], "S", "sound", "sound on or off"],
    [["+", "="], "+", "closer", "timeline: fewer frames"],
    [["-"], "−", "wider", "timeline: more frames"],
  ]],
  ["Mark a fault", ALL, [
    [["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"], "1 … 9 0", "kind", "kind of fault"],
    [["[", "i"], "[ I", "start", "span starts at this frame (trimming: the cut)", "video"],
    [["]", "o"], "] O", "end", "span ends at this frame", "video"],
    [["b", "r"], "B", "box", "draw a box: arrows move, Shift sizes, Enter keeps", "video image"],
    [["m"], "M", "mark", "begin another mark"],
  ]],
  ["Picture", "image", [
    [["+", "="], "+", "grow", "grow the product's outline"],
    [["-"], "−", "shrink", "shrink the product's outline"],
    [[".", "ArrowRight"], ". →", "on", "next picture of the set"],
    [[",", "ArrowLeft"], ", ←", "back", "previous picture of the set"],
  ]],
  ["Page", ALL, [[["?"], "?", "help", "show or hide these keys"]]],
];

/** @type {Key[]} */
export const KEYS = TABLE.flatMap(([group, of, keys]) =>
  keys.map(([each, shown, name, words, kinds]) => ({ keys: each, shown, name, words, group, kinds: kinds ?? of })));

/** The command of a key in a kind of case, or empty. @param {string} pressed @param {string} kind */
export function commandOf(pressed, kind) {
  return KEYS.find(({ keys, kinds }) => keys.includes(pressed) && kinds.includes(kind))?.name ?? "";
}

/** The key as the table writes it; on keyboards of other scripts by its place. @param {KeyboardEvent} event */
export function pressedKey(event) {
  const { key, code, shiftKey } = event;
  if (shiftKey && key.startsWith("Arrow")) return `Shift+${key}`;
  const foreign = key.length === 1 && key.charCodeAt(0) > 127 && /^Key[A-Z]$/.test(code);
  const letter = foreign ? code.slice(3) : key;
  if (letter === "N" || letter === "n") return shiftKey ? "N" : "n";
  return letter.length === 1 ? letter.toLowerCase() : letter;
}

/** True where the key belongs to what has the focus: typing, or pressing a button. @param {KeyboardEvent} event */
export function belongsToFocus(event) {
  const target = event.target;
  if (event.isComposing || event.metaKey || (event.ctrlKey && !event.getModifierState("AltGraph"))) return true;
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches("textarea, input, select")) return event.key !== "Escape" && !(target.matches("input") && event.key === "Enter");
  return target.matches("button, a, summary") && (event.key === "Enter" || event.key === " ");
}

/** The list of keys for a kind of case. @param {string} kind */
export function keyList(kind) {
  const here = KEYS.filter(({ kinds }) => kinds.includes(kind));
  const groups = [...new Set(here.map(({ group }) => group))];
  const rows = (/** @type {string} */ group) => here.filter((key) => key.group === group).map(({ shown, words }) =>
    el("div", { class: "key-row" }, el("dt", {}, ...shown.split(" ").map((cap) => el("kbd", {}, cap))), el("dd", {}, words)));
  return groups.map((group) => el("section", {}, el("h3", {}, group), el("dl", {}, ...rows(group))));
}
