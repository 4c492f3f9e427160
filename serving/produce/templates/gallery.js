"use strict";
(() => {
  const products = [...document.querySelectorAll(".product")];
  const chosen = { verdict: "", kind: "", search: "" };

  const press = (button) => {
    for (const other of button.parentElement.children) {
      other.setAttribute("aria-pressed", String(other === button));
    }
  };

  const show = (group, key) => {
    const own = (name) => [...group.querySelectorAll(`[data-${name}]`)].filter((e) => e.closest("[data-group]") === group);
    const button = own("show").find((b) => b.dataset.show === key);
    if (!button) return;
    press(button);
    for (const panel of own("panel")) panel.hidden = panel.dataset.panel !== key;
  };

  const filter = () => {
    let shown = 0;
    for (const product of products) {
      const { verdicts, kinds, search } = product.dataset;
      const fits = verdicts.includes(chosen.verdict) && kinds.includes(chosen.kind)
        && chosen.search.split(/\s+/).every((word) => search.includes(word));
      product.hidden = !fits;
      shown += fits;
    }
    document.body.dataset.kind = chosen.kind;
    document.getElementById("none").hidden = shown > 0 || products.length === 0;
    document.getElementById("count").textContent =
      shown === products.length ? "" : `${shown} of ${products.length} on this page`;
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.show) show(button.closest("[data-group]"), button.dataset.show);
    const bar = button.parentElement.id;
    if (bar === "verdict" || bar === "kind") {
      chosen[bar] = button.value;
      press(button);
      filter();
    }
  });

  document.getElementById("search").addEventListener("input", (event) => {
    chosen.search = event.target.value.trim().toLowerCase();
    filter();
  });

  document.getElementById("locale")?.addEventListener("change", (event) => {
    for (const group of document.querySelectorAll(".copy")) {
      const panel = [...group.querySelectorAll("[data-panel]")].find((p) => p.dataset.locale === event.target.value);
      if (panel) show(group, panel.dataset.panel);
    }
  });
})();
