// @ts-check
/** Plays a clip by frames: a constant frame rate is what the engine writes and the judge assures. */

import { clamp } from "./dom.js";

/** Longest wait for the browser to present a frame it sought: then the frame is what was asked. */
const PRESENT_MS = 250;

/** A seek that did not end by then is asked for again. */
const STALLED_MS = 3000;

export const SPEEDS = [0.1, 0.25, 0.5, 1, 1.5, 2, 4];

export class Player {
  /**
   * @param {HTMLVideoElement} video
   * @param {{fps: number, frames: number}} clip
   */
  constructor(video, { fps, frames }) {
    this.video = video;
    this.fps = fps;
    this.frames = frames;
    /** The frame on the screen, as the browser reported it. */
    this.frame = 0;
    /** The frame asked for and not presented yet, or -1. */
    this.wanted = -1;
    /** @type {import("./types.js").Span | null} plays within these frames only */
    this.loop = null;
    /** @type {import("./types.js").Span | null} leaves these frames out: shows the cut */
    this.skip = null;
    this.speed = 1;
    this.backward = 0;
    /** Whether it is meant to play: pausing counts at once, whatever the browser still does. */
    this.running = false;
    this.target = -1;
    /** How many seeks were asked for, and how many of them the seek under way answers. */
    this.asked = 0;
    this.answered = 0;
    this.late = 0;
    this.sought = false;
    /** @type {(() => void)[]} called whenever frame or state changed */
    this.listeners = [];
    /** @type {((frame: number) => void)[]} */
    this.waiting = [];
    this.timer = 0;
    video.muted = true;
    video.playsInline = true;
    video.addEventListener("loadedmetadata", () => this.wanted >= 0 && this.#go());
    video.addEventListener("seeked", () => this.#sought());
    video.addEventListener("play", () => this.#tell());
    video.addEventListener("pause", () => this.#tell());
    video.addEventListener("ended", () => this.#ended());
    this.#watch();
  }

  /** True while it moves, forward or backward. */
  get playing() {
    return this.backward > 0 || !this.video.paused;
  }

  /** Resolves with the frame that the browser presented. @param {number} frame */
  seek(frame) {
    const target = clamp(Math.round(frame), 0, this.frames - 1);
    const busy = this.wanted >= 0;
    this.wanted = target;
    this.asked += 1;
    const shown = new Promise((/** @type {(frame: number) => void} */ tell) => this.waiting.push(tell));
    if (!busy && this.video.readyState > 0) this.#go();
    this.#tell();
    return shown;
  }

  /** Pauses and moves by frames, also while an earlier step is still on its way. @param {number} by */
  step(by) {
    this.pause();
    return this.seek((this.wanted >= 0 ? this.wanted : this.frame) + by);
  }

  play() {
    this.#stopBackward();
    const [first, last] = this.loop ?? [0, this.frames - 1];
    if (this.frame >= last) this.seek(first);
    this.video.playbackRate = this.speed;
    this.running = true;
    this.video.play().catch(() => this.#tell());
  }

  pause() {
    this.running = false;
    this.#stopBackward();
    this.video.pause();
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  /** J K L: again in the same direction doubles the speed. @param {-1 | 1} direction */
  shuttle(direction) {
    if (direction > 0) {
      const faster = !this.video.paused ? Math.min(4, Math.max(1, this.video.playbackRate * 2)) : 1;
      this.play();
      this.video.playbackRate = faster;
      this.#tell();
      return;
    }
    const speed = this.backward ? Math.min(4, this.backward * 2) : 1;
    this.pause();
    this.backward = speed;
    this.timer = window.setInterval(() => this.#back(), 1000 / this.fps);
    this.#tell();
  }

  /** The next slower (−1) or faster (+1) speed. @param {number} by */
  changeSpeed(by) {
    const now = SPEEDS.indexOf(this.speed);
    this.speed = SPEEDS[clamp((now < 0 ? 3 : now) + by, 0, SPEEDS.length - 1)];
    this.video.playbackRate = this.speed;
    this.#tell();
  }

  /** Stops everything; the element may go. */
  close() {
    this.pause();
    this.listeners = [];
    this.video.removeAttribute("src");
    this.video.load();
  }

  #back() {
    if (this.wanted >= 0) return;
    const [first, last] = this.loop ?? [0, this.frames - 1];
    const next = this.frame - Math.max(1, Math.round(this.backward));
    this.seek(next < first ? last : next);
  }

  #stopBackward() {
    window.clearInterval(this.timer);
    this.backward = 0;
  }

  #go() {
    this.target = this.wanted;
    this.answered = this.asked;
    this.sought = false;
    window.clearTimeout(this.late);
    // The middle of the frame: no rounding of any decoder falls to a neighbour.
    this.video.currentTime = (this.target + 0.5) / this.fps;
    this.late = window.setTimeout(() => this.wanted >= 0 && this.#go(), STALLED_MS);
  }

  /**
   * The seek is done; the next frame presented settles it. A newer wish goes first, one for the
   * same frame too: the clip may have played on since.
   */
  #sought() {
    if (this.wanted < 0) return;
    if (this.answered !== this.asked) this.#go();
    else {
      this.sought = true;
      window.clearTimeout(this.late);
      // A seek within the frame on the screen may present nothing new.
      this.late = window.setTimeout(() => this.#settle(Math.floor(this.video.currentTime * this.fps + 1e-4)), PRESENT_MS);
    }
  }

  /** @param {number} frame */
  #settle(frame) {
    window.clearTimeout(this.late);
    this.sought = false;
    if (this.answered !== this.asked) return this.#go();
    this.frame = frame;
    this.wanted = -1;
    this.waiting.splice(0).forEach((tell) => tell(frame));
    this.#tell();
  }

  /** Listens to every frame that the browser presents. */
  #watch() {
    this.video.requestVideoFrameCallback((_, { mediaTime }) => {
      this.frame = clamp(Math.round(mediaTime * this.fps), 0, this.frames - 1);
      if (this.wanted < 0) this.#bound();
      else if (this.frame === this.target || (this.sought && !this.video.paused)) this.#settle(this.frame);
      this.#tell();
      this.#watch();
    });
  }

  /** While it plays: back to the loop's start after its end, over the cut before its start. */
  #bound() {
    if (this.video.paused) return;
    const skip = this.skip;
    if (skip && this.frame >= skip[0] - 1 && this.frame <= skip[1]) this.#leap(skip[1] + 1);
    else if (this.loop && this.frame >= this.loop[1]) this.#leap(this.loop[0]);
  }

  /** @param {number} frame */
  #leap(frame) {
    this.seek(frame >= this.frames ? (this.loop?.[0] ?? 0) : frame);
  }

  /** The clip ended before the loop's end was seen: on, unless somebody paused meanwhile. */
  #ended() {
    if (!this.running) return;
    this.seek(this.loop?.[0] ?? 0).then(() => {
      if (this.running) this.video.play().catch(() => this.#tell());
    });
  }

  #tell() {
    this.listeners.forEach((listen) => listen());
  }
}
