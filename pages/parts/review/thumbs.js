/* Thumbnails in groups, each a button that goes to its image. */
import { make } from "../components/common/dom.js";

export function thumbs({ data, parentElement, setTriggerValue }) {
  const tile = ({ hash, name }) => make("button", {
    title: `${name}\nClick to go there`, "data-hash": hash, onclick: () => setTriggerValue("open", hash),
  }, make("img", { src: `/thumbnail/${hash}`, alt: name, width: 240, height: 158, loading: "lazy" }));
  parentElement.querySelector(".thumbs").replaceChildren(...data.groups.map(({ words, tiles }) =>
    make("section", {}, make("h4", {}, words), make("div", { class: "row" }, ...tiles.map(tile)))));
}
