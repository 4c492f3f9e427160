// Before and after in one frame: a handle that pointer, touch and arrow keys move.

import { make } from "./dom.js";

const REVEAL_MS = 900;
const STEPS = { ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2, PageUp: 10, PageDown: -10, Home: -100, End: 100 };

/** The frame. `before` and `after` are `{ url, alt }`; `texts` say what is shown. */
export function compare(before, after, { width, height }, texts) {
  const handle = make("div", {
    part: "handle",
    role: "slider",
    tabindex: "0",
    "aria-label": texts.slider,
    "aria-orientation": "horizontal",
    "aria-valuemin": "0",
    "aria-valuemax": "100",
  }, make("span", { part: "knob" }));
  const frame = make("div", { part: "frame", dir: "ltr" },
    make("img", { part: "before", src: before.url, alt: before.alt, draggable: "false" }),
    make("img", { part: "after", src: after.url, alt: after.alt, draggable: "false" }),
    make("span", { part: "label label-before", "aria-hidden": "true" }, texts.before),
    make("span", { part: "label label-after", "aria-hidden": "true" }, texts.after),
    handle,
  );
  frame.style.setProperty("--ratio", `${width / height}`);
  moved(frame, handle, texts);
  return frame;
}

function moved(frame, handle, texts) {
  const percent = new Intl.NumberFormat(texts.locale, { style: "percent" });
  let at = 0;
  let moving = 0;
  const show = (value) => {
    at = Math.min(100, Math.max(0, value));
    frame.style.setProperty("--at", `${at}%`);
    frame.classList.toggle("compared", at > 0);
    handle.setAttribute("aria-valuenow", `${Math.round(at)}`);
    handle.setAttribute("aria-valuetext", texts.slider_value.replace("{percent}", percent.format(at / 100)));
  };
  const take = (value) => {
    cancelAnimationFrame(moving);
    show(value);
  };
  const follow = (event) => {
    const box = frame.getBoundingClientRect();
    take(((event.clientX - box.left) / box.width) * 100);
  };
  frame.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    frame.setPointerCapture(event.pointerId);
    handle.focus({ preventScroll: true });
    follow(event);
  });
  frame.addEventListener("pointermove", (event) => frame.hasPointerCapture(event.pointerId) && follow(event));
  handle.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    take(at + step * (event.shiftKey ? 5 : 1));
  });
  show(0);
  if (matchMedia("(prefers-reduced-motion: no-preference)").matches) moving = revealed(show, (next) => (moving = next));
}

function revealed(show, keep) {
  const began = performance.now();
  const draw = (now) => {
    const left = 1 - Math.min(1, Math.max(0, now - began) / REVEAL_MS);
    show(100 * left ** 3);
    if (left > 0) keep(requestAnimationFrame(draw));
  };
  show(100);
  return requestAnimationFrame(draw);
}
