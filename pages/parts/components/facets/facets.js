/* Facets: small bar charts whose bars are buttons. Each click tells the server which value was toggled.
 * Of many values the first are shown, and how many more there are: a list that scrolls hides them unseen. */
import { make } from "../common/dom.js";
import { builtOnce } from "../common/whole.js";

const FIRST = 10;
const NARROW = matchMedia("(max-width: 1000px)");
const unfolded = new Set(); // Names of facets that show all their values.

export const facets = builtOnce(({ parentElement }) => {
  const root = parentElement.querySelector(".facets"), all = make("div", { class: "all" });
  const summary = make("summary");
  root.append(make("details", { ...(NARROW.matches ? {} : { open: "" }) }, summary, all));

  function update({ data, setTriggerValue }) {
    const chosen = data.facets.flatMap(({ bars }) => bars.filter((bar) => bar.chosen));
    summary.textContent = chosen.length ? `Filters: ${chosen.map((bar) => bar.label).join(", ")}` : "Filters";
    const focused = root.getRootNode().activeElement?.dataset?.bar;
    const tell = (name, value) => setTriggerValue("toggled", { name, value, at: Date.now() });
    all.replaceChildren(...data.facets.map((facet) => drawFacet(facet, tell)));
    if (focused) [...all.querySelectorAll("button")].find((button) => button.dataset.bar === focused)?.focus();
  }
  return { update, remove() { root.replaceChildren(); } };
});

/* `tell(name, value)` says which value of the facet was toggled; null stands for all. */
function drawFacet(facet, tell) {
  const { name, bars } = facet, most = Math.max(1, ...bars.map(({ images }) => images));
  const fits = bars.length <= FIRST + 1 || unfolded.has(name);
  const shown = fits ? bars : bars.filter(({ chosen }, place) => place < FIRST || chosen);
  const box = make("section", { class: "facet" }, drawHead(facet, tell),
    make("div", { class: "bars" }, ...shown.map((bar) => drawBar(name, bar, most, tell))));
  if (bars.length <= FIRST + 1) return box;
  const fold = () => {
    if (!unfolded.delete(name)) unfolded.add(name);
    const again = drawFacet(facet, tell);
    box.replaceWith(again);
    again.querySelector(".more").focus();
  };
  box.append(make("button", { class: "more", "data-bar": `${name} more`, "aria-expanded": fits, onclick: fold },
    fits ? "fewer" : `${bars.length - shown.length} more`));
  return box;
}

function drawHead({ name, label, bars }, tell) {
  const head = make("div", { class: "head" }, make("span", {}, label));
  if (bars.some(({ chosen }) => chosen)) {
    const title = `Show every ${label.toLowerCase()} again`;
    head.append(make("button", { class: "clear", title, onclick: () => tell(name, null) }, "all"));
  }
  return head;
}

function drawBar(name, { value, label, images, chosen }, most, tell) {
  const attributes = {
    class: "bar", "data-bar": `${name} ${value}`, "aria-pressed": chosen,
    title: `${label}: ${images} ${images === 1 ? "image" : "images"}`, onclick: () => tell(name, value),
  };
  return make("button", attributes,
    make("i", { class: "fill", style: `width:${(100 * images) / most}%` }),
    make("span", { class: "label" }, label), make("span", { class: "many" }, images));
}
