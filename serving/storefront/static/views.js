// What the dialog shows. Each view is `{ title, nodes, back?, update? }`, drawn from the fitting room alone.

import { compare } from "./compare.js";
import { button, chooser, make, outline } from "./dom.js";
import { Camera } from "./photo.js";
import { cameraView } from "./camera_view.js";
import { filled } from "./texts.js";
import { moreToWear, wornNow } from "./rail.js";

const PROGRESS = { sending: 18, looking: 45, refining: 78 };

export const views = { start, camera: cameraView, check, working, result, refused, trouble, erase };

function start(room) {
  const { texts } = room;
  const shown = make("div", { part: "stage guide" }, outline());
  const tips = ["tip_stand", "tip_light", "tip_wear"].map((name) => make("li", {}, texts[name]));
  return {
    title: texts.start_title,
    nodes: split(shown, [
      notice(room),
      make("p", { part: "lead" }, texts.start_lead),
      make("ul", { part: "tips" }, tips),
      make("div", { part: "actions" }, ...photoButtons(room)),
      make("p", { part: "drop" }, texts.drop),
    ]),
  };
}

/** Take and choose; where pages can't have the camera, the device's own camera app is asked. */
function photoButtons(room) {
  const { texts } = room;
  const take = (files) => room.take(files);
  const chosen = chooser(texts.choose, take, {});
  const taken = Camera.exists
    ? [button(texts.take, { icon: "camera", part: "primary", on: { click: () => room.show("camera") } })]
    : chooser(texts.take, take, { capture: "user", icon: "camera", part: "primary" });
  return [...taken, ...chosen];
}

function check(room) {
  const { texts } = room;
  const agreed = make("input", { type: "checkbox", part: "agree", required: true, "aria-describedby": "missing" });
  const text = make("span", {});
  const missing = make("p", { part: "missing", id: "missing", role: "alert" });
  agreed.addEventListener("change", () => agreed.checked && missing.replaceChildren());
  const go = () => {
    if (agreed.checked) return room.agree();
    missing.textContent = texts.consent_needed;
    agreed.focus();
  };
  const update = () => (text.textContent = filled(texts.consent, { minutes: Math.max(1, Math.round(room.ttlS / 60)) }));
  update();
  return {
    title: texts.check_title,
    back: () => room.anew(),
    update,
    nodes: split(stage(still(room.photo, texts.photo_alt)), [
      notice(room),
      make("label", { part: "consent" }, agreed, make("slot", { name: "consent" }, text)),
      missing,
      make("div", { part: "actions" },
        button(texts.go, { part: "primary", on: { click: go } }),
        button(texts.other_photo, { part: "secondary", on: { click: () => room.anew() } })),
    ]),
  };
}

function working(room) {
  const { texts } = room;
  const shown = room.result ? still(room.result, filled(texts.result_alt, { names: room.names(room.result.outfit) })) : still(room.photo, texts.photo_alt);
  const frame = stage(shown);
  frame.classList.add("busy");
  const bar = make("div", { part: "bar" });
  const track = make("div", { part: "progress", role: "progressbar", "aria-label": texts.working_title, "aria-valuemin": "0", "aria-valuemax": "100" }, bar);
  const said = make("p", { part: "lead" });
  const update = () => {
    const percent = PROGRESS[room.stage];
    bar.style.setProperty("inline-size", `${percent}%`);
    track.setAttribute("aria-valuenow", percent);
    track.setAttribute("aria-valuetext", texts[room.stage]);
    said.textContent = texts[room.stage];
    if (!room.preview || frame.querySelector(".coarse")) return;
    const first = still(room.preview, filled(texts.preview_alt, { names: room.names() }));
    first.classList.add("coarse");
    frame.append(first);
  };
  update();
  return {
    title: texts.working_title,
    update,
    nodes: split(frame, [
      track,
      said,
      wornNow(room, { still: true }),
      make("div", { part: "actions" }, button(texts.cancel, { part: "secondary", on: { click: () => room.cancel() } })),
    ]),
  };
}

function result(room) {
  const { texts } = room;
  const kept = make("p", { part: "kept" });
  const erasing = button(texts.erase, { icon: "trash", part: "link erase", on: { click: () => room.show("erase") } });
  const update = () => {
    kept.textContent = room.isKept ? filled(texts.kept_until, { time: room.time() }) : texts.gone;
  };
  update();
  const before = { url: room.photo.url, alt: texts.photo_alt };
  const after = { url: room.result.url, alt: filled(texts.result_alt, { names: room.names(room.result.outfit) }) };
  return {
    title: texts.result_title,
    update,
    nodes: split(make("div", { part: "stage" }, compare(before, after, room.result, texts)), [
      make("div", { part: "tools" }, tools(room, after)),
      make("p", { part: "made" }, texts.made),
      wornNow(room, {}),
      moreToWear(room),
      make("div", { part: "privacy" }, kept,
        button(texts.new_photo, { icon: "camera", part: "link", on: { click: () => room.anew() } }), erasing),
    ]),
  };
}

