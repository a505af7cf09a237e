/* Facets: small bar charts whose bars are buttons. Each click tells the server which value was toggled. */
const NARROW = matchMedia("(max-width: 1000px)");
const seen = new WeakSet();
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".facets"), all = root.querySelector(".all");
  if (!seen.has(root)) {
    seen.add(root);
    root.open = !NARROW.matches;
  }
  const chosen = data.facets.flatMap((facet) => facet.bars.filter((bar) => bar.chosen));
  root.querySelector("summary").textContent = chosen.length ? `Filters: ${chosen.map((bar) => bar.label).join(", ")}` : "Filters";
  const scrolled = Object.fromEntries([...all.children].map((one) => [one.dataset.name, one.querySelector(".bars").scrollTop]));
  const focus = parentElement.getRootNode().activeElement?.dataset?.bar;
  all.replaceChildren(...data.facets.map((facet) => draw(facet, setTriggerValue)));
  for (const one of all.children) {
    one.querySelector(".bars").scrollTop = scrolled[one.dataset.name] ?? 0;
    for (const bar of one.querySelectorAll("button")) if (focus && bar.dataset.bar === focus) bar.focus();
  }
}

function draw(facet, tell) {
  const make = (tag, name, text = "") => Object.assign(document.createElement(tag), { className: name, textContent: text });
  const box = make("section", "facet"), head = make("div", "head"), bars = make("div", "bars");
  box.dataset.name = facet.name;
  head.append(make("span", "", facet.label));
  if (facet.bars.some((bar) => bar.chosen)) {
    const clear = make("button", "clear", "all");
    clear.title = `Show every ${facet.label.toLowerCase()} again`;
    clear.addEventListener("click", () => tell("toggled", { name: facet.name, value: null, at: Date.now() }));
    head.append(clear);
  }
  const most = Math.max(1, ...facet.bars.map((bar) => bar.images));
  for (const bar of facet.bars) {
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
  return box;
}
