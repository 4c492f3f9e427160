// @ts-check
/** The reviewer's desk: the case in hand, the next one ready beside it, and the holds on both. */

import * as door from "./door.js";

/** @typedef {import("./types.js").Sheet} Sheet */
/** @typedef {{id: string, title: string, state: import("./types.js").DraftState}} Sent */

/** Well within the lease, also where a browser lets a hidden page's timers run once a minute only. */
const BEAT_MS = 30_000;

/** A page left alone so long lets its holds run out, so that others get the cases. */
const IDLE_MS = 10 * 60_000;

const SENT_MOST = 20;

export class Desk {
  /** @param {string} reviewer */
  constructor(reviewer) {
    this.reviewer = reviewer;
    /** @type {Sheet | null} */
    this.current = null;
    /** @type {Sheet | null} */
    this.next = null;
    /** @type {Promise<Sheet | null> | null} */
    this.fetching = null;
    /** @type {(sheet: Sheet, words: string) => void} the hold on a case was lost */
    this.onlost = () => {};
    this.lastInput = performance.now();
    this.lost = false;
    /** @type {Sent[]} */
    this.sent = JSON.parse(sessionStorage.getItem("review.sent") ?? "[]");
    this.beat = window.setInterval(() => this.keep(), BEAT_MS);
    for (const name of ["keydown", "pointerdown"]) addEventListener(name, () => (this.lastInput = performance.now()), { capture: true });
    addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.keep());
    addEventListener("pagehide", () => this.next && door.releaseInPassing(this.next.id, this.next.token));
  }

  /** The case that this tab had in hand before, else the next; null when none waits. */
  async open(prefer = sessionStorage.getItem("review.case") ?? "") {
    this.take(await door.claimCase(this.reviewer, prefer));
    return this.current;
  }

  /** This case is in hand now. @param {Sheet | null} sheet */
  take(sheet) {
    this.current = sheet;
    this.lost = false;
    if (sheet) sessionStorage.setItem("review.case", sheet.id);
    else sessionStorage.removeItem("review.case");
  }

  /** The case after this one, claimed once however often it is asked for. */
  prefetch() {
    this.fetching ??= door.claimCase(this.reviewer).then((sheet) => {
      const same = sheet !== null && sheet.id === this.current?.id;
      if (same && this.current) this.current.token = sheet.token; // nothing else was free
      this.next = same ? null : sheet;
      return this.next;
    }).finally(() => (this.fetching = null));
    return this.fetching;
  }

  /** The prefetched case comes into hand. */
  advance() {
    this.take(this.next);
    this.next = null;
  }

  /**
   * Sends an answer. Raises Refusal.
   * @param {Sheet} sheet
   * @param {any} label
   * @param {import("./types.js").DraftState} state
   */
  async send(sheet, label, state) {
    await door.labelCase(sheet.id, { token: sheet.token, ...label });
    this.sent = [...this.sent, { id: sheet.id, title: sheet.title, state }].slice(-SENT_MOST);
    this.#keepSent();
  }

  /** Takes the last answer back and the case into hand again. Raises Refusal. */
  async undo() {
    const last = this.sent[this.sent.length - 1];
    if (!last) return null;
    await door.undoLabel(last.id, this.reviewer);
    this.sent = this.sent.slice(0, -1);
    this.#keepSent();
    for (const held of [this.next, this.current]) if (held) await door.releaseCase(held.id, held.token).catch(() => undefined);
    this.next = null;
    const sheet = await door.claimCase(this.reviewer, last.id);
    this.take(sheet);
    return { sheet, last };
  }

  /** Puts the ends of the holds off, unless nobody is there. */
  async keep() {
    if (performance.now() - this.lastInput > IDLE_MS) return;
    for (const sheet of [this.current, this.next]) if (sheet) await this.#extend(sheet);
  }

  /** @param {Sheet} sheet */
  async #extend(sheet) {
    try {
      const { lease_until } = await door.extendCase(sheet.id, sheet.token);
      sheet.lease_until = lease_until;
    } catch (error) {
      if (!(error instanceof door.Refusal) || error.status === 0) return;
      if (sheet === this.next) this.next = null;
      else if (sheet === this.current) this.lose(sheet, error.message);
    }
  }

  /** @param {Sheet} sheet @param {string} words */
  lose(sheet, words) {
    if (this.lost) return;
    this.lost = true;
    this.onlost(sheet, words);
  }

  #keepSent() {
    sessionStorage.setItem("review.sent", JSON.stringify(this.sent));
  }
}
