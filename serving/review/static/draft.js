// @ts-check
/** What a reviewer entered for one case: kept in the browser until it is sent, undone step by step. */

/** @typedef {import("./types.js").DraftState} DraftState */
/** @typedef {import("./types.js").Mark} Mark */
/** @typedef {import("./types.js").Sheet} Sheet */

const PREFIX = "review.draft.";
const KEEP_MS = 7 * 86_400_000;

/** @returns {DraftState} */
function empty() {
  return {
    action: "", marks: [], active: -1, cut: null, seed: 0, parameters: {}, design: "", upload: null,
    slots: {}, mask_grow_px: 0, crop: null, comment: "",
  };
}

export class Draft {
  /** @param {string} id of the case */
  constructor(id) {
    this.key = PREFIX + id;
    /** @type {DraftState} */
    this.state = { ...empty(), ...stored(this.key) };
    /** @type {DraftState[]} */
    this.past = [];
    /** @type {(() => void)[]} */
    this.listeners = [];
  }

  /** Changes what is given; one step for `undo`, unless it is typing, which undoes itself. */
  change(/** @type {Partial<DraftState>} */ changes, { typing = false } = {}) {
    if (!typing) this.past.push(this.state);
    this.state = { ...this.state, ...changes };
    this.#keep();
  }

  /** Takes the last step back; false when there is none. */
  undo() {
    const before = this.past.pop();
    if (!before) return false;
    const { comment, slots } = this.state; // typed text is never lost by a key
    this.state = { ...before, comment, slots };
    this.#keep();
    return true;
  }

  /** The mark being worked on, or null. @returns {Mark | null} */
  get mark() {
    return this.state.marks[this.state.active] ?? null;
  }

  /** Changes the mark being worked on; the first change makes one. @param {Partial<Mark>} changes */
  changeMark(changes) {
    const marks = [...this.state.marks];
    const at = this.state.active >= 0 ? this.state.active : marks.length;
    const fresh = { kind: "", frames: null, box: null, asset: "", field: "", span: null };
    marks[at] = { ...fresh, ...marks[at], ...changes };
    this.change({ marks, active: at });
  }

  /** @param {number} index */
  removeMark(index) {
    this.change({ marks: this.state.marks.filter((_, at) => at !== index), active: -1 });
  }

  /** Forgets it: the label was taken. */
  forget() {
    localStorage.removeItem(this.key);
    this.listeners = [];
  }

  /** Puts a draft back, after its label was undone. @param {DraftState} state */
  restore(state) {
    this.state = { ...state };
    this.#keep();
  }

  #keep() {
    localStorage.setItem(this.key, JSON.stringify({ ...this.state, at: Date.now() }));
    this.listeners.forEach((listen) => listen());
  }
}

/** @param {string} key */
function stored(key) {
  const text = localStorage.getItem(key);
  if (!text) return {};
  const { at: _, ...state } = JSON.parse(text);
  return state;
}

/** Forgets drafts of cases that nobody came back to for a week. */
export function forgetOldDrafts() {
  for (const key of Object.keys(localStorage).filter((name) => name.startsWith(PREFIX))) {
    const at = JSON.parse(localStorage.getItem(key) ?? "{}").at ?? 0;
    if (Date.now() - at > KEEP_MS) localStorage.removeItem(key);
  }
}

/**
 * What is wrong with the draft as an answer, in words; empty when it can be sent.
 * @param {DraftState} state
 * @param {Sheet} sheet
 */
export function objection(state, sheet) {
  if (!state.action) return "Choose first: A accepts, X rejects, the other buttons correct.";
  if (state.action === "trim" && !state.cut) return "Set the frames to cut with [ and ].";
  if (state.action === "replace" && !state.upload) return "Choose the file that shall ship instead.";
  if (state.action === "edit" && !Object.keys(edits(state, sheet)).length) return "No slot was changed yet: press E and type.";
  if (state.action === "adjust" && !state.mask_grow_px && !state.crop) return "Nudge the outline with + and −, or draw the crop.";
  const wrong = state.action === "regenerate" ? Object.entries(changes(state, sheet)).find(([, value]) => Number.isNaN(value)) : null;
  if (wrong) return `${wrong[0].replaceAll("_", " ")} must be a number.`;
  return "";
}

/**
 * The slots whose text differs from what was made.
 * @param {DraftState} state
 * @param {Sheet} sheet
 */
export function edits(state, sheet) {
  return Object.fromEntries(Object.entries(state.slots).filter(([slot, text]) => sheet.slots[slot] !== text));
}

/**
 * The parameters that were changed, in the type of what they replace; NaN for a number that is none.
 * @param {DraftState} state
 * @param {Sheet} sheet
 * @returns {Record<string, string | number | boolean>}
 */
export function changes(state, sheet) {
  const typed = Object.entries(state.parameters).filter(([name, text]) => text !== String(sheet.parameters[name]));
  return Object.fromEntries(typed.map(([name, text]) => {
    const made = sheet.parameters[name];
    if (typeof made === "boolean") return [name, text === "true"];
    return [name, typeof made === "number" ? (text.trim() ? Number(text) : NaN) : text];
  }));
}

/** @type {Record<string, (state: DraftState, sheet: Sheet) => Record<string, any>>} */
const ORDERS = {
  trim: (state) => ({ frames: state.cut }),
  regenerate: (state, sheet) => ({ seed: state.seed, parameters: changes(state, sheet) }),
  fall_back: (state) => ({ design: state.design }),
  replace: (state) => ({ digest: state.upload?.digest, media_type: state.upload?.media_type }),
  edit: (state, sheet) => ({ slots: edits(state, sheet) }),
  adjust: (state) => ({ mask_grow_px: state.mask_grow_px, crop: state.crop }),
};

/**
 * The label as the door takes it, without the token. Marks are the reviewer's; where there are none
 * and the answer is not a pass, the evidence acted on counts as confirmed.
 * @param {DraftState} state
 * @param {Sheet} sheet
 * @param {{seconds: number, confirmed: import("./types.js").Evidence | null}} about
 */
export function labelOf(state, sheet, { seconds, confirmed }) {
  const pass = state.action === "accept";
  const order = state.action in ORDERS ? ORDERS[state.action] : null;
  const seen = state.marks.filter((mark) => mark.kind || mark.frames || mark.box || mark.span);
  const faults = seen.length || pass || !confirmed ? seen : [confirmed];
  return {
    outcome: pass ? "pass" : order ? "fix" : "reject",
    faults: faults.map(({ kind, frames, box, asset, field, span }) => ({ kind: kind || "other", frames, box, asset, field, span })),
    correction: order ? { action: state.action, ...order(state, sheet) } : null,
    comment: state.comment.trim(),
    seconds: Math.round(seconds * 100) / 100,
  };
}
