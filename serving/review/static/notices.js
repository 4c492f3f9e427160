// @ts-check
/** Messages in words: shown in a line that covers nothing, spoken to screen readers. */

import { el } from "./dom.js";

const BRIEF_MS = 6000;

export class Notices {
  /** @param {HTMLElement} line @param {HTMLElement} live the live region */
  constructor(line, live) {
    this.line = line;
    this.live = live;
    this.timer = 0;
  }

  /** Speaks to screen readers only. @param {string} words */
  say(words) {
    this.live.textContent = words;
  }

  /**
   * Shows a message; a brief one goes by itself.
   * @param {"good" | "note" | "bad"} tone
   * @param {string} words
   * @param {{brief?: boolean, actions?: HTMLElement[]}} [more]
   */
  show(tone, words, { brief = false, actions = [] } = {}) {
    window.clearTimeout(this.timer);
    const close = el("button", { type: "button", class: "remove", "aria-label": "Close this message", onclick: () => this.clear() }, "×");
    actions.forEach((action) => action.addEventListener("click", () => this.clear()));
    this.line.replaceChildren(el("p", { class: `notice ${tone}`, role: tone === "bad" ? "alert" : "status" }, el("span", {}, words), ...actions, close));
    if (brief) this.timer = window.setTimeout(() => this.clear(), BRIEF_MS);
  }

  clear() {
    this.line.replaceChildren();
  }
}
