// Elements and icons, made without markup: nothing a shop's content policy could forbid.

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  camera: "M4 8h3.2l1.6-2.5h6.4L16.8 8H20a1 1 0 0 1 1 1v9.5a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1ZM12 17a3.8 3.8 0 1 0 0-7.6 3.8 3.8 0 0 0 0 7.6Z",
  picture: "M4 5h16v14H4zM4 16l4.5-4.5 3.5 3.5 2.5-2.5L20 18M15.5 9.5h.01",
  close: "M6 6l12 12M18 6 6 18",
  back: "M15 5l-7 7 7 7",
  add: "M12 5v14M5 12h14",
  check: "M5 12.5 10 17.5 19.5 7",
  save: "M12 4v11M7.5 11 12 15.5 16.5 11M5 19.5h14",
  share: "M12 15V4M8 7.5 12 3.5l4 4M6 11.5v8h12v-8",
  zoom: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  flip: "M4 12a8 8 0 0 1 13.7-5.6L20 8.5M20 4v4.5h-4.5M20 12a8 8 0 0 1-13.7 5.6L4 15.5M4 20v-4.5h4.5",
  trash: "M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7",
  hanger: "M12 8.5V8c0-.9 1.8-1.2 1.8-2.8a1.8 1.8 0 0 0-3.6 0M12 8.5 3.5 15c-.9.7-.4 2.2.8 2.2h15.4c1.2 0 1.7-1.5.8-2.2Z",
};

/** A new element. `part` is its class too; `on` holds listeners; true sets a bare attribute. */
export function make(tag, { part = "", on = {}, ...attributes } = {}, ...children) {
  const node = document.createElement(tag);
  if (part) {
    node.className = part;
    node.part.add(...part.split(" "));
  }
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== undefined) node.setAttribute(name, value);
  }
  for (const [event, listener] of Object.entries(on)) node.addEventListener(event, listener);
  node.append(...children.flat().filter((child) => child || child === 0));
  return node;
}

/** A button with an icon (or none) and words; `quiet` words are for screen readers alone. */
export function button(words, { icon: name = "", quiet = false, ...options } = {}) {
  const said = make("span", { part: quiet ? "spoken" : "words" }, words);
  const tip = quiet ? { title: words } : {};
  return make("button", { type: "button", ...tip, ...options }, name && icon(name), said);
}

/** A button and the hidden file field that it opens; `take` gets the files. */
export function chooser(words, take, { capture, icon: name = "picture", part = "secondary" }) {
  const field = make("input", {
    type: "file",
    accept: "image/*",
    capture,
    hidden: true,
    tabindex: "-1",
    "aria-label": words,
    on: { change: () => take(field.files) },
  });
  return [button(words, { icon: name, part, on: { click: () => field.click() } }), field];
}

/** A line drawing, 24 × 24, that screen readers skip. */
export function icon(name) {
  const svg = drawing("0 0 24 24", [ICONS[name]]);
  svg.setAttribute("class", "icon");
  return svg;
}

const HALF_A_BODY =
  "M150 38C129 38 118 54 118 76c0 20 7 36 17 43 2 2 2 7 1 12-3 7-13 10-29 15-20 6-30 17-34 41" +
  "-5 31-14 66-23 108-4 18-7 31-6 43 1 9 10 11 14 2 6-15 11-33 17-53 8-28 16-54 21-77" +
  " 3 26 5 47 3 68-3 29-5 70-3 122";

/** The outline that a shopper stands in. */
export function outline() {
  const inside = `${HALF_A_BODY}H150Z`;
  const svg = drawing("0 0 300 400", [inside, inside, HALF_A_BODY, HALF_A_BODY]);
  const [left, right, , edge] = svg.children;
  for (const path of [right, edge]) path.setAttribute("transform", "translate(300 0) scale(-1 1)");
  for (const path of [left, right]) path.setAttribute("class", "inside");
  svg.setAttribute("class", "outline");
  svg.part.add("outline");
  return svg;
}

function drawing(viewBox, paths) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", viewBox);
  svg.setAttribute("aria-hidden", "true");
  svg.append(
    ...paths.map((each) => {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", each);
      return path;
    }),
  );
  return svg;
}
