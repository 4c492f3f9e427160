// <content-engine-tryon sku="…" endpoint="…" key="…">: a button that opens the fitting room.
// This is all that a product page loads; the rest follows when the shopper reaches for the button.

import { button, make } from "./dom.js";
import { BUTTON, sheetOf } from "./styles.js";
import { textsOf } from "./texts.js";

/**
 * Attributes: sku (the garment of the page), endpoint (the door; the one this module came from unless said),
 * key (the shop's), garments (JSON list of {sku, name, short, picture, kind, group}; or <optgroup>, <option value="SKU">
 * children), name, picture, kind (of the page's own garment), label (of the button), lang, theme (light or dark).
 * Slots: consent. Properties: texts (words of your own). Events: tryon-result, tryon-refused, tryon-deleted.
 */
export class ContentEngineTryon extends HTMLElement {
  static observedAttributes = ["sku", "lang", "label"];

  #root = this.attachShadow({ mode: "open" });
  #fitting = null;
  #own = {};

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [sheetOf(BUTTON)];
  }

  connectedCallback() {
    this.#draw();
  }

  disconnectedCallback() {
    this.#fitting?.then((fitting) => fitting.leave(), () => {});
    this.#fitting = null;
  }

  attributeChangedCallback(name, before, now) {
    if (!this.isConnected || before === now) return;
    if (name === "sku") this.#fitting?.then((fitting) => fitting.turnTo(now), () => {});
    else this.#draw();
  }

  /** Words of the shop's own, by the names of `texts/en.js`; what is not given stays as it is. */
  get texts() {
    return this.#own;
  }

  set texts(words) {
    this.#own = { ...words };
    if (this.isConnected) this.#draw();
  }

  get sku() {
    return this.getAttribute("sku") ?? "";
  }

  /** Where the door is: beside this module, unless the page says otherwise. */
  get endpoint() {
    const said = this.getAttribute("endpoint");
    const { href } = said ? new URL(said, document.baseURI) : new URL("..", import.meta.url);
    return href.endsWith("/") ? href : `${href}/`;
  }

  /** Opens the fitting room. */
  async open() {
    try {
      (await this.#room()).open();
    } catch (error) {
      this.#fitting = null;
      console.error("content-engine-tryon: the fitting room could not be loaded", error);
    }
  }

  /** Tells the shop's own code what happened; never with a picture of the shopper. */
  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  async #draw() {
    const texts = await this.#texts();
    this.#fitting?.then((fitting) => this.#refit(fitting), () => {});
    const words = this.getAttribute("label") || texts.open;
    const opener = button(words, {
      icon: "hanger",
      part: "button",
      dir: texts.dir,
      "aria-haspopup": "dialog",
      on: { click: () => this.open(), pointerenter: () => this.#room().catch(() => {}) },
    });
    const old = this.#root.querySelector(".button");
    if (old) old.replaceWith(opener);
    else this.#root.append(opener);
  }

  #texts() {
    const own = this.closest("[lang]")?.getAttribute("lang");
    return textsOf(own || navigator.language, this.#own);
  }

  /** New words need a new room; one with a photo in it stays as it is. */
  #refit(fitting) {
    if (!fitting.isUnused) return;
    fitting.leave();
    this.#fitting = null;
  }

  #room() {
    this.#fitting ??= this.#made();
    return this.#fitting;
  }

  async #made() {
    const [{ Fitting, STYLES }, texts] = await Promise.all([import("./fitting.js"), this.#texts()]);
    this.#root.adoptedStyleSheets = [BUTTON, ...STYLES].map(sheetOf);
    const place = make("div", { part: "place", dir: texts.dir, lang: texts.locale });
    this.#root.querySelector(".place")?.remove();
    this.#root.append(place);
    return new Fitting(this, place, texts);
  }
}

if (!customElements.get("content-engine-tryon")) {
  customElements.define("content-engine-tryon", ContentEngineTryon);
}
