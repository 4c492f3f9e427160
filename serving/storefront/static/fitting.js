// The fitting room: one dialog, one photo, an outfit, and what is under way. Views only draw what stands here.

import { button, make } from "./dom.js";
import { Door, Trouble } from "./door.js";
import { Camera, photoOf, photoOfVideo, pictureIn } from "./photo.js";
import { DIALOG } from "./style_dialog.js";
import { PICTURES } from "./style_pictures.js";
import { clock, filled, listOf } from "./texts.js";
import { views } from "./views.js";
import { Wardrobe } from "./wardrobe.js";

export const STYLES = [DIALOG, PICTURES];

const GARMENT_REASONS = new Set(["garment-view", "category", "outfit"]);

export class Fitting {
  photo = null;
  preview = null;
  result = null;
  outfit = [];
  trouble = null;
  notice = "";
  expiresAt = "";
  ttlS = 900;
  stage = "sending";
  camera = new Camera();

  #host;
  #door;
  #dialog;
  #body;
  #title;
  #back;
  #status;
  #view = "";
  #redraw = null;
  #upload = "";
  #agreed = false;
  #work = null;
  #ended = 0;
  #page = {};
  #leaving = new AbortController();

  constructor(host, place, texts) {
    this.#host = host;
    this.texts = texts;
    this.wardrobe = new Wardrobe(host);
    this.#door = new Door(host.endpoint, host.getAttribute("key") ?? "");
    this.#dialog = this.#made();
    place.append(this.#dialog);
    this.outfit = this.#first();
    const { signal } = this.#leaving;
    window.addEventListener("pagehide", () => this.#away(), { signal });
    window.addEventListener("online", () => this.#view === "trouble" && this.trouble.kind === "offline" && this.retry(), { signal });
  }

  /** Opens the dialog where it was left. */
  open() {
    if (this.#dialog.open) return;
    this.#dialog.showModal();
    this.#lock(true);
    this.#door.photoTtlS().then((ttlS) => this.#termed(ttlS), () => {});
    if (this.result && !this.#wears(this.result.outfit)) this.#go(this.outfit);
    else this.show(this.result ? "result" : this.photo ? "check" : "start");
  }

  close() {
    this.#away();
    this.#dialog.close();
  }

  /** Ends everything: the element has left its page. */
  leave() {
    this.close();
    this.#leaving.abort();
    this.#clear();
  }

  /** The page shows another garment: it takes the place of what is worn there. */
  turnTo(sku) {
    this.wardrobe.read(this.#host);
    if (!sku || this.outfit.includes(sku)) return;
    this.outfit = this.wardrobe.wear(this.outfit, sku);
    if (this.#dialog.open && this.result) this.#go(this.outfit);
  }

  /** True while nobody has begun anything here. */
  get isUnused() {
    return !this.#dialog.open && !this.photo;
  }

  names(outfit = this.outfit) {
    return listOf(outfit.map((sku) => this.wardrobe.name(sku)), this.texts.locale);
  }

  /** Draws a view and says its name. */
  show(name) {
    if (name !== "camera") this.camera.stop();
    const { title, nodes, back, update } = views[name](this);
    this.#view = name;
    this.#redraw = update;
    this.#title.textContent = title;
    this.#back.hidden = !back;
    this.#back.onclick = back ?? null;
    this.#dialog.dataset.view = name;
    this.#body.replaceChildren(...nodes);
    this.#body.scrollTop = 0;
    if (this.#dialog.open) this.#title.focus({ preventScroll: true });
  }

  /** Has a screen reader say something now. */
  say(words) {
    this.#status.textContent = words;
  }

  // Photos

  async take(files) {
    const file = pictureIn(files);
    if (!file || this.#view === "working") return;
    try {
      this.#have(await photoOf(file));
    } catch {
      this.notice = this.texts.unreadable;
      this.show(this.photo ? "check" : "start");
      this.say(this.notice);
    }
  }

  async shoot(video) {
    this.#have(await photoOfVideo(video));
  }

  /** Back to the beginning; the photo that was sent is deleted, nobody needs it any more. */
  anew() {
    this.#forget();
    this.#clear();
    this.show("start");
  }

  #have(photo) {
    this.#forget();
    this.#clear();
    this.photo = photo;
    this.show("check");
  }

  #forget() {
    if (this.#upload) this.#door.forget(this.#upload).catch(() => {});
  }

  // Trying on

  /** The shopper agreed: the photo may be sent, once. */
  agree() {
    this.#agreed = true;
    this.#go(this.outfit);
  }

  retry() {
    this.#go(this.outfit);
  }

  wear(sku) {
    if (!this.outfit.includes(sku)) this.#go(this.wardrobe.wear(this.outfit, sku));
  }

  wearToo(sku) {
    this.#go([...this.outfit, sku]);
  }

  takeOff(sku) {
    this.#go(this.outfit.filter((each) => each !== sku));
  }

  isOpen(sku) {
    return this.wardrobe.isOpen(this.outfit, sku);
  }

  /** Stops what is under way: the door hears it and frees its worker. */
  cancel() {
    if (!this.#work) return;
    this.#stop();
    this.outfit = this.result?.outfit ?? this.outfit;
    this.show(this.result ? "result" : "check");
  }

  /** Leaves what was refused: the last picture, and the outfit in it. */
  backToResult() {
    this.outfit = this.result.outfit;
    this.show("result");
  }

  async #go(outfit) {
    this.#stop();
    this.outfit = outfit;
    if (!this.#upload && !this.#agreed) return this.#fail(new Trouble("expired"));
    const work = (this.#work = new AbortController());
    this.preview = this.#dropped(this.preview);
    this.stage = this.#upload ? "looking" : "sending";
    this.show("working");
    this.say(this.texts[this.stage]);
    try {
      await this.#follow(work.signal);
    } catch (error) {
      if (this.#work === work) this.#fail(error);
    }
    if (this.#work === work) this.#work = null;
    return undefined;
  }

  async #follow(signal) {
    const garments = this.wardrobe.order(this.outfit);
    for await (const [name, body] of this.#door.tryon({ photo: this.photo.blob, upload: this.#upload, garments, signal })) {
      signal.throwIfAborted();
      if (name === "accepted") this.#accepted(body);
      if (name === "preview") this.#previewed(body, signal);
      if (name === "result") await this.#finished(body, signal);
    }
  }

  #accepted({ upload, expires_at }) {
    this.#keep(upload, expires_at);
    this.#stagedAs("looking");
  }

  async #previewed({ url, width_px, height_px }, signal) {
    const picture = await this.#picture(url, width_px, height_px, signal).catch(() => null);
    if (!picture) return;
    if (signal.aborted || this.#view !== "working") return void this.#dropped(picture);
    this.preview = picture;
    this.#stagedAs("refining");
  }

  async #finished({ id, result, report, seconds, garments }, signal) {
    const picture = await this.#picture(result.url, result.width_px, result.height_px, signal);
    signal.throwIfAborted();
    this.wardrobe.learn(garments);
    this.#dropped(this.result);
    this.result = { ...picture, outfit: this.outfit };
    this.show("result");
    this.say(this.texts.result_said);
    this.#host.emit("tryon-result", { id, garments, seconds, report });
  }

  async #picture(url, width, height, signal) {
    const blob = await this.#door.picture(url, signal);
    const picture = { blob, url: URL.createObjectURL(blob), width, height };
    const image = new Image();
    image.src = picture.url;
    await image.decode().catch(() => {});
    return picture;
  }

  #fail(error) {
    if (error.name === "AbortError") return;
    this.trouble = error instanceof Trouble ? error : new Trouble("failed");
    const { kind, problem } = this.trouble;
    if (problem.upload) this.#keep(problem.upload, problem.expires_at);
    if (kind === "expired") this.#gone();
    if (kind === "refused") this.#host.emit("tryon-refused", { reason: problem.reason, garments: this.outfit });
    this.show(kind === "refused" ? "refused" : "trouble");
    this.say(this.words().join(" "));
    if (!(error instanceof Trouble)) console.error("content-engine-tryon:", error);
  }

  /** Title and advice of the trouble, in the page's language. */
  words() {
    const { kind, problem } = this.trouble;
    if (kind === "refused") return this.texts.refusals[problem.reason] ?? [problem.title, problem.detail];
    if (kind === "unreadable") return [this.texts.failed_title, this.texts.unreadable];
    return [this.texts[`${kind}_title`], this.texts[`${kind}_text`]];
  }

  /** True where the garment is to blame, not the photo. */
  get blamesGarment() {
    return GARMENT_REASONS.has(this.trouble?.problem.reason);
  }

  #stagedAs(stage) {
    this.stage = stage;
    this.#redraw?.();
    this.say(this.texts[stage]);
  }

  #stop() {
    this.#work?.abort();
    this.#work = null;
  }

  #wears(outfit) {
    return outfit.length === this.outfit.length && outfit.every((sku) => this.outfit.includes(sku));
  }

  // What is kept, and until when

  #keep(upload, expiresAt) {
    this.#upload = upload;
    this.#agreed = false;
    this.expiresAt = expiresAt;
    clearTimeout(this.#ended);
    this.#ended = setTimeout(() => this.#gone(), Math.max(0, new Date(expiresAt) - Date.now()));
  }

  #gone() {
    clearTimeout(this.#ended);
    this.#upload = "";
    this.expiresAt = "";
    if (this.#view === "result") this.#redraw?.();
  }

  get isKept() {
    return Boolean(this.#upload);
  }

  /** Deletes the photo on the server and everything here. */
  async erase() {
    this.#stop();
    try {
      if (this.#upload) await this.#door.forget(this.#upload);
    } catch {
      this.notice = filled(this.texts.erase_failed, { time: this.time() });
      this.show("erase");
      this.say(this.notice);
      return;
    }
    this.#clear();
    this.notice = this.texts.erased;
    this.show("start");
    this.say(this.notice);
    this.#host.emit("tryon-deleted", {});
  }

  time() {
    return clock(this.expiresAt, this.texts.locale);
  }

  #clear() {
    this.#stop();
    this.#gone();
    for (const name of ["photo", "preview", "result"]) this[name] = this.#dropped(this[name]);
    this.#agreed = false;
    this.notice = "";
    this.trouble = null;
  }

  #dropped(picture) {
    if (picture) URL.revokeObjectURL(picture.url);
    return null;
  }

  #first() {
    return this.#host.sku ? [this.#host.sku] : [];
  }

  #termed(ttlS) {
    this.ttlS = ttlS;
    if (this.#view === "check") this.#redraw?.();
  }

  // The dialog

  #made() {
    this.#title = make("h2", { part: "title", id: "title", tabindex: "-1" });
    this.#back = button(this.texts.back, { icon: "back", quiet: true, part: "round back", hidden: true });
    const close = button(this.texts.close, { icon: "close", quiet: true, part: "round close", on: { click: () => this.close() } });
    this.#body = make("div", { part: "body" });
    this.#status = make("p", { part: "spoken", role: "status", "aria-live": "polite" });
    return make("dialog", {
      part: "dialog",
      "aria-labelledby": "title",
      on: {
        keydown: (event) => this.#key(event),
        cancel: (event) => this.#escape(event),
        close: () => (this.#away(), this.#lock(false)),
        paste: (event) => this.take(event.clipboardData?.files),
        dragover: (event) => event.preventDefault(),
        drop: (event) => (event.preventDefault(), this.take(event.dataTransfer?.files)),
      },
    }, make("header", { part: "header" }, this.#back, this.#title, close), this.#body, this.#status);
  }

  #escape(event) {
    if (event.target !== this.#dialog || this.#back.hidden) return;
    event.preventDefault();
    this.#back.click();
  }

  /** Keeps Tab inside: after the last comes the first. */
  #key(event) {
    if (event.key !== "Tab" || event.target.closest?.(".full")) return;
    const stops = [...this.#dialog.querySelectorAll("button, input, [tabindex='0']")]
      .filter((node) => !node.disabled && !node.hidden && node.getClientRects().length);
    const now = this.#dialog.getRootNode().activeElement;
    const [edge, other] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
    if (now !== edge && !(event.shiftKey && now === this.#title)) return;
    event.preventDefault();
    other.focus();
  }

  #away() {
    this.camera.stop();
    this.cancel();
  }

  /** The page behind stays where it is; a scroll bar that goes leaves its room. */
  #lock(on) {
    const root = document.documentElement;
    if (on) {
      this.#page = { overflow: root.style.overflow, scrollbarGutter: root.style.scrollbarGutter };
      const bar = window.innerWidth - root.clientWidth;
      Object.assign(root.style, { overflow: "hidden", scrollbarGutter: bar > 0 ? "stable" : "" });
    } else {
      Object.assign(root.style, this.#page);
    }
  }
}