function tools(room, after) {
  const { texts, result: { blob, url } } = room;
  const file = new File([blob], "try-on.jpg", { type: blob.type });
  const save = () => make("a", { href: url, download: file.name }).click();
  const share = () => navigator.share({ files: [file] }).catch(() => {});
  return [
    button(texts.zoom, { icon: "zoom", part: "tool", on: { click: (event) => full(event.currentTarget, after, texts) } }),
    button(texts.save, { icon: "save", part: "tool", on: { click: save } }),
    navigator.canShare?.({ files: [file] }) && button(texts.share, { icon: "share", part: "tool", on: { click: share } }),
  ];
}

/** The picture at its full size in a dialog of its own: scrolled by finger, wheel and arrow keys. */
function full(beside, { url, alt }, texts) {
  const close = button(texts.close, { icon: "close", quiet: true, part: "round close", on: { click: () => view.close() } });
  const pane = make("div", { part: "pane", tabindex: "0", role: "region", "aria-label": texts.zoom }, make("img", { src: url, alt }));
  const view = make("dialog", { part: "full", "aria-label": texts.zoom, on: { close: () => view.remove() } }, pane, close);
  beside.after(view);
  view.showModal();
  pane.scrollLeft = (pane.scrollWidth - pane.clientWidth) / 2;
  pane.focus();
}

function refused(room) {
  const { texts } = room;
  const [title, advice] = room.words();
  const back = room.result && (() => room.backToResult());
  const others = room.blamesGarment && (room.wardrobe.size > 1 || room.outfit.length > 1);
  return {
    title,
    back,
    nodes: split(stage(still(room.photo, texts.photo_alt)), [
      make("p", { part: "lead advice" }, advice),
      others && make("p", { part: "made" }, texts.other_garment),
      others && wornNow(room, {}),
      others && moreToWear(room),
      make("div", { part: "actions" },
        button(texts.other_photo, { icon: "camera", part: others || room.blamesGarment ? "secondary" : "primary", on: { click: () => room.anew() } })),
      keptLine(room),
    ]),
  };
}

function trouble(room) {
  const { texts, trouble: { kind, retryS } } = room;
  const [title, advice] = room.words();
  const again = button(kind === "expired" ? texts.same_photo : texts.try_again, { part: "primary", on: { click: () => (kind === "expired" ? room.show("check") : room.retry()) } });
  if (retryS) countDown(again, retryS, texts);
  const back = room.result && (() => room.backToResult());
  const pointless = kind === "forbidden" || kind === "unreadable";
  return {
    title,
    back,
    nodes: split(stage(still(room.photo, texts.photo_alt)), [
      make("p", { part: "lead advice" }, advice),
      make("div", { part: "actions" },
        !pointless && again,
        kind !== "forbidden" && button(texts.other_photo, { part: "secondary", on: { click: () => room.anew() } })),
      keptLine(room),
    ]),
  };
}

function countDown(again, seconds, { again_in, try_again }) {
  const words = again.querySelector(".words");
  const tick = () => {
    again.disabled = seconds > 0;
    words.textContent = seconds > 0 ? filled(again_in, { seconds }) : try_again;
    if (seconds-- > 0) setTimeout(tick, 1000);
  };
  tick();
}

/** Until when the photo is kept, and a way to have it gone. */
function keptLine(room) {
  if (!room.isKept) return "";
  const { texts } = room;
  return make("div", { part: "privacy" },
    make("p", { part: "kept" }, filled(texts.kept_until, { time: room.time() })),
    button(texts.erase, { icon: "trash", part: "link erase", on: { click: () => room.show("erase") } }));
}

function erase(room) {
  const { texts } = room;
  const keep = () => room.show(room.result ? "result" : "check");
  return {
    title: texts.erase_title,
    back: keep,
    nodes: split(stage(still(room.result ?? room.photo, texts.photo_alt)), [
      notice(room),
      make("p", { part: "lead" }, texts.erase_text),
      make("div", { part: "actions" },
        button(texts.erase_yes, { icon: "trash", part: "primary danger", on: { click: () => room.erase() } }),
        button(texts.erase_no, { part: "secondary", on: { click: keep } })),
    ]),
  };
}

function split(shown, controls) {
  return [shown, make("div", { part: "panel" }, ...controls)];
}

function stage(...frames) {
  return make("div", { part: "stage" }, ...frames);
}

function still({ url, width, height }, alt) {
  const frame = make("div", { part: "frame" }, make("img", { src: url, alt, draggable: "false" }));
  frame.style.setProperty("--ratio", `${width / height}`);
  return frame;
}

/** What the room has to say once. */
function notice(room) {
  const words = room.notice;
  room.notice = "";
  return words && make("p", { part: "notice" }, words);
}
