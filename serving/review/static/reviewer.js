// @ts-check
/** Who sits here: the key they signed in with says it, else a name asked for once. */

import { find } from "./dom.js";

/**
 * Who reviews. `signedIn`: by a key, so the door knows; else the name is kept in this browser.
 * @returns {Promise<{name: string, signedIn: boolean}>}
 */
export async function reviewer() {
  const answer = await fetch("/review/session").catch(() => null);
  const name = answer?.ok ? String((await answer.json()).name) : "";
  return name ? { name, signedIn: true } : { name: await askedName(), signedIn: false };
}

/**
 * Lets somebody else review: signs out, or forgets the name.
 * @param {boolean} signedIn
 */
export async function leave(signedIn) {
  localStorage.removeItem("review.reviewer");
  if (signedIn) await fetch("/review/session", { method: "DELETE" });
  location.reload();
}

/** @returns {Promise<string>} */
function askedName() {
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
