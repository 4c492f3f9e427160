// @ts-check
/** The panels beside the stage: the product, what the judge found, what the reviewer marks. */

import { el } from "./dom.js";
import { agoWords, numberWords, spanWords, wordOf } from "./words.js";

/** @typedef {import("./case_view.js").Context} Context */
/** @typedef {import("./types.js").Evidence} Evidence */

export class ProductPanel {
  /** @param {Context} context */
  constructor({ sheet }) {
    const { product } = sheet;
    this.at = 0;
    this.photos = product.photos.map(({ url }, index) =>
      el("img", { src: url, alt: `Photo ${index + 1} of ${product.photos.length} of ${product.title}`, draggable: "false" }));
    this.thumbs = product.photos.map(({ url }, index) =>
      el("button", { type: "button", class: "thumb", "aria-label": `Photo ${index + 1}`, onclick: () => this.turn(index) }, el("img", { src: url, alt: "" })));
    this.large = el("div", { class: "photo" });
    const facts = [["Brand", product.brand], ["Category", product.category.join(" › ")], ["Price", product.price], ...product.facts.map(({ name, text }) => [name.replaceAll("_", " "), text])];
    const rows = facts.filter(([, text]) => text).map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", { dir: "auto" }, text)));
    this.element = el("aside", { class: "product", "aria-label": "Product" },
      el("div", { class: "photos" },
        product.photos.length ? this.large : el("p", { class: "no-photo" }, "The product has no photo."),
        product.photos.length > 1 ? el("div", { class: "thumbs" }, ...this.thumbs) : null),
      el("h2", { dir: "auto" }, product.title),
      el("p", { class: "about" }, [sheet.sku, sheet.channel, sheet.locale === "und" ? "" : sheet.locale, sheet.backend, sheet.due_at ? dueWords(sheet.due_at) : ""].filter(Boolean).join(" · ")),
      el("dl", { class: "facts" }, ...rows));
    this.turn(0);
  }

  /** @param {number} index */
  turn(index) {
    if (!this.photos.length) return;
    this.at = index % this.photos.length;
    this.large.replaceChildren(this.photos[this.at]);
    this.thumbs.forEach((thumb, at) => thumb.setAttribute("aria-pressed", String(at === this.at)));
  }

  next() {
    this.turn(this.at + 1);
  }

  /** The photo follows the picture's zoom, so that like is compared with like. @param {number} zoom */
  zoomTo(zoom) {
    this.large.style.setProperty("--zoom", String(zoom));
  }
}

export class EvidencePanel {
  /** @param {Context} context */
  constructor(context) {
    const { sheet } = context;
    const heaviest = sheet.evidence[0];
    this.context = context;
    this.items = sheet.evidence.map((each, index) => this.#item(each, index));
    const reasons = sheet.reasons.map((reason) => el("li", {}, reason));
    this.element = el("section", { class: "why", "aria-label": "Why it is here" },
      el("h2", {}, "Why it is here"),
      heaviest ? el("p", { class: "headline" }, heaviest.words || heaviest.message) : null,
      el("ul", { class: "reasons" }, ...reasons),
      sheet.evidence.length ? el("h2", {}, `Evidence (${sheet.evidence.length})`) : null,
      el("div", { class: "evidence", role: "list" }, ...this.items));
  }

  /** @param {Evidence} evidence @param {number} index */
  #item(evidence, index) {
    const { sheet } = this.context;
    const where = [spanWords(evidence.frames), evidence.field.replace(".", " "), sheet.assets.length > 1 && sheet.kind === "image" ? evidence.asset : ""];
    const number = evidence.number === null ? "" : numberWords(evidence.number);
    const limit = evidence.threshold === null || !number ? "" : ` (limit ${numberWords(evidence.threshold)})`;
    const said = evidence.message && evidence.message !== evidence.words ? evidence.message : "";
    const button = el("button", { type: "button", class: `found ${evidence.severity}`, title: evidence.words, onclick: () => this.context.select(index) },
      el("span", { class: "tone", "aria-hidden": "true" }),
      el("span", { class: "found-name" }, wordOf(sheet.faults, evidence.kind).name, el("span", { class: "severity" }, evidence.severity)),
      el("span", { class: "found-where" }, [...where.filter(Boolean), `${number}${limit}`].filter(Boolean).join(" · ")),
      said ? el("span", { class: "found-said" }, said) : null);
    return el("div", { role: "listitem" }, button);
  }

