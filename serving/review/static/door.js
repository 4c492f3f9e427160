// @ts-check
/** The door's addresses. Every failure is a `Refusal` whose message a person can read. */

/** A closed browser gives its cases back after this; an open one asks for more every 30 s. */
const LEASE_S = 180;

/** The door said no, or could not be reached (`status` 0). */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} code the problem's type without its prefix
   * @param {string} words
   */
  constructor(status, code, words) {
    super(words);
    this.status = status;
    this.code = code;
  }

  /** True when another reviewer holds the case, or the time to answer it ran out. */
  get lost() {
    return this.code === "lease-lost";
  }
}

/**
 * The door's answer, or null where it has none (204).
 * @param {string} method
 * @param {string} path
 * @param {any} [body] JSON, or a Blob that is sent as it is
 * @returns {Promise<any>}
 */
async function ask(method, path, body) {
  const raw = body instanceof Blob;
  const type = raw ? body.type || "application/octet-stream" : "application/json";
  /** @type {RequestInit} */
  const request = { method, keepalive: path.endsWith("/label"), headers: body === undefined ? {} : { "content-type": type } };
  if (body !== undefined) request.body = raw ? body : JSON.stringify(body);
  const answer = await fetch(path, request).catch(() => {
    throw new Refusal(0, "unreachable", "The engine cannot be reached. Is it running?");
  });
  if (answer.status === 204) return null;
  const said = await answer.json().catch(() => null);
  if (answer.ok) return said;
  // The session is over: what was entered lies in the draft, and is there again after signing in.
  if (answer.status === 401) location.assign("/review/sign-in");
  const code = String(said?.type ?? "").split(":").pop() ?? "";
  throw new Refusal(answer.status, code, said?.detail || said?.title || `HTTP ${answer.status}`);
}

/**
 * The next case for a reviewer, the preferred one if it is free; null when none waits.
 * @param {string} reviewer
 * @param {string} [prefer]
 * @returns {Promise<import("./types.js").Sheet | null>}
 */
export const claimCase = (reviewer, prefer = "") => ask("POST", "/v1/cases/claim", { reviewer, prefer, lease_s: LEASE_S });

/**
 * Puts off the end of the hold; `lease_until` is the new end.
 * @param {string} id
 * @param {string} token
 * @returns {Promise<{lease_until: string}>}
 */
export const extendCase = (id, token) => ask("POST", `/v1/cases/${id}/extend`, { token, lease_s: LEASE_S });

/**
 * Gives a case back unanswered.
 * @param {string} id
 * @param {string} token
 */
export const releaseCase = (id, token) => ask("POST", `/v1/cases/${id}/release`, { token });

/**
 * Gives a case back while the page closes: nobody waits for the answer.
 * @param {string} id
 * @param {string} token
 */
export function releaseInPassing(id, token) {
  const body = new Blob([JSON.stringify({ token })], { type: "application/json" });
  navigator.sendBeacon(`/v1/cases/${id}/release`, body);
}

/**
 * @param {string} id
 * @param {any} label with the hold's `token`
 */
export const labelCase = (id, label) => ask("POST", `/v1/cases/${id}/label`, label);

/**
 * Takes a label back while nothing was made from it.
 * @param {string} id
 * @param {string} reviewer
 */
export const undoLabel = (id, reviewer) => ask("POST", `/v1/cases/${id}/undo`, { reviewer });

/**
 * Stores a file that shall ship instead.
 * @param {File} file
 * @returns {Promise<{digest: string, media_type: string}>}
 */
export const uploadFile = (file) => ask("POST", "/v1/uploads", file);

/** @returns {Promise<any>} */
export const queueStats = (days = 30) => ask("GET", `/v1/queue?days=${days}`);

/** @returns {Promise<any>} */
export const costs = (days = 30) => ask("GET", `/v1/costs?days=${days}`);

/** @returns {Promise<any>} */
export const standing = () => ask("GET", "/v1/standing");
