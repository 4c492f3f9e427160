// @ts-check
/** The row of buttons that plays a clip, with the number of the frame on the screen. */

import { el, iconButton, keyButton } from "./dom.js";
import { secondsWords } from "./words.js";

export class Transport {
  /** @param {(command: string) => void} run */
  constructor(run) {
    const press = (/** @type {string} */ name) => () => run(name);
    const icon = (/** @type {string} */ words, /** @type {string} */ key, /** @type {string} */ name) => iconButton(words, key, name, press(name));
    this.readout = el("output", { class: "readout", "aria-label": "Frame shown" });
    this.clock = el("span", { class: "clock" });
    this.play = keyButton("Play", "Space", press("toggle"), { class: "play" });
    this.speed = el("span", { class: "speed" }, "1×");
    this.loop = keyButton("Loop", "Q", press("loop"), { "aria-pressed": "true" });
    this.sound = keyButton("Sound", "S", press("sound"), { "aria-pressed": "false" });
    this.element = el("div", { class: "transport", role: "group", "aria-label": "Playing" },
      el("div", { class: "cluster" }, icon("Previous evidence", "↑", "previous"), icon("Next evidence", "↓", "next")),
      el("div", { class: "cluster" }, icon("Back one frame", ",", "back"), this.play, icon("On one frame", ".", "on")),
      el("div", { class: "cluster numbers" }, this.readout, this.clock),
      el("div", { class: "cluster" }, icon("Slower", "<", "slower"), this.speed, icon("Faster", ">", "faster")),
      el("div", { class: "cluster" }, this.loop, this.sound),
      el("div", { class: "cluster" }, icon("Span starts at this frame", "[", "start"), icon("Span ends at this frame", "]", "end")),
      el("div", { class: "cluster" }, icon("Zoom into the picture", "Z", "zoom"), icon("Timeline: fewer frames", "+", "closer"), icon("Timeline: more frames", "−", "wider")));
  }

  /**
   * Shows where the clip stands; `at` is the frame asked for, `player.frame` the one on the screen.
   * @param {import("./player.js").Player} player
   * @param {number} at
   */
  update(player, at) {
    this.readout.textContent = `${at}`;
    this.readout.dataset.frame = String(player.frame);
    this.readout.dataset.settled = String(player.wanted < 0);
    this.clock.textContent = `of ${player.frames - 1} · ${secondsWords(at / player.fps)}`;
    const words = player.playing ? "Pause" : "Play";
    const label = this.play.lastElementChild;
    if (label && label.textContent !== words) label.textContent = words;
    this.speed.textContent = `${player.backward ? -player.backward : player.video.playbackRate}×`;
  }
}
