/* Facets: small bar charts whose bars are buttons. Each click tells the server which value was toggled.
 * Of many values the first are shown, and how many more there are: a list that scrolls hides them unseen. */
const FIRST = 10;
const NARROW = matchMedia("(max-width: 1000px)");
const seen = new WeakSet(), unfolded = new Set();
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".facets"), all = root.querySelector(".all");
  if (!seen.has(root)) {
    seen.add(root);
    root.open = !NARROW.matches;
  }
  const chosen = data.facets.flatMap((facet) => facet.bars.filter((bar) => bar.chosen));
  root.querySelector("summary").textContent = chosen.length ? `Filters: ${chosen.map((bar) => bar.label).join(", ")}` : "Filters";
  const focus = parentElement.getRootNode().activeElement?.dataset?.bar;
  all.replaceChildren(...data.facets.map((facet) => draw(facet, setTriggerValue)));
  for (const bar of all.querySelectorAll("button")) if (focus && bar.dataset.bar === focus) bar.focus();
}

function draw(facet, tell) {
  const make = (tag, name, text = "") => Object.assign(document.createElement(tag), { className: name, textContent: text });
  const box = make("section", "facet"), head = make("div", "head"), bars = make("div", "bars");
  head.append(make("span", "", facet.label));
  if (facet.bars.some((bar) => bar.chosen)) {
    const clear = make("button", "clear", "all");
    clear.title = `Show every ${facet.label.toLowerCase()} again`;
    clear.addEventListener("click", () => tell("toggled", { name: facet.name, value: null, at: Date.now() }));
    head.append(clear);
  }
  const most = Math.max(1, ...facet.bars.map((bar) => bar.images));
  const fits = facet.bars.length <= FIRST + 1 || unfolded.has(facet.name);
  const shown = fits ? facet.bars : facet.bars.filter((bar, place) => place < FIRST || bar.chosen);
  for (const bar of shown) {
    const button = make("button", "bar"), fill = make("i", "fill");
    button.dataset.bar = `${facet.name} ${bar.value}`;
    button.setAttribute("aria-pressed", bar.chosen);
    button.title = `${bar.label}: ${bar.images} ${bar.images === 1 ? "image" : "images"}`;
    fill.style.width = `${(100 * bar.images) / most}%`;
    button.append(fill, make("span", "label", bar.label), make("span", "many", bar.images));
    button.addEventListener("click", () => tell("toggled", { name: facet.name, value: bar.value, at: Date.now() }));
    bars.append(button);
  }
  box.append(head, bars);
  if (facet.bars.length > FIRST + 1) {
    const more = make("button", "more", fits ? "fewer" : `${facet.bars.length - shown.length} more`);
    more.dataset.bar = `${facet.name} more`;
    more.setAttribute("aria-expanded", fits);
    more.addEventListener("click", () => {
      if (!unfolded.delete(facet.name)) unfolded.add(facet.name);
      const again = draw(facet, tell);
      box.replaceWith(again);
      again.querySelector(".more").focus();
    });
    box.append(more);
  }
  return box;
}
