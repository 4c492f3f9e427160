// @ts-check
/** The reviewer page: asks who reviews, opens cases one after the other, listens to the keys. */

import { CaseView } from "./case_view.js";
import { COMMANDS, drawByKey, pickKind } from "./commands.js";
import { Desk } from "./desk.js";
import { Refusal, queueStats, uploadFile } from "./door.js";
import { find, keyButton } from "./dom.js";
import { forgetOldDrafts, labelOf, objection } from "./draft.js";
import { belongsToFocus, commandOf, keyList, pressedKey } from "./keys.js";
import { Notices } from "./notices.js";
import { leave, reviewer } from "./reviewer.js";

/** @typedef {import("./types.js").Sheet} Sheet */

const LOOK_AGAIN_MS = 10_000;
const COUNT_MS = 60_000;

class Page {
  /** @param {string} reviewer */
  constructor(reviewer) {
    this.desk = new Desk(reviewer);
    this.floor = find("#floor");
    this.notices = new Notices(find("#notices"), find("#live"));
    /** @type {CaseView | null} */
    this.view = null;
    /** @type {CaseView | null} */
    this.ahead = null;
    this.again = 0;
    this.began = 0;
    this.count = 0;
    /** @type {Element | null} */
    this.beforeHelp = null;
    /** @type {Promise<void>} */
    this.sending = Promise.resolve();
    /** @type {Promise<void>} */
    this.moved = Promise.resolve();
    this.desk.onlost = (sheet, words) => this.#lost(sheet, words);
    addEventListener("keydown", (event) => this.#key(event));
    addEventListener("click", (event) => dropFocus(event), true);
    setInterval(() => this.view && !this.ahead && this.#fetchAhead().catch(() => undefined), LOOK_AGAIN_MS);
    for (const name of ["dragover", "drop"]) addEventListener(name, (event) => this.#drop(/** @type {DragEvent} */ (event)));
  }

  async start() {
    await this.#guard(async () => {
      const sheet = await this.desk.open();
      await this.#show(sheet ? this.#built(sheet) : null);
    });
  }

  /** A view built and lying ready behind the one on the screen. @param {Sheet} sheet */
  #built(sheet) {
    const view = new CaseView(sheet, { run: (command) => this.run(command), say: (words) => this.notices.say(words) });
    this.floor.append(view.element);
    view.answers.file.addEventListener("change", () => this.#upload(view, view.answers.file.files?.[0]));
    view.ready.catch((error) => this.notices.show("bad", error.message));
    return view;
  }

  /** @param {CaseView | null} view */
  async #show(view) {
    window.clearTimeout(this.again);
    this.view?.close();
    this.view = view;
    find("#empty").hidden = view !== null;
    if (!view) {
      document.title = "Review: nothing waits";
      for (const name of ["#where", "#left"]) find(name).textContent = "";
      this.again = window.setTimeout(() => this.start(), LOOK_AGAIN_MS);
      return;
    }
    document.title = `Review: ${view.sheet.title}`;
    view.open();
    find("#where").textContent = `${view.sheet.kind} · ${view.sheet.sku}`;
    find("#keys-list").replaceChildren(...keyList(view.sheet.kind));
    this.notices.say(`${view.sheet.kind} of ${view.sheet.title}. ${view.sheet.evidence[0]?.words ?? view.sheet.reasons[0] ?? ""}`);
    painted().then(() => this.began && measured(this.began));
    await view.ready.catch(() => undefined);
    await this.#guard(() => this.#fetchAhead());
  }

