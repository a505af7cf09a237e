/* One thumbnail of the grid, and the facts of the framed one. */
import { make, thumbnail } from "../common/dom.js";

/* Draw the tile of an image at a place of its page, the `number`th of the queue; `does` are its listeners. */
export function drawTile(item, place, number, does) {
  const attributes = {
    class: `tile ${item.answer}`, role: "option", id: `tile-${place}`, "data-hash": item.hash, title: item.name,
  };
  const predicted = make(item.true === item.predicted ? "span" : "b", {}, item.predicted);
  return make("div", { ...attributes, ...does },
    make("div", { class: "picture" },
      thumbnail(item.hash, { alt: item.name, draggable: "false" }),
      make("i", { class: "check" }),
      make("span", { class: "number" }, String(number)),
      make("span", { class: "answer" }, answerInWords(item))),
    drawKind("T", make("span", {}, item.true), item.true_side),
    drawKind("P", predicted, item.predicted_side, item.percent));
}

function answerInWords({ answer, words }) {
  if (answer === "flag") return `⚑ ${words}`;
  return answer === "keep" ? "✓ kept" : "";
}

function drawKind(what, name, side, more = "") {
  const extra = more && make("em", {}, more);
  return make("span", { class: "kind", "data-side": side }, make("small", {}, what), name, extra);
}

/* Draw the file's name, and at what pace the reviewer answers. */
export function drawFile({ name }, pace) {
  return [
    make("span", { title: name }, name),
    make("span", { class: "pace", title: "Median of your last answers, pauses left out" }, pace),
  ];
}

export function drawFacts(item) {
  const own = item.words ? `you: ${item.words.toLowerCase()}` : "no answer from you yet";
  return [
    ...drawFact("True", item.true, item.true_side, ""),
    ...drawFact("Predicted", item.predicted, item.predicted_side, item.percent),
    make("dt", {}, "Image"), make("dd", {}, make("span", {}, `${item.about} · ${own}`)),
  ];
}

function drawFact(what, name, side, more) {
  return [
    make("dt", {}, what),
    make("dd", { "data-side": side }, make("b", {}, name), make("span", {}, side), make("em", {}, more)),
  ];
}
