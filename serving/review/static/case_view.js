// @ts-check
/** One case on the screen: panels, stage and answers around one draft. Built before it is shown. */

import { el } from "./dom.js";
import { DecisionBar } from "./decision.js";
import { Draft } from "./draft.js";
import { ImageStage, loaded } from "./stage_image.js";
import { EvidencePanel, MarkPanel, ProductPanel } from "./panel.js";
import { TextStage } from "./stage_text.js";
import { VideoStage } from "./stage_video.js";
import { withKeys } from "./words.js";

/** @typedef {import("./types.js").Sheet} Sheet */
/** @typedef {import("./types.js").Evidence} Evidence */

/**
 * @typedef {object} Context what the parts of a case share
 * @property {Sheet} sheet
 * @property {Draft} draft
 * @property {boolean} boxesOn
 * @property {() => Evidence | null} selected the evidence at hand
 * @property {(index: number) => void} select
 * @property {(by: number) => void} go to the next or previous evidence
 * @property {(command: string) => void} run
 * @property {(words: string) => void} say
 */

const STAGES = { video: VideoStage, image: ImageStage, text: TextStage };

export class CaseView {
  /**
   * @param {Sheet} sheet
   * @param {{run: (command: string) => void, say: (words: string) => void}} page
   */
  constructor(sheet, { run, say }) {
    sheet.faults = withKeys(sheet.faults);
    this.sheet = sheet;
    this.draft = new Draft(sheet.id);
    this.order = reading(sheet.evidence);
    this.index = opening(sheet);
    /** @type {Context} */
    this.context = {
      sheet, draft: this.draft, boxesOn: true, run, say,
      selected: () => sheet.evidence[this.index] ?? null,
      select: (index) => this.select(index),
      go: (by) => this.go(by),
    };
    this.stage = new STAGES[sheet.kind](this.context);
    const cutWords = this.stage instanceof VideoStage ? this.stage.cutWords.bind(this.stage) : () => "";
    const preview = this.stage instanceof VideoStage ? this.stage.preview.bind(this.stage) : () => {};
    this.product = new ProductPanel(this.context);
    this.evidence = new EvidencePanel(this.context);
    this.marks = new MarkPanel(this.context);
    this.answers = new DecisionBar(this.context, { cutWords, preview });
    const history = sheet.history.map(({ at, words }) => el("li", {}, el("time", { datetime: at }, new Date(at).toLocaleString()), ` ${words}`));
    const past = el("details", { class: "history" }, el("summary", {}, `History (${history.length})`), el("ol", {}, ...history));
    this.element = el("article", { class: `case ${sheet.kind} waiting`, "aria-label": `${sheet.title}, ${sheet.sku}`, inert: true },
      this.product.element, this.stage.main, this.stage.below,
      el("aside", { class: "rail", "aria-label": "Findings" }, this.evidence.element, this.marks.element, past),
      this.answers.element);
    this.draft.listeners.push(() => this.refresh());
    this.ready = Promise.all([this.stage.ready, ...sheet.product.photos.slice(0, 1).map(({ url }) => loaded(url))]);
    this.seconds = 0;
    this.since = 0;
    this.refresh();
  }

  /** Comes on the screen; the clock of the answer starts. */
  open() {
    this.element.classList.remove("waiting");
    this.element.removeAttribute("inert");
    this.#clock(document.visibilityState === "visible");
    this.listen = () => this.#clock(document.visibilityState === "visible");
    document.addEventListener("visibilitychange", this.listen);
    this.stage.open();
    this.refresh();
  }

  close() {
    if (this.listen) document.removeEventListener("visibilitychange", this.listen);
    this.stage.close();
    this.element.remove();
  }

  /** Seconds that the reviewer could see it. */
  get spent() {
    return this.seconds + (this.since ? (performance.now() - this.since) / 1000 : 0);
  }

  /** @param {boolean} running */
  #clock(running) {
    this.seconds = this.spent;
    this.since = running ? performance.now() : 0;
  }

  /** @param {number} index */
  select(index) {
    this.index = index;
    const evidence = this.context.selected();
    this.stage.select(evidence);
    this.evidence.refresh(index);
    if (evidence) this.context.say(`Evidence ${index + 1} of ${this.sheet.evidence.length}: ${evidence.words || evidence.message}`);
  }

  /** @param {number} by */
  go(by) {
    const { length } = this.order;
    if (!length) return;
    const at = this.order.indexOf(this.index);
    this.select(this.order[(at + by + length) % length]);
  }

  refresh() {
    this.stage.refresh();
    this.evidence.refresh(this.index);
    this.marks.refresh();
    this.answers.refresh();
  }
}

/** The heaviest evidence that has a place; what is wrong with the whole clip comes after. @param {Sheet} sheet */
function opening({ evidence, assets }) {
  const frames = Math.max(1, ...assets.map((asset) => asset.frames));
  const short = evidence.findIndex((each) => each.frames && each.frames[1] - each.frames[0] < 0.6 * frames);
  return Math.max(0, short >= 0 ? short : evidence.findIndex(({ box, span }) => box || span));
}

/** Indices of the evidence in the order in which a reader meets it. @param {Evidence[]} evidence */
function reading(evidence) {
  const place = (/** @type {Evidence} */ each) => each.frames?.[0] ?? each.span?.[0] ?? -1;
  return evidence.map((_, index) => index).sort((a, b) => place(evidence[a]) - place(evidence[b]) || a - b);
}
