// What is worn, and what else could be.

import { button, icon, make } from "./dom.js";
import { filled } from "./texts.js";

/** The outfit as a list, where it is more than one piece: each can be taken off. `still` shows it alone. */
export function wornNow(room, { still = false }) {
  if (room.outfit.length < (still ? 1 : 2)) return "";
  const { texts, wardrobe } = room;
  const pieces = room.outfit.map((sku) => {
    const off = () => room.takeOff(sku);
    return make("li", { part: "piece" },
      picture(wardrobe.get(sku)),
      make("span", { part: "piece-name" }, wardrobe.name(sku)),
      !still && button(filled(texts.take_off, { name: wardrobe.name(sku) }), { icon: "close", quiet: true, part: "round take-off", on: { click: off } }));
  });
  return section(still ? "" : texts.worn, make("ul", { part: "pieces" }, pieces));
}

/** The shop's other garments, by their headings. */
export function moreToWear(room) {
  const groups = room.wardrobe.groups();
  if (room.wardrobe.size < 2) return "";
  const lists = groups.map(([heading, garments]) => [
    heading && make("h4", { part: "group" }, heading),
    make("ul", { part: "cards", "aria-label": heading || room.texts.more }, garments.map((each) => card(room, each))),
  ]);
  return section(room.texts.more, ...lists.flat());
}

function card(room, garment) {
  const { texts } = room;
  const name = garment.name || garment.sku;
  const worn = room.outfit.includes(garment.sku);
  const shown = [picture(garment), make("span", { part: "card-name" }, garment.short || name), worn && make("span", { part: "badge" }, icon("check"))];
  const wear = make("button", {
    type: "button",
    part: worn ? "card worn" : "card",
    "aria-label": filled(texts.wear, { name }),
    "aria-pressed": `${worn}`,
    on: { click: () => room.wear(garment.sku) },
  }, ...shown);
  const too = room.isOpen(garment.sku) && button(filled(texts.wear_too, { name }), {
    icon: "add", quiet: true, part: "round too", on: { click: () => room.wearToo(garment.sku) },
  });
  return make("li", { part: "card-place" }, wear, too);
}

function picture({ picture: src }) {
  const shown = src ? make("img", { src, alt: "", loading: "lazy" }) : icon("hanger");
  return make("span", { part: "thumb", "aria-hidden": "true" }, shown);
}

function section(heading, ...nodes) {
  return make("section", { part: "section" }, heading && make("h3", { part: "heading" }, heading), ...nodes);
}
