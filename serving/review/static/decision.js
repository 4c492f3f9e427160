// @ts-check
/** The bar of answers, and the strip that says what the chosen one will do. */

import { el, keyButton } from "./dom.js";
import { changes, edits, objection } from "./draft.js";

/** @typedef {import("./case_view.js").Context} Context */
/** @typedef {import("./types.js").Action} Action */

/** @type {[Action, string, string, string][]} action, words, key, command */
const ANSWERS = [
  ["accept", "Accept", "A", "accept"],
  ["trim", "Trim", "T", "trim"],
  ["adjust", "Crop / outline", "T", "trim"],
  ["edit", "Edit", "E", "edit"],
  ["regenerate", "Make again", "G", "regenerate"],
  ["fall_back", "Fall back", "F", "fallBack"],
  ["replace", "Replace", "P", "replace"],
  ["reject", "Reject", "X", "reject"],
];

export class DecisionBar {
  /**
   * @param {Context} context
   * @param {{cutWords: (cut: import("./types.js").Span) => string, preview: () => void}} stage
   */
  constructor(context, stage) {
    this.context = context;
    this.stage = stage;
    const allowed = new Set(["accept", "reject", ...context.sheet.corrections.map(({ action }) => action)]);
    this.answers = ANSWERS.filter(([action]) => allowed.has(action)).map(([action, words, key, command]) =>
      keyButton(words, key, () => this.#press(command), { class: `answer ${action}`, "data-action": action, title: this.#title(action) }));
    this.confirm = keyButton("Send", "Enter", () => context.run("confirm"), { class: "confirm" });
    this.file = /** @type {HTMLInputElement} */ (el("input", { type: "file", hidden: true, accept: "video/mp4,video/webm,video/quicktime,image/jpeg,image/png,image/webp,application/json" }));
    this.strip = el("div", { class: "strip", "aria-live": "polite" });
    this.comment = /** @type {HTMLTextAreaElement} */ (el("textarea", { class: "comment", rows: "1", placeholder: "Comment (C)", "aria-label": "Comment", maxlength: "4000" }));
    this.comment.value = context.draft.state.comment;
    this.comment.addEventListener("input", () => context.draft.change({ comment: this.comment.value }, { typing: true }));
    this.element = el("footer", { class: "decide", "aria-label": "Your answer" },
      el("div", { class: "strip-row" }, this.strip, this.comment),
      el("div", { class: "answers", role: "group", "aria-label": "Answers" }, ...this.answers, this.confirm,
        keyButton("Undo", "U", () => context.run("undo"), { class: "undo" })), this.file);
    this.shownFor = "";
  }

  /** Pressed by keyboard, the focus goes on to what confirms it. @param {string} command */
  #press(command) {
    const byKeyboard = this.answers.includes(/** @type {HTMLElement} */ (document.activeElement));
    this.context.run(command);
    if (byKeyboard) this.confirm.focus();
  }

  /** @param {Action} action */
  #title(action) {
    const offer = this.context.sheet.corrections.find((each) => each.action === action);
    return offer?.refused || offer?.words || "";
  }

  refresh() {
    const { state } = this.context.draft;
    this.answers.forEach((answer) => answer.setAttribute("aria-pressed", String(answer.dataset.action === state.action)));
    const wrong = objection(state, this.context.sheet);
    this.confirm.classList.toggle("ready", !wrong);
    this.confirm.setAttribute("aria-disabled", String(Boolean(wrong)));
    if (this.shownFor !== state.action) this.strip.replaceChildren(...this.#fields());
    this.shownFor = state.action;
    this.#say(wrong);
    if (this.comment.value !== state.comment) this.comment.value = state.comment;
  }

  /** The words of the strip follow the draft; its fields stay, so that nobody's typing jumps. */
  #say(/** @type {string} */ wrong) {
    const { state } = this.context.draft;
    const words = this.strip.querySelector(".strip-words");
    if (words) words.textContent = wrong && state.action ? wrong : this.#words();
    for (const [name, value] of Object.entries({ first: state.cut?.[0], last: state.cut?.[1], seed: state.seed })) {
      const field = this.strip.querySelector(`[name="${name}"]`);
      if (field instanceof HTMLInputElement && field !== document.activeElement) field.value = String(value ?? "");
    }
  }

