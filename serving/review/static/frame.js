// @ts-check
/** A picture or clip with boxes over it: shows them, takes new ones by pointer or keys, zooms. */

import { clamp, el, svg } from "./dom.js";

/** @typedef {import("./types.js").Box} Box */
/** @typedef {{box: Box, label: string, tone: string}} Shown a box; `tone` is a class of page.css */

const SMALLEST = 0.012;
const STEP = 0.01;
const ZOOMS = [1, 2, 4, 8];

export class Frame {
  /**
   * @param {HTMLElement} media video or picture
   * @param {{aspect: number, name: string}} about
   */
  constructor(media, { aspect, name }) {
    /** @type {(box: Box) => void} a box was drawn */
    this.ondraw = () => {};
    /** @type {() => void} pressed without drawing */
    this.onpress = () => {};
    /** @type {Box | null} the box being drawn */
    this.pen = null;
    this.zoom = 1;
    /** Middle of what is seen, 0..1 of the picture. */
    this.middle = [0.5, 0.5];
    this.rects = svg("svg", { viewBox: "0 0 1000 1000", preserveAspectRatio: "none", "aria-hidden": "true" });
    this.labels = el("div", { class: "box-labels", "aria-hidden": "true" });
    this.layer = el("div", { class: "layer" }, media, this.rects, this.labels);
    this.element = el("div", { class: "frame", role: "group", "aria-label": name }, this.layer);
    this.element.style.setProperty("--ar", String(aspect));
    /** @type {Shown[]} */
    this.shown = [];
    /** @type {Box | null} */
    this.crop = null;
    this.element.addEventListener("pointerdown", (event) => this.#down(event));
    this.element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  /**
   * Draws these boxes, and a shade outside the crop.
   * @param {Shown[]} shown
   * @param {Box | null} [crop]
   */
  show(shown, crop = null) {
    this.shown = shown;
    this.crop = crop;
    this.#draw();
  }

  /** Starts a box that the arrow keys move and Shift + arrows size. @param {Box | null} from */
  startPen(from) {
    this.pen = from ?? [0.35, 0.35, 0.65, 0.65];
    this.#draw();
  }

  /** @param {number} dx @param {number} dy steps @param {boolean} size the far corner only */
  movePen(dx, dy, size) {
    if (!this.pen) return;
    let [x0, y0, x1, y1] = this.pen;
    if (size) {
      x1 = clamp(x1 + dx * STEP, x0 + SMALLEST, 1);
      y1 = clamp(y1 + dy * STEP, y0 + SMALLEST, 1);
    } else {
      const [right, down] = [clamp(dx * STEP, -x0, 1 - x1), clamp(dy * STEP, -y0, 1 - y1)];
      [x0, y0, x1, y1] = [x0 + right, y0 + down, x1 + right, y1 + down];
    }
    this.pen = [x0, y0, x1, y1];
    this.#draw();
  }

  /** Ends the box being drawn by keys: kept or dropped. @param {boolean} keep */
  endPen(keep) {
    const box = this.pen;
    this.pen = null;
    this.#draw();
    if (keep && box) this.ondraw(rounded(box));
  }

  /** The next zoom, around the middle of `box` where given; after the last the whole picture. */
  nextZoom(/** @type {Box | null} */ box) {
    const next = ZOOMS[(ZOOMS.indexOf(this.zoom) + 1) % ZOOMS.length];
    this.zoomTo(next, box ? [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2] : this.middle);
  }

  /** @param {number} zoom @param {number[]} middle */
  zoomTo(zoom, middle) {
    const half = 0.5 / zoom;
    this.zoom = zoom;
    this.middle = middle.map((at) => clamp(at, half, 1 - half));
    const [x, y] = this.middle;
    this.layer.style.transform = zoom === 1 ? "" : `scale(${zoom}) translate(${(0.5 - x) * 100}%, ${(0.5 - y) * 100}%)`;
    this.layer.style.setProperty("--zoom", String(zoom));
    this.element.classList.toggle("zoomed", zoom > 1);
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    if (!event.ctrlKey && this.zoom === 1) return;
    event.preventDefault();
    if (event.ctrlKey) {
      const at = this.#at(event);
      const now = ZOOMS.indexOf(this.zoom);
      this.zoomTo(ZOOMS[clamp(now + (event.deltaY < 0 ? 1 : -1), 0, ZOOMS.length - 1)], at);
    } else {
      const { width, height } = this.element.getBoundingClientRect();
      const [x, y] = this.middle;
      this.zoomTo(this.zoom, [x + event.deltaX / width / this.zoom, y + event.deltaY / height / this.zoom]);
    }
  }

  /** Where the pointer is, 0..1 of the picture. @param {MouseEvent} event */
  #at(event) {
    const { left, top, width, height } = this.layer.getBoundingClientRect();
    return [clamp((event.clientX - left) / width, 0, 1), clamp((event.clientY - top) / height, 0, 1)];
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.button > 1) return;
    const [from, pan, start] = [this.#at(event), event.shiftKey || event.button === 1, [...this.middle]];
    const move = (/** @type {PointerEvent} */ moved) => {
      if (pan) this.#pan(event, moved, start);
      else this.#pull(from, this.#at(moved));
    };
    const up = () => {
      this.element.removeEventListener("pointermove", move);
      const [box, small] = [this.pen, !this.pen || Math.max(this.pen[2] - this.pen[0], this.pen[3] - this.pen[1]) < SMALLEST];
      this.pen = null;
      this.#draw();
      if (box && !small) this.ondraw(rounded(box));
      else if (!pan) this.onpress();
    };
    this.element.setPointerCapture(event.pointerId);
    this.element.addEventListener("pointermove", move);
    this.element.addEventListener("pointerup", up, { once: true });
    event.preventDefault();
  }

  /** @param {PointerEvent} from @param {PointerEvent} to @param {number[]} start */
  #pan(from, to, [x, y]) {
    const { width, height } = this.layer.getBoundingClientRect();
    this.zoomTo(this.zoom, [x - (to.clientX - from.clientX) / width, y - (to.clientY - from.clientY) / height]);
  }

