// What a shop's own page does: pictures, bag, and a word when the element has something to tell.

const shown = document.getElementById("shown");
const bag = document.getElementById("bag");
const said = document.getElementById("said");

for (const thumb of document.querySelectorAll(".thumb")) {
  thumb.addEventListener("click", () => {
    shown.src = thumb.dataset.photo;
    for (const each of document.querySelectorAll(".thumb")) each.setAttribute("aria-pressed", `${each === thumb}`);
  });
}

document.getElementById("buy").addEventListener("click", () => {
  bag.value = Number(bag.value) + 1;
  const size = document.querySelector("[name=size]:checked")?.value;
  said.textContent = size ? `In your bag, size ${size}.` : "In your bag.";
});

document.addEventListener("tryon-result", (event) => {
  said.textContent = `Tried on in ${event.detail.seconds.toFixed(1)} s.`;
});
document.addEventListener("tryon-refused", () => (said.textContent = ""));
document.addEventListener("tryon-deleted", () => (said.textContent = "Your photo is deleted."));
