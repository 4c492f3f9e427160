// @ts-check
/** The clip as a line: evidence, marks and the cut by their frames; a pointer scrubs and sets spans. */

import { clamp, el, svg } from "./dom.js";

/** @typedef {import("./types.js").Span} Span */
/** @typedef {{frames: Span, label: string, tone: string, key: number}} Bar */
/** @typedef {{evidence: Bar[], marks: Bar[], cut: Span | null, span: Span | null, loop: Span | null}} Content */

const RULER = 22;
const LANE = 18;
const EDGE = 9;

export class Timeline {
  /** @param {{frames: number, fps: number}} clip */
  constructor({ frames, fps }) {
    this.frames = frames;
    this.fps = fps;
    /** @type {(frame: number) => void} */
    this.onseek = () => {};
    /** @type {(span: Span) => void} a span was dragged */
    this.onspan = () => {};
    /** @type {(key: number) => void} an evidence bar was pressed */
    this.onpick = () => {};
    /** @type {[number, number]} frames seen, the end exclusive */
    this.view = [0, frames];
    /** @type {Content} */
    this.content = { evidence: [], marks: [], cut: null, span: null, loop: null };
    this.frame = 0;
    this.picture = svg("svg", { "aria-hidden": "true" });
    this.element = el("div", {
      class: "timeline", role: "slider", tabindex: "0", "aria-label": "Position in the clip",
      "aria-valuemin": "0", "aria-valuemax": String(frames - 1),
    }, /** @type {any} */ (this.picture));
    this.head = svg("g", { class: "head" });
    this.element.addEventListener("pointerdown", (event) => this.#down(event));
    this.element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.sizes = new ResizeObserver(() => this.#draw());
    this.sizes.observe(this.element);
  }

  /** Shows these bars and spans. @param {Content} content */
  show(content) {
    this.content = content;
    this.#draw();
  }

  /** Moves the playhead. @param {number} frame */
  moveTo(frame) {
    this.frame = frame;
    const [from, to] = this.view;
    if (this.view[1] - from < this.frames && (frame < from || frame >= to)) this.#look(frame - (to - from) * 0.1, to - from);
    this.head.setAttribute("transform", `translate(${this.#x(frame + 0.5)} 0)`);
    this.element.setAttribute("aria-valuenow", String(frame));
    this.element.setAttribute("aria-valuetext", `frame ${frame} of ${this.frames - 1}, ${(frame / this.fps).toFixed(2)} seconds`);
  }

  /** Sees fewer (factor < 1) or more frames around the playhead. @param {number} factor */
  zoom(factor, around = this.frame) {
    const [from, to] = this.view;
    const wide = clamp((to - from) * factor, Math.min(this.frames, 12), this.frames);
    this.#look(around - ((around - from) / (to - from)) * wide, wide);
  }

  close() {
    this.sizes.disconnect();
  }

  /** @param {number} from @param {number} wide */
  #look(from, wide) {
    const start = clamp(from, 0, this.frames - wide);
    this.view = [start, start + wide];
    this.#draw();
  }

  get #width() {
    return this.element.clientWidth;
  }

