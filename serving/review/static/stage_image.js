// @ts-check
/** The stage of pictures: the picture with its boxes, zoom, the outline's nudge and the crop. */

import { clamp, el, iconButton, keyButton } from "./dom.js";
import { Frame } from "./frame.js";
import { wordOf } from "./words.js";

/** @typedef {import("./types.js").Asset} Asset */
/** @typedef {import("./types.js").Box} Box */
/** @typedef {import("./case_view.js").Context} Context */

export class ImageStage {
  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    this.pictures = context.sheet.assets.filter((asset) => asset.media_type.startsWith("image/"));
    this.at = 0;
    this.cropping = false;
    this.frames = this.pictures.map((asset) => this.#frame(asset));
    this.tabs = this.pictures.map((asset, index) => keyButton(asset.role, "", () => this.#turn(index), { class: "tab" }));
    this.main = el("div", { class: "pane clip-pane" });
    this.zoomText = el("span", { class: "clock" });
    this.nudgeText = el("output", { class: "clock", "aria-label": "Outline" });
    const press = (/** @type {string} */ name) => () => this.commands[name]();
    const tools = el("div", { class: "transport", role: "group", "aria-label": "Picture" },
      el("div", { class: "cluster" }, ...(this.tabs.length > 1 ? this.tabs : [])),
      el("div", { class: "cluster" },
        iconButton("Previous evidence", "↑", "previous", () => context.go(-1)),
        iconButton("Next evidence", "↓", "next", () => context.go(1))),
      el("div", { class: "cluster" }, keyButton("Zoom", "Z", () => this.zoom(), {}), this.zoomText),
      el("div", { class: "cluster" },
        iconButton("Shrink the outline", "−", "wider", press("shrink")), this.nudgeText,
        iconButton("Grow the outline", "+", "closer", press("grow")),
        keyButton("Crop", "T", press("trim"), {})));
    this.below = el("div", { class: "below" }, tools);
    this.commands = this.#commands();
    this.ready = Promise.all(this.pictures.map(({ url }) => loaded(url))).then(() => undefined);
    this.#turn(this.#placeOf(context.selected()?.asset ?? ""));
  }

  get frame() {
    return this.frames[this.at];
  }

  /** @param {Asset} asset */
  #frame(asset) {
    const picture = el("img", { src: asset.url, alt: `${asset.role}, ${asset.width_px} × ${asset.height_px} pixels`, draggable: "false" });
    const frame = new Frame(picture, { aspect: asset.width_px / asset.height_px || 1, name: `Picture ${asset.role}` });
    frame.ondraw = (box) => this.#drawn(box, asset);
    return frame;
  }

  /** @param {Box} box @param {Asset} asset */
  #drawn(box, asset) {
    const { draft } = this.context;
    if (draft.state.action === "adjust" && this.cropping) draft.change({ crop: box });
    else draft.changeMark({ box, asset: asset.role });
    this.cropping = false;
  }

  /** @returns {Record<string, () => void>} */
  #commands() {
    const limits = this.context.sheet.corrections.find(({ action }) => action === "adjust")?.parameters?.mask_grow_px;
    const nudge = (/** @type {number} */ by) => {
      const { draft } = this.context;
      const wanted = clamp(draft.state.mask_grow_px + by, limits?.minimum ?? 0, limits?.maximum ?? 0);
      draft.change({ action: "adjust", mask_grow_px: wanted });
    };
    return {
      grow: () => nudge(1),
      shrink: () => nudge(-1),
      trim: () => {
        this.cropping = true;
        const crop = this.context.draft.state.crop ?? [0.06, 0.06, 0.94, 0.94];
        this.context.draft.change({ action: "adjust" });
        this.frame.startPen(/** @type {Box} */ (crop));
        this.context.say("Draw the crop, or move it with the arrow keys; Shift sizes it, Enter keeps it.");
      },
      back: () => this.#turn((this.at + this.frames.length - 1) % this.frames.length),
      on: () => this.#turn((this.at + 1) % this.frames.length),
    };
  }

  zoom() {
    this.frame.nextZoom(this.context.selected()?.box ?? null);
    this.refresh();
  }

  /** @param {string} role */
  #placeOf(role) {
    return Math.max(0, this.pictures.findIndex((asset) => asset.role === role));
  }

  /** @param {number} index */
  #turn(index) {
    this.at = index;
    const asset = this.pictures[index];
    this.main.style.setProperty("--ar", String(asset.width_px / asset.height_px || 1));
    this.main.replaceChildren(this.frame.element);
    this.tabs.forEach((tab, at) => tab.setAttribute("aria-pressed", String(at === index)));
    this.refresh();
  }

  open() {}

  close() {}

  /** Shows the picture that the evidence is about. @param {import("./types.js").Evidence | null} evidence */
  select(evidence) {
    this.#turn(evidence?.asset ? this.#placeOf(evidence.asset) : this.at);
    if (this.frame.zoom > 1 && evidence?.box) {
      const [x0, y0, x1, y1] = evidence.box;
      this.frame.zoomTo(this.frame.zoom, [(x0 + x1) / 2, (y0 + y1) / 2]);
    }
  }

  refresh() {
    const { context } = this;
    const { sheet, draft } = context;
    const role = this.pictures[this.at].role;
    const here = (/** @type {{asset: string, box: Box | null}} */ each) => each.box && (!each.asset || each.asset === role);
    const name = (/** @type {string} */ kind) => (kind ? wordOf(sheet.faults, kind).name : "Your mark");
    const found = sheet.evidence.filter(here).map((each) => ({ box: /** @type {Box} */ (each.box), label: name(each.kind), tone: each.severity }));
    const own = draft.state.marks.filter(here).map((mark) => ({ box: /** @type {Box} */ (mark.box), label: name(mark.kind), tone: "mark" }));
    const adjusting = draft.state.action === "adjust";
    this.frame.show(context.boxesOn ? [...found, ...own] : [], adjusting ? draft.state.crop : null);
    const px = draft.state.mask_grow_px;
    this.nudgeText.textContent = adjusting && px ? `${px > 0 ? "+" : "−"}${Math.abs(px)} px` : "0 px";
    this.zoomText.textContent = this.frame.zoom === 1 ? "fit" : `${this.frame.zoom}×`;
  }
}

/** Resolves when the picture is decoded, so that it paints at once. @param {string} url */
export async function loaded(url) {
  const picture = new Image();
  picture.src = url;
  await picture.decode().catch(() => undefined);
}
