/* The line over the picture: why the image is in the queue, what a flag on it does, and what it is most like. */
import { make, thumbnail } from "../common/dom.js";
import { clickOn } from "../common/keyboard.js";

/* Its room is the same for every image of a queue: the picture must not move. */
export function drawWhy(element, why) {
  element.hidden = !why;
  if (!why || element.dataset.drawn === JSON.stringify(why)) return;
  element.dataset.drawn = JSON.stringify(why);
  const { words, effect, alike } = why, title = `${words}. ${effect}.`;
  element.classList.toggle("low", !alike);
  element.replaceChildren(make("p", { title }, make("b", {}, words), make("span", {}, effect)));
  if (!alike) return;
  // The picture comes first: five small ones beside it would hold it up for a few milliseconds.
  const drawn = element.dataset.drawn;
  requestAnimationFrame(() => setTimeout(() => {
    if (element.dataset.drawn === drawn) element.append(drawAlike(alike));
  }));
}

function drawAlike(alike) {
  return make("button", {
    class: "alike", "aria-label": `Most similar in train: ${alike.map(({ title }) => title).join("; ")}`,
    title: "Most similar in train, before any label was learnt (I for more)",
    onclick: () => clickOn(".st-key-context-toggle button"),
  }, ...alike.map(({ hash, label, side, own_case: own, title }) =>
    make("span", { class: own ? "own" : null, title, "data-side": side },
      thumbnail(hash, { alt: "", width: 58, height: 38 }), make("em", {}, own ? `${label} own case` : label))));
}