  /** @param {number[]} from @param {number[]} to */
  #pull([ax, ay], [bx, by]) {
    this.pen = [Math.min(ax, bx), Math.min(ay, by), Math.max(ax, bx), Math.max(ay, by)];
    this.#draw();
  }

  #draw() {
    const pen = this.pen ? [{ box: this.pen, label: "", tone: "pen" }] : [];
    const all = [...this.shown, ...pen];
    const shade = this.crop ? [svg("path", { d: outside(this.crop), "fill-rule": "evenodd", class: "shade" })] : [];
    this.rects.replaceChildren(...shade, ...all.flatMap(({ box, tone }) => [rect(box, "under"), rect(box, tone)]));
    this.labels.replaceChildren(...all.filter(({ label }) => label).map(labelOf));
  }
}

/** @param {Box} box @param {string} tone */
function rect([x0, y0, x1, y1], tone) {
  const size = { x: x0 * 1000, y: y0 * 1000, width: (x1 - x0) * 1000, height: (y1 - y0) * 1000 };
  return svg("rect", { ...size, class: `box ${tone}` });
}

/** @param {Shown} shown */
function labelOf({ box, label, tone }) {
  const node = el("span", { class: `box-label ${tone} ${box[1] < 0.06 ? "inside" : ""}` }, label);
  node.style.left = `${box[0] * 100}%`;
  node.style.top = `${box[1] * 100}%`;
  return node;
}

/** @param {Box} crop */
function outside([x0, y0, x1, y1]) {
  const [a, b, c, d] = [x0, y0, x1, y1].map((at) => at * 1000);
  return `M0 0H1000V1000H0Z M${a} ${b}V${d}H${c}V${b}Z`;
}

/** @param {Box} box @returns {Box} */
function rounded([x0, y0, x1, y1]) {
  const short = (/** @type {number} */ at) => Math.round(clamp(at, 0, 1) * 10_000) / 10_000;
  return [short(x0), short(y0), short(x1), short(y1)];
}