  #words() {
    const { state } = this.context.draft;
    const { sheet } = this.context;
    if (state.action === "trim" && state.cut) return this.stage.cutWords(state.cut);
    if (state.action === "replace" && state.upload) return `${state.upload.name} (${state.upload.media_type}) ships instead, once judged.`;
    if (state.action === "edit") return `Changed: ${Object.keys(edits(state, sheet)).map((slot) => slot.replaceAll("_", " ").replace(/\.(\d+)/, (_, at) => ` ${Number(at) + 1}`)).join(", ")}. The copy is judged again.`;
    const refused = sheet.corrections.find(({ action }) => action === state.action)?.refused;
    const asSuggested = state.action === "fall_back" || (state.action === "regenerate" && !Object.keys(changes(state, sheet)).length);
    if (refused && asSuggested) return `Will be refused as it stands: ${refused}`;
    return NOTES[state.action]?.(state) ?? "";
  }

  #fields() {
    const { state } = this.context.draft;
    const words = el("p", { class: "strip-words" });
    if (!state.action) return [];
    if (state.action === "trim") return [el("b", {}, "Trim"), ...this.#span(), words, keyButton("Play the joined clip", "", () => this.stage.preview(), {})];
    if (state.action === "regenerate") return [el("b", {}, "Make again"), this.#number("Seed", "seed", (seed) => ({ seed })), ...this.#parameters(), words];
    if (state.action === "fall_back") return [el("b", {}, "Fall back"), ...this.#design(), words];
    if (state.action === "replace") return [el("b", {}, "Replace"), keyButton("Choose a file", "P", () => this.file.click(), {}), words];
    return [el("b", {}, ANSWERS.find(([action]) => action === state.action)?.[1] ?? ""), words];
  }

  #span() {
    const cut = (/** @type {0 | 1} */ end) => (/** @type {number} */ frame) => {
      const [first, last] = this.context.draft.state.cut ?? [frame, frame];
      return { cut: /** @type {[number, number]} */ (end === 0 ? [frame, Math.max(frame, last)] : [Math.min(first, frame), frame]) };
    };
    return [this.#number("Frames", "first", cut(0)), this.#number("to", "last", cut(1))];
  }

  /**
   * @param {string} words
   * @param {string} name
   * @param {(value: number) => Partial<import("./types.js").DraftState>} change
   */
  #number(words, name, change) {
    const field = /** @type {HTMLInputElement} */ (el("input", { type: "number", name, min: "0", step: "1", inputmode: "numeric" }));
    field.addEventListener("input", () => {
      if (field.value !== "" && field.valueAsNumber >= 0) this.context.draft.change(change(Math.round(field.valueAsNumber)), { typing: true });
    });
    return el("label", {}, words, field);
  }

  /** What it was made with, to be changed: numbers, words and choices of yes or no. */
  #parameters() {
    const { draft, sheet } = this.context;
    const may = sheet.corrections.find(({ action }) => action === "regenerate")?.parameters?.parameters?.names ?? {};
    const plain = Object.entries(sheet.parameters).filter(([name, value]) => name in may && ["string", "number", "boolean"].includes(typeof value));
    if (!plain.length) return [];
    const fields = plain.map(([name, value]) => {
      const yesOrNo = typeof value === "boolean";
      const field = /** @type {HTMLInputElement | HTMLSelectElement} */ (yesOrNo
        ? el("select", { name }, el("option", { value: "true" }, "yes"), el("option", { value: "false" }, "no"))
        : el("input", { type: "text", name, inputmode: typeof value === "number" ? "decimal" : null, spellcheck: "false", autocomplete: "off" }));
      field.value = draft.state.parameters[name] ?? String(value);
      field.addEventListener("input", () => draft.change({ parameters: { ...draft.state.parameters, [name]: field.value } }, { typing: true }));
      return el("label", {}, name.replaceAll("_", " "), field);
    });
    const open = Object.keys(changes(draft.state, sheet)).length > 0;
    return [el("details", { class: "parameters", open }, el("summary", {}, `Parameters (${fields.length})`), el("div", {}, ...fields))];
  }

  #design() {
    const { draft, sheet } = this.context;
    const given = sheet.corrections.find(({ action }) => action === "fall_back")?.parameters?.design;
    const choices = /** @type {string[]} */ (given?.choices ?? given?.enum ?? []);
    if (!choices.length) return [];
    const select = /** @type {HTMLSelectElement} */ (el("select", { name: "design" }, el("option", { value: "" }, "the plan's choice"), ...choices.map((name) => el("option", { value: name }, name))));
    select.value = draft.state.design;
    select.addEventListener("change", () => draft.change({ design: select.value }));
    return [el("label", {}, "Design", select)];
  }
}

/** @type {Record<string, (state: import("./types.js").DraftState) => string>} */
const NOTES = {
  accept: () => "Ships as it is: the evidence is a false alarm or does not matter.",
  reject: ({ marks }) => `Never ships; the next recipe is tried.${marks.length ? "" : " The evidence at hand counts as confirmed."}`,
  regenerate: () => "Made again, judged again.",
  fall_back: () => "A designed-motion clip of the product's own photos ships instead.",
  adjust: ({ mask_grow_px, crop }) => [mask_grow_px ? `Outline ${mask_grow_px > 0 ? "grows" : "shrinks"} by ${Math.abs(mask_grow_px)} px.` : "", crop ? `Cropped to ${Math.round((crop[2] - crop[0]) * 100)} × ${Math.round((crop[3] - crop[1]) * 100)} % of the frame.` : "", "The picture is made again so."].filter(Boolean).join(" "),
};
