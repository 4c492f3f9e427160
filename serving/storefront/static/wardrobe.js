// What can be worn: the shop's list, and which garments go together.

const MOST = 5;
const CLASHES = { full: ["full", "upper", "lower"], upper: ["upper", "full"], lower: ["lower", "full"] };
const UNKNOWN = { name: "", short: "", picture: "", kind: "", group: "" };

/** The shop's garments, from the attribute `garments` (JSON) and from `<option>` children. */
export class Wardrobe {
  #garments = new Map();

  constructor(host) {
    this.read(host);
  }

  /** Takes in what the page lists now; what was learnt stays. */
  read(host) {
    for (const each of [...listed(host), ...options(host)]) {
      if (each.sku) this.#garments.set(each.sku, { ...UNKNOWN, ...this.#garments.get(each.sku), ...each });
    }
    if (host.sku && !this.#garments.has(host.sku)) this.#garments = new Map([[host.sku, own(host)], ...this.#garments]);
  }

  get size() {
    return this.#garments.size;
  }

  /** Garments by the heading they stand under, in the shop's order. */
  groups() {
    const groups = new Map();
    for (const each of this.#garments.values()) {
      groups.set(each.group, [...(groups.get(each.group) ?? []), each]);
    }
    return [...groups];
  }

  get(sku) {
    if (!this.#garments.has(sku)) this.#garments.set(sku, { ...UNKNOWN, sku });
    return this.#garments.get(sku);
  }

  name(sku) {
    return this.get(sku).name || sku;
  }

  /** Remembers what the door found out: titles and kinds. */
  learn(garments) {
    for (const { sku, kind, title } of garments) {
      const known = this.get(sku);
      Object.assign(known, { kind: known.kind || kind, name: known.name || title });
    }
  }

  /** The outfit with the garment worn as well: instead of what is worn in the same place. */
  wear(outfit, sku) {
    const kind = this.get(sku).kind;
    const places = CLASHES[kind] ?? [kind];
    const kept = kind ? outfit.filter((each) => each !== sku && !places.includes(this.get(each).kind)) : [];
    return [...kept, sku].slice(-MOST);
  }

  /** True where the shopper must say whether it is worn instead or as well: its place is unknown. */
  isOpen(outfit, sku) {
    return !this.get(sku).kind && outfit.length < MOST && !outfit.includes(sku);
  }

  /** The outfit as the door wants it. */
  order(outfit) {
    return outfit.map((sku) => (this.get(sku).kind ? { sku, kind: this.get(sku).kind } : { sku }));
  }
}

/** The page's own garment, where the list leaves it out. */
function own(host) {
  const of = (name) => host.getAttribute(name) ?? "";
  return { ...UNKNOWN, sku: host.sku, name: of("name"), picture: of("picture"), kind: of("kind") };
}

function listed(host) {
  const text = host.getAttribute("garments");
  if (!text) return [];
  try {
    const found = JSON.parse(text);
    if (Array.isArray(found)) return found.map((each) => (typeof each === "string" ? { sku: each } : each));
  } catch {
    // Told below: a list that is JSON but no list is as useless.
  }
  console.error("content-engine-tryon: the attribute garments is no JSON list of {sku, name, short, picture, kind, group}");
  return [];
}

function options(host) {
  return [...host.querySelectorAll("option")].map((option) => ({
    sku: option.value,
    name: (option.getAttribute("label") || option.textContent).trim(),
    short: option.dataset.short ?? "",
    picture: option.dataset.picture ?? "",
    kind: option.dataset.kind ?? "",
    group: option.closest("optgroup")?.label ?? "",
  }));
}
