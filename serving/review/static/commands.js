// @ts-check
/** What the keys do that every kind of case knows; the rest is the stage's. */

import { VideoStage } from "./stage_video.js";
import { TextStage } from "./stage_text.js";

/** @typedef {import("./case_view.js").CaseView} CaseView */
/** @typedef {import("./types.js").Action} Action */

/** @param {CaseView} view @param {Action} action */
function allowed(view, action) {
  const found = view.sheet.corrections.some((each) => each.action === action);
  if (!found) view.context.say("This case does not allow that.");
  return found;
}

/** @type {Record<string, (view: CaseView) => void>} */
export const COMMANDS = {
  accept: (view) => view.draft.change({ action: "accept" }),
  reject: (view) => view.draft.change({ action: "reject" }),
  regenerate: (view) => {
    if (!allowed(view, "regenerate")) return;
    const suggested = view.sheet.corrections.find(({ action }) => action === "regenerate")?.suggested ?? {};
    view.draft.change({ action: "regenerate", seed: view.draft.state.seed || (suggested.seed ?? view.sheet.seed + 1) });
  },
  fallBack: (view) => {
    if (allowed(view, "fall_back")) view.draft.change({ action: "fall_back" });
  },
  replace: (view) => {
    if (!allowed(view, "replace")) return;
    view.draft.change({ action: "replace" });
    if (!view.draft.state.upload) view.answers.file.click();
  },
  next: (view) => view.go(1),
  previous: (view) => view.go(-1),
  photo: (view) => view.product.next(),
  comment: (view) => view.answers.comment.focus(),
  mark: (view) => view.draft.change({ active: -1 }),
  boxes: (view) => {
    view.context.boxesOn = !view.context.boxesOn;
    view.context.say(view.context.boxesOn ? "Boxes shown." : "Boxes hidden.");
    view.refresh();
  },
  zoom: (view) => {
    if (view.stage instanceof TextStage) return;
    const here = view.context.selected()?.box ?? null;
    view.stage.frame.nextZoom(here);
    view.stage.refresh();
    view.product.zoomTo(view.stage.frame.zoom);
  },
  box: (view) => {
    if (view.stage instanceof TextStage) return;
    if (view.stage instanceof VideoStage) view.stage.player.pause();
    view.stage.frame.startPen(view.draft.mark?.box ?? view.context.selected()?.box ?? null);
    view.context.say("Arrow keys move the box, Shift with them sizes it, Enter keeps it, Escape drops it.");
  },
  cancel: (view) => {
    const focused = document.activeElement;
    if (focused instanceof HTMLElement && focused.matches("textarea, input, select")) focused.blur();
    else if (view.draft.state.action && view.draft.state.action !== "edit") view.draft.change({ action: "" });
    else if (view.draft.state.active >= 0) view.draft.change({ active: -1 });
  },
};

/** Picks the kind that a digit stands for. @param {CaseView} view @param {string} digit */
export function pickKind(view, digit) {
  const found = view.sheet.faults.find(({ key }) => String(key) === digit);
  if (found) view.marks.choose(found.kind);
}

const ARROWS = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] });

/** While a box is drawn by keys, arrows, Enter and Escape are its own; true when used. @param {CaseView} view @param {string} key */
export function drawByKey(view, key) {
  if (view.stage instanceof TextStage || !view.stage.frame.pen) return false;
  const size = key.startsWith("Shift+");
  const arrow = ARROWS[key.replace("Shift+", "")];
  if (arrow) view.stage.frame.movePen(arrow[0], arrow[1], size);
  else if (key === "Enter" || key === "Escape") view.stage.frame.endPen(key === "Enter");
  return Boolean(arrow) || key === "Enter" || key === "Escape";
}
