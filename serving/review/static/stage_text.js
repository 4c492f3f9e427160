// @ts-check
/** The stage of copy: every slot is edited where it stands, its faulty words marked. */

import { difference, lengthOf, place } from "./copydiff.js";
import { el, iconButton, keyButton } from "./dom.js";
import { edits } from "./draft.js";
import { direction, wordOf } from "./words.js";

/** @typedef {import("./types.js").Evidence} Evidence */
/** @typedef {import("./case_view.js").Context} Context */
/** @typedef {{slot: string, text: HTMLTextAreaElement, mirror: HTMLElement, count: HTMLElement, diff: HTMLElement, row: HTMLElement}} Row */

const GROUPS = /** @type {Record<string, string>} */ ({ bullets: "Bullet", alt_texts: "Alt text", ads: "Ad" });

export class TextStage {
  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    const { sheet } = context;
    this.limits = sheet.corrections.find(({ action }) => action === "edit")?.parameters?.slots?.limits ?? {};
    this.rows = Object.entries(sheet.slots).map(([slot, text]) => this.#row(slot, context.draft.state.slots[slot] ?? text));
    const sheetOfCopy = el("div", { class: "copy", lang: sheet.locale, dir: direction(sheet.locale) }, ...this.rows.map(({ row }) => row));
    this.main = el("div", { class: "pane copy-pane" }, sheetOfCopy);
    const tools = el("div", { class: "transport", role: "group", "aria-label": "Copy" },
      el("div", { class: "cluster" },
        iconButton("Previous evidence", "↑", "previous", () => context.go(-1)),
        iconButton("Next evidence", "↓", "next", () => context.go(1))),
      el("div", { class: "cluster" }, keyButton("Edit the marked words", "E", () => this.edit(), {})),
      el("p", { class: "hint" }, "Esc leaves a text, Ctrl + Enter sends from within it."));
    this.below = el("div", { class: "below" }, tools);
    this.ready = Promise.resolve();
    /** @type {Record<string, () => void>} */
    this.commands = { edit: () => this.edit() };
  }

  /** @param {string} slot @param {string} value @returns {Row} */
  #row(slot, value) {
    const name = slotName(slot);
    const text = /** @type {HTMLTextAreaElement} */ (el("textarea", { rows: "1", spellcheck: "true", "aria-label": name, dir: direction(this.context.sheet.locale) }));
    text.value = value;
    const mirror = el("div", { class: "mirror", "aria-hidden": "true" });
    const [count, diff] = [el("span", { class: "count", dir: "ltr" }), el("p", { class: "diff", "aria-label": `Changes of ${name}` })];
    const head = el("div", { class: "slot-head", dir: "ltr" }, el("span", { class: "slot-name" }, name), count);
    const row = { slot, text, mirror, count, diff, row: el("div", { class: "slot" }, head, el("div", { class: "paper" }, mirror, text), diff) };
    text.addEventListener("input", () => this.#typed(row));
    return row;
  }

  /** @param {Row} row */
  #typed({ slot, text }) {
    const { draft, sheet } = this.context;
    const slots = { ...draft.state.slots, [slot]: text.value };
    const changed = Object.keys(edits({ ...draft.state, slots }, sheet)).length > 0;
    const action = changed ? "edit" : draft.state.action === "edit" ? "" : draft.state.action;
    draft.change({ slots, action }, { typing: true });
  }

  /** Into the slot of the evidence at hand, its faulty words selected. */
  edit() {
    const evidence = this.context.selected();
    const row = this.rows.find(({ slot }) => slot === evidence?.field) ?? this.rows[0];
    row.text.focus();
    const original = this.context.sheet.slots[row.slot];
    if (evidence?.span && row.slot === evidence.field && row.text.value === original)
      row.text.setSelectionRange(place(original, evidence.span[0]), place(original, evidence.span[1]));
  }

  open() {}

  close() {}

  /** @param {Evidence | null} evidence */
  select(evidence) {
    const row = this.rows.find(({ slot }) => slot === evidence?.field);
    row?.row.scrollIntoView({ block: "nearest" });
    this.rows.forEach((each) => each.row.classList.toggle("at-hand", each === row));
  }

  refresh() {
    const { sheet, boxesOn, draft } = this.context;
    for (const row of this.rows) {
      const wanted = draft.state.slots[row.slot] ?? sheet.slots[row.slot];
      if (row.text.value !== wanted) row.text.value = wanted;
      const before = sheet.slots[row.slot];
      const same = row.text.value === before;
      const evidence = boxesOn && same ? sheet.evidence.filter((each) => each.field === row.slot && each.span) : [];
      row.mirror.replaceChildren(...marked(row.text.value, evidence, (kind) => wordOf(sheet.faults, kind).name));
      this.#count(row);
      row.diff.replaceChildren(...(same ? [] : difference(before, row.text.value).map(pieceOf)));
    }
  }

  /** @param {Row} row */
  #count({ slot, text, count }) {
    const limit = this.limits[slot];
    const length = lengthOf(text.value);
    count.textContent = limit ? `${length} / ${limit}` : `${length}`;
    count.classList.toggle("over", Boolean(limit) && length > limit);
    const over = limit && length > limit ? `, ${length - limit} too many` : "";
    count.setAttribute("aria-label", `${length} characters${limit ? ` of ${limit}` : ""}${over}`);
  }
}

/** @param {string} slot */
function slotName(slot) {
  const [group, number] = slot.split(".");
  if (number !== undefined) return `${GROUPS[group] ?? group} ${Number(number) + 1}`;
  const words = group.replaceAll("_", " ").replace("seo", "search").replace("meta", "search");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/**
 * The text with its faulty spans as `mark`; where two overlap the heavier one shows.
 * @param {string} text
 * @param {Evidence[]} evidence the heaviest first
 * @param {(kind: string) => string} name
 */
function marked(text, evidence, name) {
  const points = [...text];
  /** @type {(Evidence | null)[]} */
  const by = points.map((_, at) => evidence.find(({ span }) => span && at >= span[0] && at < span[1]) ?? null);
  const parts = [];
  for (let at = 0; at < points.length; ) {
    let end = at;
    while (end < points.length && by[end] === by[at]) end++;
    const words = points.slice(at, end).join("");
    const found = by[at];
    parts.push(found ? el("mark", { class: found.severity, title: name(found.kind) }, words) : words);
    at = end;
  }
  return [...parts, "\u200b"];
}

/** @param {import("./copydiff.js").Piece} piece */
function pieceOf(piece) {
  if ("gone" in piece) return el("del", {}, piece.gone);
  return "come" in piece ? el("ins", {}, piece.come) : el("span", {}, piece.same);
}
