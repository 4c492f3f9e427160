// @ts-check
/** Plots as inline SVG: bars, days and a table of cells, each with its numbers beside it. */

import { el, svg } from "./dom.js";

/** @typedef {{name: string, tone: string}} Series */
/** @typedef {{name: string, values: number[], note?: string}} Row */

const WIDTH = 600;
const NAME = 150;
const NOTE = 92;
const BAR = 26;

/**
 * A plot with its title, what it shows in a sentence, and its numbers as a table.
 * @param {string} title
 * @param {string} says
 * @param {(Node | null)[]} parts
 * @param {{head: string[], rows: (string | number)[][]}} numbers
 */
export function figure(title, says, parts, { head, rows }) {
  const line = (/** @type {string} */ tag, /** @type {(string | number)[]} */ cells) => el("tr", {}, ...cells.map((cell) => el(tag, {}, String(cell))));
  const table = el("table", {}, el("thead", {}, line("th", head)), el("tbody", {}, ...rows.map((row) => line("td", row))));
  const empty = rows.length ? null : el("p", { class: "none" }, "Nothing yet.");
  return el("figure", {}, el("figcaption", {}, el("h2", {}, title), el("p", {}, says)), ...(rows.length ? parts : []), empty,
    rows.length ? el("details", {}, el("summary", {}, "Numbers"), table) : null);
}

/** What each colour means. @param {Series[]} series */
export function legend(series) {
  return el("ul", { class: "legend" }, ...series.map(({ name, tone }) => el("li", {}, el("span", { class: `swatch ${tone}` }), name)));
}

/**
 * A bar a row, its parts side by side; all to one scale, or each filled to the whole (`share`).
 * @param {Row[]} rows
 * @param {Series[]} series
 * `bare` bars carry no number of their own: the note beside them says it.
 * @param {{share?: boolean, bare?: boolean, label: string}} how
 */
export function stackedBars(rows, series, { share = false, bare = false, label }) {
  const most = Math.max(1, ...rows.map(({ values }) => sum(values)));
  const room = WIDTH - NAME - NOTE;
  const bars = rows.flatMap(({ name, values, note }, index) => {
    const whole = share ? Math.max(1, sum(values)) : most;
    let x = NAME;
    const y = index * (BAR + 8);
    const parts = values.flatMap((value, at) => {
      const width = (value / whole) * room;
      const part = svg("rect", { class: series[at].tone, x, y, width: Math.max(0, width - 1.5), height: BAR, rx: 2 }, svg("title", {}, `${name}, ${series[at].name}: ${value}`));
      const text = width > 24 && !bare ? svg("text", { class: "on", x: x + width / 2, y: y + 17, "text-anchor": "middle" }, share ? `${Math.round((100 * value) / whole)}%` : String(value)) : null;
      x += width;
      return value ? [part, text] : [];
    });
    return [svg("text", { x: NAME - 10, y: y + 17, "text-anchor": "end" }, svg("title", {}, name), short(name, 21)), ...parts,
      svg("text", { class: "quiet", x: (share ? NAME + room : x) + 8, y: y + 17 }, note ?? String(sum(values)))];
  });
  return picture(label, rows.length * (BAR + 8), bars);
}

/**
 * Two numbers a day as bars beside each other.
 * @param {{day: string, values: [number, number]}[]} days oldest first
 * @param {Series[]} series
 * @param {string} label
 */
export function dayBars(days, series, label) {
  const [height, foot] = [150, 22];
  const most = Math.max(1, ...days.flatMap(({ values }) => values));
  const wide = (WIDTH - 34) / Math.max(days.length, 7);
  const thick = Math.min(18, wide * 0.36);
  const bars = days.flatMap(({ day, values }, index) => {
    const x = 34 + index * wide + wide / 2 - thick - 1;
    const tall = values.map((value) => (value / most) * (height - 14));
    const every = Math.ceil(days.length / 8);
    const name = index % every === 0 ? svg("text", { class: "quiet", x: x + thick, y: height + 16, "text-anchor": "middle" }, day.slice(5)) : null;
    return [...tall.map((each, at) => svg("rect", { class: series[at].tone, x: x + at * (thick + 2), y: height - each, width: thick, height: each, rx: 2 }, svg("title", {}, `${day}, ${series[at].name}: ${values[at]}`))), name];
  });
  const axis = [0, most].map((value) => svg("g", {}, svg("line", { class: "axis", x1: 30, x2: WIDTH, y1: height - (value / most) * (height - 14), y2: height - (value / most) * (height - 14) }),
    svg("text", { class: "quiet", x: 26, y: height - (value / most) * (height - 14) + 4, "text-anchor": "end" }, String(value))));
  return picture(label, height + foot, [...axis, ...bars]);
}

/**
 * Rows by columns: the more, the brighter.
 * @param {string[]} rows
 * @param {string[]} columns
 * @param {(row: string, column: string) => number} count
 * @param {string} label
 */
export function cells(rows, columns, count, label) {
  const most = Math.max(1, ...rows.flatMap((row) => columns.map((column) => count(row, column))));
  const wide = Math.min(140, (WIDTH - NAME) / Math.max(1, columns.length));
  const top = 24;
  const head = columns.map((column, at) => svg("text", { class: "quiet", x: NAME + at * wide + wide / 2, y: 14, "text-anchor": "middle" }, short(column, Math.floor(wide / 7))));
  const body = rows.flatMap((row, line) => {
    const y = top + line * (BAR + 4);
    const boxes = columns.flatMap((column, at) => {
      const value = count(row, column);
      const level = value ? 1 + Math.floor((3.999 * (value - 1)) / Math.max(1, most - 1 || 1)) : 0;
      const x = NAME + at * wide;
      return [svg("rect", { class: `heat-${Math.min(4, level)}`, x: x + 1, y, width: wide - 2, height: BAR, rx: 2 }),
        svg("text", { class: level > 2 ? "on" : "", x: x + wide / 2, y: y + 17, "text-anchor": "middle" }, value ? String(value) : "·")];
    });
    return [svg("text", { x: NAME - 10, y: y + 17, "text-anchor": "end" }, svg("title", {}, row), short(row, 21)), ...boxes];
  });
  return picture(label, top + rows.length * (BAR + 4), [...head, ...body]);
}

/** @param {string} label @param {number} height @param {(SVGElement | null)[]} parts */
function picture(label, height, parts) {
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${Math.max(height, 1)}`, role: "img", "aria-label": label }, ...parts);
}

/** @param {number[]} values */
export const sum = (values) => values.reduce((all, each) => all + each, 0);

/** @param {string} text @param {number} most */
const short = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
