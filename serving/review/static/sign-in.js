// @ts-check
/** Shows the key to the door once; from then on a cookie speaks for this browser. */

const form = /** @type {HTMLFormElement} */ (document.querySelector("#sign-in"));
const trouble = /** @type {HTMLElement} */ (document.querySelector("#trouble"));
const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  trouble.textContent = await refusal(String(new FormData(form).get("key") ?? ""));
  button.disabled = false;
  const board = new URLSearchParams(location.search).get("to") === "/dashboard";
  if (!trouble.textContent) location.assign(board ? "/dashboard" : "/review");
});

/** @param {string} key */
async function refusal(key) {
  const request = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ key }) };
  const answer = await fetch("/review/session", request).catch(() => null);
  if (answer?.ok) return "";
  if (!answer) return "The engine cannot be reached. Is it running?";
  const said = await answer.json().catch(() => null);
  return `${said?.title ?? `HTTP ${answer.status}`}. ${said?.detail ?? ""}`;
}