  /** @param {number} selected */
  refresh(selected) {
    this.items.forEach((item, index) => {
      const button = item.firstElementChild;
      button?.setAttribute("aria-current", String(index === selected));
      if (index === selected && item.isConnected) item.scrollIntoView({ block: "nearest" });
    });
  }
}

export class MarkPanel {
  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    this.list = el("div", { class: "marks" });
    const { faults } = context.sheet;
    const keyed = faults.filter(({ key }) => key !== null);
    const rest = faults.filter(({ key }) => key === null);
    const choose = (/** @type {string} */ kind) => this.choose(kind);
    this.kinds = keyed.map(({ kind, name, what, key }) =>
      el("button", { type: "button", class: "kind", title: what, "data-kind": kind, "aria-keyshortcuts": String(key), onclick: () => choose(kind) }, el("kbd", { "aria-hidden": "true" }, String(key)), el("span", {}, name)));
    this.more = el("select", { "aria-label": "Other kinds of fault", onchange: () => { choose(this.#more.value); this.#more.blur(); } },
      el("option", { value: "" }, "Other kinds …"), ...rest.map(({ kind, name }) => el("option", { value: kind }, name)));
    this.element = el("section", { class: "own", "aria-label": "Your marks" },
      el("h2", {}, "Your marks"), this.list,
      el("div", { class: "kinds", role: "group", "aria-label": "Kind of fault" }, ...this.kinds, rest.length ? this.more : null));
  }

  get #more() {
    return /** @type {HTMLSelectElement} */ (this.more);
  }

  /** The mark gets this kind; without one the evidence at hand becomes it. @param {string} kind */
  choose(kind) {
    if (!kind) return;
    const { draft } = this.context;
    const found = draft.mark ? null : this.context.selected();
    const from = found ? { frames: found.frames, box: found.box, asset: found.asset, field: found.field, span: found.span } : {};
    draft.changeMark({ ...from, kind });
  }

  refresh() {
    const { draft, sheet } = this.context;
    const rows = draft.state.marks.map((mark, index) => {
      const name = mark.kind ? wordOf(sheet.faults, mark.kind).name : "Choose a kind: 1–9";
      const about = [spanWords(mark.frames), mark.box ? "box" : "", mark.field.replace(".", " ")].filter(Boolean).join(" · ");
      return el("div", { class: `own-mark ${index === draft.state.active ? "active" : ""}` },
        el("button", { type: "button", class: "own-name", "aria-pressed": String(index === draft.state.active), onclick: () => draft.change({ active: index }) }, name, el("span", { class: "found-where" }, about)),
        el("button", { type: "button", class: "remove", "aria-label": `Remove the mark ${name}`, onclick: () => draft.removeMark(index) }, "×"));
    });
    const none = el("p", { class: "hint" }, sheet.kind === "text" ? "None. A digit marks the evidence at hand." : "None. Draw on the picture, drag on the timeline, or press a digit.");
    this.list.replaceChildren(...(rows.length ? rows : [none]));
    this.kinds.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.kind === draft.mark?.kind)));
    const known = this.kinds.some((button) => button.dataset.kind === draft.mark?.kind);
    this.#more.value = known ? "" : draft.mark?.kind ?? "";
  }
}

/** @param {string} due */
function dueWords(due) {
  const left = (Date.parse(due) - Date.now()) / 1000;
  return left > 0 ? `due in ${agoWords(left)}` : `overdue by ${agoWords(-left)}`;
}