  async #fetchAhead() {
    if (this.ahead) return;
    await this.sending; // the door counts a case as held until its answer came
    const sheet = this.desk.next ?? (await this.desk.prefetch());
    if (sheet && !this.ahead) this.ahead = this.#built(sheet);
    document.documentElement.dataset.ahead = sheet ? sheet.id : "none";
  }

  /** Runs a command by its name. @param {string} name */
  run(name) {
    const view = this.view;
    if (name === "help") this.#help();
    else if (name === "undo") this.#undo(view);
    else if (!view) return;
    else if (name === "confirm") this.#send(view);
    else if (name in COMMANDS) COMMANDS[name](view);
    else /** @type {Record<string, () => void>} */ (view.stage.commands)[name]?.();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Enter" && event.ctrlKey && this.view) {
      event.preventDefault();
      this.#send(this.view);
      return;
    }
    if (belongsToFocus(event)) return;
    const key = pressedKey(event);
    if (key === "Escape" && !find("#help").hidden) this.#help();
    else if (this.view && drawByKey(this.view, key)) event.preventDefault();
    else {
      const name = commandOf(key, this.view?.sheet.kind ?? "video");
      if (!name) return;
      event.preventDefault();
      if (name === "kind" && this.view) pickKind(this.view, key);
      else this.run(name);
    }
  }

  /** Sends the answer and shows the next case without waiting: a refusal brings it back. @param {CaseView} view */
  #send(view) {
    const wrong = objection(view.draft.state, view.sheet);
    if (wrong) return this.notices.show("bad", wrong, { brief: true });
    if (this.desk.lost) return this.notices.show("bad", "Your hold on this case ran out: take it back first.");
    this.began = performance.now();
    const { sheet, draft } = view;
    const state = draft.state;
    const label = labelOf(state, sheet, { seconds: view.spent, confirmed: view.context.selected() });
    const sending = this.desk.send(sheet, label, state);
    this.sending = sending.catch(() => undefined);
    this.desk.advance();
    const ahead = this.#takeAhead();
    if (ahead) this.#show(ahead);
    else this.moved = this.#wait(sending);
    sending.then(() => this.#sent(view), (error) => this.#refused(view, error));
  }

  /** What lies ready, if its hold still stands. */
  #takeAhead() {
    const ahead = this.ahead;
    this.ahead = null;
    if (ahead && ahead.sheet === this.desk.current) return ahead;
    ahead?.close();
    return null;
  }

  /** Nothing lay ready: the answer goes first, then the next case is asked for. @param {Promise<void>} sending */
  async #wait(sending) {
    this.view?.close();
    this.view = null; // no key reaches what is answered already
    await sending.then(() => this.start(), () => undefined);
  }

  /** @param {CaseView} view */
  #sent({ sheet, draft }) {
    const words = WORDS[draft.state.action] ?? "Answered";
    draft.forget();
    this.count += 1;
    find("#count").textContent = `${this.count} answered`;
    void countLeft();
    this.notices.show("good", `${words}: ${sheet.title}.`, { brief: true, actions: [keyButton("Undo", "U", () => this.run("undo"))] });
  }

  /** The label was not taken: nothing typed is lost, the case can be opened again. @param {CaseView} view @param {unknown} error */
  async #refused({ sheet, draft }, error) {
    const why = error instanceof Refusal ? error.message : String(error);
    draft.restore(draft.state);
    this.notices.show("bad", `Your answer to ${sheet.title} was not taken: ${why}`, {
      actions: [keyButton("Open it again", "", () => this.#reopen(sheet.id))],
    });
    if (!this.desk.current) await this.#reopen(sheet.id);
  }

  /** @param {string} id */
  async #reopen(id) {
    await this.#guard(async () => {
      await this.#putBack();
      await this.desk.open(id);
      const sheet = this.desk.current;
      await this.#show(sheet ? this.#built(sheet) : null);
    });
  }

  /** What lay ready goes: a reviewer holds two cases at most. */
  async #putBack() {
    this.ahead?.close();
    this.ahead = null;
    this.desk.next = null;
  }

  /** @param {CaseView | null} view */
  async #undo(view) {
    if (view?.draft.undo()) return;
    await this.moved; // the case that is on its way comes first
    if (!this.desk.sent.length) return void this.notices.show("note", "There is nothing to undo.", { brief: true });
    await this.#guard(async () => {
      const undone = await this.desk.undo();
      if (!undone?.sheet) return;
      await this.#putBack();
      const again = this.#built(undone.sheet);
      again.draft.restore(undone.last.state);
      this.count -= 1;
      find("#count").textContent = `${this.count} answered`;
      this.notices.show("note", `Your answer to ${undone.last.title} was taken back.`, { brief: true });
      await this.#show(again);
    });
  }

  /** @param {Sheet} sheet @param {string} words */
  #lost(sheet, words) {
    this.notices.show("bad", `Your hold on this case ran out (${words}). What you entered is kept in this browser.`, {
      actions: [keyButton("Take it back", "", () => this.#reopen(sheet.id)), keyButton("Next case", "", () => this.#reopen(""))],
    });
  }

  /** @param {CaseView} view @param {File | undefined} file */
  async #upload(view, file) {
    if (!file) return;
    await this.#guard(async () => {
      this.notices.show("note", `Sending ${file.name} …`, { brief: true });
      const { digest, media_type } = await uploadFile(file);
      view.draft.change({ action: "replace", upload: { digest, media_type, name: file.name } });
      view.answers.refresh();
    });
  }

  /** @param {DragEvent} event */
  #drop(event) {
    const file = event.dataTransfer?.files?.[0];
    event.preventDefault();
    const allowed = this.view?.sheet.corrections.some(({ action }) => action === "replace");
    if (event.type === "drop" && file && this.view && allowed) this.#upload(this.view, file);
  }

  /** Shows the keys or hides them; the focus goes back to where it was, so that Enter sends again. */
  #help() {
    const help = find("#help");
    if (help.hidden) this.beforeHelp = document.activeElement;
    help.hidden = !help.hidden;
    find("#help-button").setAttribute("aria-expanded", String(!help.hidden));
    if (!help.hidden) help.focus();
    else if (this.beforeHelp instanceof HTMLElement) this.beforeHelp.focus();
  }

  /** Runs it; what the door refuses is shown in its words. @param {() => Promise<void>} work */
  async #guard(work) {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.notices.show("bad", error.message, { actions: [keyButton("Try again", "", () => this.start())] });
    }
  }
}

