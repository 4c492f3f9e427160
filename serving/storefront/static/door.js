// What the element asks of the door, and what may go wrong there.

/** Why something did not work. `kind` is one of: offline busy expired refused unreadable forbidden failed. */
export class Trouble extends Error {
  constructor(kind, { problem = {}, retryS = 0 } = {}) {
    super(`${kind}: ${problem.title ?? ""}`);
    Object.assign(this, { kind, problem, retryS });
  }
}

/** The door at `endpoint`, asked with a shop's key. Every method raises Trouble, or AbortError once its signal says so. */
export class Door {
  #endpoint;
  #key;

  constructor(endpoint, key) {
    this.#endpoint = endpoint;
    this.#key = key;
  }

  /** How many seconds a photo lives. */
  async photoTtlS() {
    return (await (await this.#ask("storefront/terms.json")).json()).photo_ttl_s;
  }

  /** The try-on's events as `[name, body]`: accepted, preview, result. Leaving the loop, or the signal, cancels it. */
  async *tryon({ photo, upload, garments, signal }) {
    const answer = await this.#ask("v1/tryon", {
      method: "POST",
      headers: { accept: "text/event-stream" },
      signal,
      ...order(photo, upload, garments),
    });
    for await (const [name, body] of events(answer.body)) {
      if (name === "refused") throw troubleOf(body.problem);
      yield [name, body];
      if (name === "result") return;
    }
    throw new Trouble("offline");
  }

  /** The bytes of a picture: they are kept in this page alone, and never asked for twice. */
  async picture(url, signal) {
    return (await this.#ask(url, { signal, keyless: true })).blob();
  }

  /** Deletes a photo and all that was made of it. */
  async forget(upload) {
    // The page may be closing: the browser shall send it all the same.
    await this.#ask(`v1/uploads/${upload}`, { method: "DELETE", keepalive: true, keyless: true });
  }

  async #ask(path, { keyless = false, headers = {}, ...options } = {}) {
    if (this.#key && !keyless) headers = { ...headers, authorization: `Bearer ${this.#key}` };
    // The door may stand below a path of its host, of which its own addresses know nothing.
    const url = new URL(path.replace(/^\//, ""), this.#endpoint);
    let answer;
    try {
      answer = await fetch(url, { credentials: "omit", cache: "no-store", headers, ...options });
    } catch (error) {
      throw error.name === "AbortError" ? error : new Trouble("offline");
    }
    if (answer.ok) return answer;
    const problem = await answer.json().catch(() => ({ status: answer.status }));
    throw troubleOf({ status: answer.status, ...problem }, Number(answer.headers.get("retry-after")));
  }
}

function order(photo, upload, garments) {
  if (!upload) {
    const body = new FormData();
    body.append("person", photo, "photo.jpg");
    body.append("garments", JSON.stringify(garments));
    return { body };
  }
  const body = JSON.stringify({ upload, garments });
  return { body, headers: { accept: "text/event-stream", "content-type": "application/json" } };
}

const KINDS = {
  "asset-missing": "expired",
  "body-too-large": "unreadable",
  "too-large": "unreadable",
  "unsupported-media": "unreadable",
  "corrupt-media": "unreadable",
};
const KINDS_OF_STATUS = { 401: "forbidden", 403: "forbidden", 413: "unreadable", 429: "busy", 503: "busy" };

function troubleOf(problem, retryS = 0) {
  const code = String(problem.type ?? "").split(":").at(-1);
  const kind = problem.reason ? "refused" : (KINDS[code] ?? KINDS_OF_STATUS[problem.status] ?? "failed");
  return new Trouble(kind, { problem, retryS: retryS || (kind === "busy" ? 5 : 0) });
}

/** Server-sent events of a body, as `[name, parsed data]`. */
async function* events(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const blocks = (text + decoder.decode(value, { stream: true })).replaceAll("\r", "").split("\n\n");
      text = blocks.pop();
      yield* blocks.map(event).filter(Boolean);
    }
  } catch (error) {
    throw error.name === "TypeError" ? new Trouble("offline") : error;
  } finally {
    reader.cancel().catch(() => {});
  }
}

function event(block) {
  const lines = block.split("\n");
  const of = (field) => lines.filter((line) => line.startsWith(field)).map((line) => line.slice(field.length).trim());
  const data = of("data:").join("\n");
  return data ? [of("event:")[0] ?? "message", JSON.parse(data)] : null;
}
