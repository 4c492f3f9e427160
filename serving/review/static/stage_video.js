// @ts-check
/** The stage of a clip: frame with boxes, transport, timeline. */

import { clamp, el } from "./dom.js";
import { Frame } from "./frame.js";
import { Player } from "./player.js";
import { Timeline } from "./timeline.js";
import { Transport } from "./transport.js";
import { secondsWords, wordOf } from "./words.js";

/** @typedef {import("./types.js").Evidence} Evidence */
/** @typedef {import("./types.js").Span} Span */
/** @typedef {import("./case_view.js").Context} Context */

const LEAD_S = 2;
const LOOP_LEAD_S = 1;
const LOOP_TAIL_S = 0.5;

/** Evidence nearer than this is one bad stretch: what is between would not be worth keeping. */
const JOIN_S = 0.34;

/** A fault of so much of the clip is one of the whole: nothing to cut, nothing to frame. */
const WHOLE = 0.6;
const WHOLE_BOX = 0.92;

export class VideoStage {
  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    const clip = context.sheet.assets.find((asset) => asset.media_type.startsWith("video/"));
    if (!clip) throw new Error("the case holds no clip");
    this.clip = clip;
    const fps = clip.fps || 30;
    const frames = clip.frames || Math.max(1, Math.round(clip.duration_s * fps));
    const video = /** @type {HTMLVideoElement} */ (el("video", { src: clip.url, preload: "auto", muted: true, playsinline: true, tabindex: "-1" }));
    this.player = new Player(video, { fps, frames });
    this.frame = new Frame(video, { aspect: clip.width_px / clip.height_px || 1, name: "Clip, frame by frame" });
    this.timeline = new Timeline({ frames, fps });
    this.looping = true;
    this.transport = new Transport((name) => context.run(name));
    this.below = el("div", { class: "below" }, this.transport.element, this.timeline.element);
    this.main = el("div", { class: "pane clip-pane" }, this.frame.element);
    this.main.style.setProperty("--ar", String(clip.width_px / clip.height_px || 1));
    this.#connect();
    this.first = this.#opening();
    this.ready = this.#load(video);
    this.commands = this.#commands();
  }

  #connect() {
    const { player, frame, timeline, context } = this;
    player.listeners.push(() => this.#shown());
    frame.onpress = () => player.toggle();
    frame.ondraw = (box) => {
      player.pause();
      context.draft.changeMark({ box, asset: this.clip.role, ...this.#framesForMark() });
    };
    timeline.onseek = (at) => {
      player.pause();
      player.loop = null;
      player.seek(at);
    };
    timeline.onspan = (span) => this.setSpan(span);
    timeline.onpick = (index) => context.select(index);
  }

  /** A mark without frames gets those of the evidence at hand, or the frame on the screen. */
  #framesForMark() {
    if (this.context.draft.mark?.frames) return {};
    const now = this.#asked();
    const found = this.context.selected()?.frames;
    const holds = found && now >= found[0] && now <= found[1];
    return { frames: /** @type {Span} */ (holds ? found : [now, now]) };
  }

  /** @returns {Record<string, () => void>} */
  #commands() {
    const { player, timeline } = this;
    return {
      toggle: () => player.toggle(),
      shuttleBack: () => player.shuttle(-1),
      pause: () => player.pause(),
      shuttleOn: () => player.shuttle(1),
      back: () => player.step(-1),
      on: () => player.step(1),
      back10: () => player.step(-10),
      on10: () => player.step(10),
      toStart: () => player.step(-player.frames),
      toEnd: () => player.step(player.frames),
      slower: () => player.changeSpeed(-1),
      faster: () => player.changeSpeed(1),
      closer: () => timeline.zoom(0.5),
      wider: () => timeline.zoom(2),
      loop: () => this.#toggleLoop(),
      sound: () => {
        player.video.muted = !player.video.muted;
        this.transport.sound.setAttribute("aria-pressed", String(!player.video.muted));
      },
      start: () => this.#setEnd(0),
      end: () => this.#setEnd(1),
      trim: () => this.#trim(),
    };
  }

  /** The frame 2 s before the first evidence lies ready; a key pressed meanwhile goes before. */
  async #load(/** @type {HTMLVideoElement} */ video) {
    const broken = new Promise((_, fail) => video.addEventListener("error", () => fail(new Error(`The clip cannot be played: ${video.error?.message || "unknown format"}`))));
    await Promise.race([this.player.seek(this.first), broken]);
  }

  #opening() {
    const frames = this.context.selected()?.frames;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (!frames) return 0;
    return still ? frames[0] : clamp(Math.round(frames[0] - LEAD_S * this.player.fps), 0, this.player.frames - 1);
  }

  /** Starts: plays on to the evidence and loops it; stands on it where motion is unwanted. */
  open() {
    this.select(this.context.selected(), false);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (!still) this.player.play();
  }

  close() {
    this.player.close();
    this.timeline.close();
  }

  /** Loops around this evidence; `move` also goes there. @param {Evidence | null} evidence @param {boolean} move */
  select(evidence, move = true) {
    const { player } = this;
    player.skip = null;
    player.loop = this.looping && evidence?.frames ? this.#around(evidence.frames) : null;
    if (move && evidence?.frames) player.seek(player.playing && player.loop ? player.loop[0] : evidence.frames[0]);
    this.#shown();
  }

  /** @param {Span} frames @returns {Span} */
  #around([first, last]) {
    const { fps, frames } = this.player;
    return [Math.max(0, Math.round(first - LOOP_LEAD_S * fps)), Math.min(frames - 1, Math.round(last + LOOP_TAIL_S * fps))];
  }

  #toggleLoop() {
    this.looping = !this.looping;
    const frames = this.context.selected()?.frames;
    this.player.loop = this.looping && frames ? this.#around(frames) : null;
    this.transport.loop.setAttribute("aria-pressed", String(this.looping));
  }

  #asked() {
    return this.player.wanted >= 0 ? this.player.wanted : this.player.frame;
  }

  /** Sets the cut's span while trimming, else the mark's. @param {Span} span */
  setSpan(span) {
    const { draft } = this.context;
    if (draft.state.action === "trim") draft.change({ cut: span });
    else draft.changeMark({ frames: span, asset: this.clip.role });
  }

  /** One end of the span comes to the frame on the screen. @param {0 | 1} end */
  #setEnd(end) {
    const { draft } = this.context;
    const now = this.#asked();
    const span = draft.state.action === "trim" ? draft.state.cut : draft.mark?.frames;
    const other = span ? span[1 - end] : now;
    const kept = end === 0 ? Math.max(now, other) : Math.min(now, other);
    this.setSpan(end === 0 ? [now, kept] : [kept, now]);
  }

  /** Cuts the mark's frames, else the stretch of evidence at hand, else what the case suggests. */
  #trim() {
    const { draft, sheet } = this.context;
    const suggested = sheet.corrections.find(({ action }) => action === "trim")?.suggested?.frames;
    const frames = draft.mark?.frames ?? this.#stretch() ?? suggested ?? [this.#asked(), this.#asked()];
    draft.change({ action: "trim", cut: frames });
    this.preview();
  }

  /** The frames of the evidence at hand and of all that touches it. @returns {Span | null} */
  #stretch() {
    const gap = JOIN_S * this.player.fps;
    const short = (/** @type {Evidence | null} */ each) => each?.frames && each.frames[1] - each.frames[0] < WHOLE * this.player.frames;
    const bad = this.context.sheet.evidence.filter((each) => short(each) && each.severity !== "note");
    const at = this.context.selected();
    const start = short(at) ? at?.frames : bad[0]?.frames;
    if (!start) return null;
    let [first, last] = start;
    for (let grew = true; grew; ) {
      const near = bad.flatMap(({ frames }) => (frames && frames[0] <= last + gap && frames[1] >= first - gap ? [frames] : []));
      const [low, high] = [Math.min(first, ...near.map((each) => each[0])), Math.max(last, ...near.map((each) => each[1]))];
      grew = low < first || high > last;
      [first, last] = [low, high];
    }
    return [first, last];
  }

  /** Plays over the cut as the joined clip would. */
  preview() {
    const cut = this.context.draft.state.cut;
    if (!cut) return;
    this.player.skip = cut;
    this.player.loop = this.#around(cut);
    this.player.pause();
    this.player.seek(this.player.loop[0]);
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) this.player.play();
  }

  /** What the draft changed. */
  refresh() {
    const { state } = this.context.draft;
    if (state.action !== "trim") this.player.skip = null;
    else if (this.player.skip) this.player.skip = state.cut;
    const { words, evidence } = { words: this.context.sheet.faults, evidence: this.context.sheet.evidence };
    const bars = evidence.flatMap((each, key) => each.frames ? [{ frames: each.frames, label: wordOf(words, each.kind).name, tone: each.severity, key }] : []);
    const marks = state.marks.flatMap((mark) => mark.frames ? [{ frames: mark.frames, label: mark.kind ? wordOf(words, mark.kind).name : "Your mark", tone: "mark", key: -1 }] : []);
    const cut = state.action === "trim" ? state.cut : null;
    this.timeline.show({ evidence: bars, marks, cut, span: this.context.draft.mark?.frames ?? null, loop: this.player.loop });
    this.#shown();
  }

  /** Everything that follows the frame on the screen. */
  #shown() {
    const { player, timeline, context } = this;
    const at = this.#asked();
    timeline.moveTo(at);
    this.transport.update(player, at);
    this.frame.show(context.boxesOn ? this.#boxes(at) : []);
  }

  /** @param {number} at frame */
  #boxes(at) {
    const { sheet, draft } = this.context;
    const holds = (/** @type {Span | null} */ frames) => !frames || (at >= frames[0] && at <= frames[1]);
    const here = sheet.evidence.filter((each) => each.box && area(each.box) < WHOLE_BOX && each.frames && holds(each.frames) && (!each.asset || each.asset === this.clip.role));
    const found = here.map((each) => ({ box: /** @type {any} */ (each.box), label: wordOf(sheet.faults, each.kind).name, tone: each.severity }));
    const own = draft.state.marks.filter((mark) => mark.box && holds(mark.frames));
    const drawn = own.map((mark) => ({ box: /** @type {any} */ (mark.box), label: mark.kind ? wordOf(sheet.faults, mark.kind).name : "Your mark", tone: "mark" }));
    return [...found, ...drawn];
  }

  /** What the decision strip says about the cut. @param {Span} cut */
  cutWords(cut) {
    const { fps, frames } = this.player;
    const gone = cut[1] - cut[0] + 1;
    return `${secondsWords(gone / fps)} are cut out; ${secondsWords((frames - gone) / fps)} of ${secondsWords(frames / fps)} remain.`;
  }
}

/** @param {import("./types.js").Box} box */
const area = ([x0, y0, x1, y1]) => (x1 - x0) * (y1 - y0);
