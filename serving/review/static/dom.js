// @ts-check
/** Elements made by code: no inline script or style, and text is always text. */

/**
 * An element with attributes, listeners (`onclick`) and children; `null` children are left out.
 * @param {string} tag
 * @param {Record<string, any>} [attributes] `class`, `aria-label`, `onclick` … ; false or null: left out
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  fill(node, attributes, children);
  return node;
}

/**
 * An SVG element, as `el`.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  fill(node, attributes, children);
  return node;
}

/**
 * @param {Element} node
 * @param {Record<string, any>} attributes
 * @param {(Node | string | null | undefined | false)[]} children
 */
function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
}

/**
 * The element a selector names. Throws when the page lacks it.
 * @param {string} selector
 * @param {ParentNode} [within]
 * @returns {HTMLElement}
 */
export function find(selector, within = document) {
  const found = within.querySelector(selector);
  if (!(found instanceof HTMLElement)) throw new Error(`the page has no ${selector}`);
  return found;
}

/**
 * A button with its key shown on it.
 * @param {string} words
 * @param {string} key what to press, or empty
 * @param {() => void} press
 * @param {Record<string, any>} [attributes]
 */
export function keyButton(words, key, press, attributes = {}) {
  const cap = key ? el("kbd", { "aria-hidden": "true" }, key) : null;
  const shortcut = key && key.length === 1 ? key : null;
  const given = { type: "button", "aria-keyshortcuts": shortcut, ...attributes, onclick: press };
  return el("button", given, cap, el("span", {}, words));
}

/** @type {Record<string, string>} outlines in a square of 16 */
const GLYPHS = {
  previous: "M4 10L8 5L12 10",
  next: "M4 6L8 11L12 6",
  back: "M11 3V13L5 8ZM4 3V13",
  on: "M5 3V13L11 8ZM12 3V13",
  slower: "M8 4L4 8L8 12M13 4L9 8L13 12",
  faster: "M3 4L7 8L3 12M8 4L12 8L8 12",
  start: "M9 3H5V13H9",
  end: "M7 3H11V13H7",
  zoom: "M7 3A4 4 0 1 0 7 11A4 4 0 1 0 7 3M10 10L14 14",
  closer: "M8 3V13M3 8H13",
  wider: "M3 8H13",
};

/**
 * A small button: its key where there is a keyboard, its sign where there is touch.
 * @param {string} words
 * @param {string} key
 * @param {string} glyph
 * @param {() => void} press
 */
export function iconButton(words, key, glyph, press) {
  const sign = svg("svg", { viewBox: "0 0 16 16", class: "glyph", "aria-hidden": "true" }, svg("path", { d: GLYPHS[glyph] }));
  const button = keyButton(words, key, press, { class: "icon", title: `${words} (${key})` });
  button.append(sign);
  return button;
}

/**
 * `value` within `low` … `high`.
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}