/** @type {Record<string, string>} */
const WORDS = {
  accept: "Accepted", reject: "Rejected", trim: "Trim ordered", regenerate: "Made again", edit: "Edited",
  fall_back: "Falls back", replace: "Replaced", adjust: "Adjusted",
};

/** After the next two frames: what was put into the page is on the screen. */
const painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));

/** Time from the answer to the next case on the screen, for whoever measures. @param {number} began */
function measured(began) {
  performance.measure("answer-to-next-case", { start: began, end: performance.now() });
}

/** A button pressed by pointer gives the focus back, so that Enter means the answer. @param {MouseEvent} event */
function dropFocus(event) {
  if (event.detail > 0 && document.activeElement instanceof HTMLButtonElement) document.activeElement.blur();
}

/** How many cases wait, now and then: a hint, so a failure stays silent. */
async function countLeft() {
  const stats = await queueStats(1).catch(() => null);
  if (!stats) return;
  const cases = stats.waiting.reduce((/** @type {number} */ all, /** @type {{cases: number}} */ each) => all + each.cases, 0);
  find("#left").textContent = `${cases} wait`;
}

forgetOldDrafts();
const { name, signedIn } = await reviewer();
find("#reviewer").textContent = signedIn ? `Sign out ${name}` : name;
const page = new Page(name);
find("#help-button").addEventListener("click", () => page.run("help"));
find("#help-close").addEventListener("click", () => page.run("help"));
find("#look-again").addEventListener("click", () => page.start());
find("#rename").addEventListener("click", () => leave(signedIn));
await page.start();
setInterval(countLeft, COUNT_MS);
await countLeft();
