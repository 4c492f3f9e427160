// @ts-check
/** Who sits here: a name beside every answer, until sign-in says it. */

import { find } from "./dom.js";

/** Who reviews: asked once, kept in this browser. */
export function reviewerName() {
  const known = localStorage.getItem("review.reviewer");
  if (known) return Promise.resolve(known);
  const form = /** @type {HTMLFormElement} */ (find("#who"));
  form.hidden = false;
  find("input", form).focus();
  return new Promise((/** @type {(name: string) => void} */ tell) => form.addEventListener("submit", (event) => {
    event.preventDefault();
    const name = String(new FormData(form).get("reviewer") ?? "").trim();
    if (!name) return;
    localStorage.setItem("review.reviewer", name);
    form.hidden = true;
    tell(name);
  }));
}
