// The camera with the outline to stand in, and a timer: who stands back can't press a button.

import { button, chooser, make, outline } from "./dom.js";
import { filled } from "./texts.js";

const TIMERS_S = [0, 3, 10];

export function cameraView(room) {
  const { texts, camera } = room;
  const video = make("video", { part: "video", playsinline: true, autoplay: true, muted: true, "aria-label": texts.camera_name });
  video.muted = true;
  const count = make("p", { part: "count", role: "status", "aria-live": "assertive" });
  const frame = make("div", { part: "frame lens" }, video, outline(), count);
  frame.style.setProperty("--ratio", "0.75");
  const shutter = button(texts.shoot, { icon: "camera", part: "primary shutter", disabled: true });
  const flip = button(texts.flip, { icon: "flip", part: "secondary", hidden: true });
  const problem = make("p", { part: "missing", role: "alert" });
  const timer = timers(texts);
  const begin = () => began(room, { video, frame, shutter, flip, problem });
  flip.addEventListener("click", () => (camera.turn(), begin()));
  shutter.addEventListener("click", shooting(room, { video, count, shutter, seconds: () => Number(timer.querySelector(":checked").value) }));
  begin();
  return {
    title: texts.camera_title,
    back: () => room.show("start"),
    nodes: [
      make("div", { part: "stage" }, frame),
      make("div", { part: "panel" },
        problem,
        make("p", { part: "lead" }, texts.camera_hint),
        timer,
        make("div", { part: "actions" }, shutter, flip, ...chooser(texts.choose, (files) => room.take(files), {}))),
    ],
  };
}

async function began(room, { video, frame, shutter, flip, problem }) {
  try {
    await room.camera.start(video);
    frame.classList.toggle("mirrored", room.camera.mirrored);
    shutter.disabled = false;
    flip.hidden = !(await room.camera.hasAnother());
  } catch (error) {
    if (error.name !== "AbortError") problem.textContent = room.texts.camera_off;
  }
}

function timers(texts) {
  const choices = TIMERS_S.map((seconds) =>
    make("label", { part: "choice" },
      make("input", { type: "radio", name: "timer", value: `${seconds}`, checked: seconds === 3 }),
      make("span", {}, seconds ? filled(texts.timer_s, { seconds }) : texts.timer_off)));
  return make("fieldset", { part: "choices" }, make("legend", {}, texts.timer), ...choices);
}

/** Counts down, then takes the photo; pressed once more, it stops counting. */
function shooting(room, { video, count, shutter, seconds }) {
  let ticking = 0;
  const stop = () => {
    clearTimeout(ticking);
    ticking = 0;
    count.textContent = "";
    shutter.querySelector(".words").textContent = room.texts.shoot;
  };
  const tick = (left) => {
    if (!video.isConnected) return stop();
    if (left === 0) return room.shoot(video);
    count.textContent = `${left}`;
    ticking = setTimeout(() => tick(left - 1), 1000);
    return undefined;
  };
  return () => {
    if (ticking) return stop();
    if (seconds()) shutter.querySelector(".words").textContent = room.texts.stop_timer;
    return tick(seconds());
  };
}