  /** @param {number} frame */
  #x(frame) {
    return ((frame - this.view[0]) / (this.view[1] - this.view[0])) * this.#width;
  }

  /** @param {MouseEvent} event */
  #frameAt(event) {
    const x = event.clientX - this.element.getBoundingClientRect().left;
    const frame = this.view[0] + (x / this.#width) * (this.view[1] - this.view[0]);
    return clamp(Math.floor(frame), 0, this.frames - 1);
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault();
    const [from, to] = this.view;
    if (event.deltaX) this.#look(from + (event.deltaX / this.#width) * (to - from), to - from);
    else this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.#frameAt(event));
  }

  /** Ruler: scrubs. An edge of the span: moves it. Below: a press seeks, a drag sets a span. */
  #down(/** @type {PointerEvent} */ event) {
    if (event.button !== 0) return;
    const box = this.element.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const from = this.#frameAt(event);
    const fixed = this.#fixedEnd(x);
    const scrub = y < RULER && fixed === null;
    let dragged = false;
    const move = (/** @type {PointerEvent} */ moved) => {
      const to = this.#frameAt(moved);
      dragged ||= Math.abs(moved.clientX - event.clientX) > 4;
      if (scrub) this.onseek(to);
      else if (dragged) this.#pull(fixed ?? from, to);
    };
    const up = () => {
      this.element.removeEventListener("pointermove", move);
      if (!dragged && !scrub) this.#press(event, from);
    };
    this.element.setPointerCapture(event.pointerId);
    this.element.addEventListener("pointermove", move);
    this.element.addEventListener("pointerup", up, { once: true });
    if (scrub) this.onseek(from);
  }

  /** The end that stays when the pointer grips the other one, or null. @param {number} x */
  #fixedEnd(x) {
    const span = this.content.cut ?? this.content.span;
    if (!span) return null;
    if (Math.abs(x - this.#x(span[0])) < EDGE) return span[1];
    return Math.abs(x - this.#x(span[1] + 1)) < EDGE ? span[0] : null;
  }

  /** @param {number} a @param {number} b */
  #pull(a, b) {
    this.onspan([Math.min(a, b), Math.max(a, b)]);
    this.onseek(b);
  }

  /** @param {PointerEvent} event @param {number} frame */
  #press(event, frame) {
    const target = document.elementsFromPoint(event.clientX, event.clientY).find((node) => node.hasAttribute("data-key"));
    if (target) this.onpick(Number(target.getAttribute("data-key")));
    else this.onseek(frame);
  }

  #draw() {
    if (!this.#width) return;
    const lanes = packed(this.content.evidence);
    const marks = packed(this.content.marks);
    const rows = Math.max(2, lanes.length) + Math.max(1, marks.length);
    const height = RULER + rows * LANE + 6;
    this.picture.setAttribute("height", String(height));
    this.element.style.height = `${height}px`;
    const below = RULER + Math.max(2, lanes.length) * LANE + 3;
    this.picture.replaceChildren(
      hatch(),
      ...this.#ruler(),
      ...this.#region(this.content.loop, "loop", RULER - 3, 3),
      ...this.#region(this.content.cut, "cut", RULER, height - RULER),
      ...lanes.flatMap((lane, row) => lane.map((bar) => this.#bar(bar, RULER + 3 + row * LANE))),
      svg("line", { class: "rule", x1: 0, x2: this.#width, y1: below - 1, y2: below - 1 }),
      ...marks.flatMap((lane, row) => lane.map((bar) => this.#bar(bar, below + 1 + row * LANE))),
      ...this.#grips(this.content.cut ? null : this.content.span, "span", height),
      ...this.#grips(this.content.cut, "cut", height),
      this.head,
    );
    const knob = svg("path", { d: "M-6 0H6V9L0 16L-6 9Z" });
    this.head.replaceChildren(svg("line", { x1: 0, x2: 0, y1: 0, y2: height }), knob);
    this.moveToNow();
  }

  moveToNow() {
    this.head.setAttribute("transform", `translate(${this.#x(this.frame + 0.5)} 0)`);
  }

  /** Seconds, and frames once they stand far enough apart. */
  #ruler() {
    const wide = this.#width / (this.view[1] - this.view[0]);
    const steps = [1, 2, 5, 10, this.fps / 2, this.fps, 2 * this.fps, 5 * this.fps, 10 * this.fps];
    const step = steps.find((each) => each * wide >= 56) ?? 30 * this.fps;
    const first = Math.ceil(this.view[0] / step);
    const count = Math.floor(this.view[1] / step) - first + 1;
    return Array.from({ length: Math.max(0, count) }, (_, index) => {
      const frame = (first + index) * step;
      const text = step < this.fps / 2 ? String(Math.round(frame)) : `${Number((frame / this.fps).toFixed(1))} s`;
      const x = this.#x(frame);
      return svg("g", { class: "tick" }, svg("line", { x1: x, x2: x, y1: RULER - 7, y2: RULER }), svg("text", { x: x + 4, y: 13 }, text));
    });
  }

  /** @param {Bar} bar @param {number} y */
  #bar({ frames, label, tone, key }, y) {
    const x = this.#x(frames[0]);
    const width = Math.max(5, this.#x(frames[1] + 1) - x);
    const inside = width > label.length * 6.6 + 10;
    const text = inside ? svg("text", { x: Math.max(x, 0) + 5, y: y + 11.5 }, label) : null;
    const rect = svg("rect", { x, y, width, height: LANE - 4, rx: 2, "data-key": key >= 0 ? key : null });
    return svg("g", { class: `bar ${tone}` }, rect, text, svg("title", {}, `${label}, ${frames[0]}–${frames[1]}`));
  }

  /** @param {Span | null} span @param {string} tone @param {number} y @param {number} height */
  #region(span, tone, y, height) {
    if (!span) return [];
    const x = this.#x(span[0]);
    return [svg("rect", { class: `region ${tone}`, x, y, width: Math.max(2, this.#x(span[1] + 1) - x), height })];
  }

  /** @param {Span | null} span @param {string} tone @param {number} height */
  #grips(span, tone, height) {
    if (!span) return [];
    return [this.#x(span[0]), this.#x(span[1] + 1)].map((x) => svg("g", { class: `grip ${tone}` },
      svg("line", { x1: x, x2: x, y1: RULER, y2: height }),
      svg("rect", { x: x - 3.5, y: RULER + (height - RULER) / 2 - 10, width: 7, height: 20, rx: 3 })));
  }
}

/** Bars in as few lanes as keep them apart, in order of their first frame. @param {Bar[]} bars */
function packed(bars) {
  /** @type {Bar[][]} */
  const lanes = [];
  for (const bar of [...bars].sort((a, b) => a.frames[0] - b.frames[0])) {
    const lane = lanes.find((taken) => taken[taken.length - 1].frames[1] < bar.frames[0] - 1);
    if (lane) lane.push(bar);
    else lanes.push([bar]);
  }
  return lanes;
}

function hatch() {
  const line = svg("path", { d: "M-2 10L10 -2M6 18L18 6", class: "hatch-line" });
  const pattern = svg("pattern", { id: "hatch", width: 8, height: 8, patternUnits: "userSpaceOnUse" }, line);
  return svg("defs", {}, pattern);
}
