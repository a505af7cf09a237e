/* The panes: the picture once or several times, each with a map over it and a caption. */
import { make } from "../common/dom.js";
import { css, diverging } from "./colours.js";
import {
  differenceOf, drawnBy, endsOf, gammaOf, isHeldBack, isOwn, mapOf, methodOf, nameOf, opposed, peakOf, scaleOf,
  shownCode,
} from "./drawn_map.js";
import { drawContour, evidenceFor, makeContour, sentence, shareInWords, showsContour } from "./evidence.js";
import { VIEWS } from "./key_list.js";
import { paint } from "./painting.js";

export class Panes {
  constructor(store, element) {
    Object.assign(this, { store, element, cells: [], image: null });
  }

  remove() { this.element.replaceChildren(); }

  /* Draw the image and its maps; there must be both an image and what the server said of it. */
  draw() {
    const { element, cells, store } = this, wishes = wishesOf(store);
    element.dataset.count = wishes.length;
    while (cells.length < wishes.length) cells.push(this.#buildCell());
    while (cells.length > wishes.length) cells.pop().pane.remove();
    wishes.forEach((wish, place) => this.#drawCell(cells[place], wish));
  }

  /* What is looked at, in words: they are kept with an answer. */
  words() {
    const { cells, store } = this, { view, opacity } = store.preferences, label = VIEWS[view]?.[0] ?? view;
    if (cells.length > 2) return label;
    const captions = cells.map(({ caption }) => caption.textContent || "picture").join(" | ");
    const mapped = cells.some(({ map }) => !map.hidden), lined = cells.some(({ lined }) => lined);
    return `${label}: ${captions}${mapped ? `, map at ${Math.round(100 * opacity)} %` : lined ? ", contour" : ""}`;
  }

  #buildCell() {
    const cell = {
      picture: make("canvas", { class: "picture" }), map: make("canvas", { class: "map" }),
      contour: makeContour(), lined: false,
      caption: make("span", { class: "caption" }), ruler: make("span", { class: "ruler", hidden: "" }),
      image: null, mark: null, // What the two canvases show now.
    };
    cell.layer = make("div", { class: "layer" }, cell.picture, cell.map, cell.contour);
    cell.pane = make("div", { class: "pane" }, cell.layer, cell.caption, cell.ruler);
    this.element.append(cell.pane);
    return cell;
  }

  #drawCell(cell, wish) {
    this.#drawPicture(cell);
    this.#drawMap(cell, wish);
    this.#drawCaption(cell, wish);
  }

  #drawPicture(cell) {
    const { image } = this;
    if (cell.image === image) return;
    cell.picture.width = image.naturalWidth;
    cell.picture.height = image.naturalHeight;
    cell.picture.getContext("2d").drawImage(image, 0, 0);
    cell.image = image;
  }

  #drawMap(cell, { id, map, signed }) {
    const { store } = this, { data, preferences } = store, { strong } = scaleOf(store);
    const top = preferences.own || !strong ? (map && peakOf(map)) || 1 : strong;
    const mark = map && `${data.hash} ${drawnBy(store).code} ${id} ${top}`;
    if (map && cell.mark !== mark) {
      paint(cell.map, map, { top, signed, covered: data.covered });
      cell.mark = mark;
    }
    cell.held = Boolean(map && preferences.map && isHeldBack(store, id));
    const drawn = map && preferences.map && !cell.held, found = drawn && showsContour(store) && evidenceFor(store, id);
    cell.lined = Boolean(found);
    cell.contour.toggleAttribute("hidden", !found);
    if (found) drawContour(cell.contour, found, data.covered);
    cell.map.hidden = !drawn || cell.lined;
    cell.map.style.opacity = preferences.opacity;
  }

  #drawCaption(cell, { id, map, caption, legend }) {
    const { store } = this, weak = map && peakOf(map) < scaleOf(store).weak ? " · weak" : "";
    if (cell.held) cell.caption.textContent = `${caption}: no better than chance (M shows it)`;
    else if (cell.map.hidden && !cell.lined && id) cell.caption.textContent = "picture";
    else if (legend) cell.caption.replaceChildren(...drawLegend(legend), weak);
    else cell.caption.textContent = (cell.lined ? captionOfLine(store, id, caption) : caption) + weak;
    cell.caption.hidden = !caption;
  }
}

/* The whole sentence where there is room for it. */
function captionOfLine(store, id, caption) {
  const found = evidenceFor(store, id), roomy = ["overlay", "side"].includes(store.preferences.view);
  return roomy ? sentence(found, nameOf(store.data, id), store.data.covered) : `${caption} · ${shareInWords(found)}`;
}

/* What each pane shows in the chosen view: a map or, without one, the bare picture. */
function wishesOf(store) {
  const { data, preferences: { view } } = store, one = shownCode(store);
  const by = isOwn(methodOf(store)) ? "" : `${drawnBy(store).name} `;
  const of = (code, what = "") => ({ id: code, map: mapOf(store, code), caption: `${by}${what}${nameOf(data, code)}` });
  if (view === "side") return [{ caption: "picture" }, of(one, "map of ")];
  if (view === "versus" && data.true) return [of(data.true, "true: "), of(data.predicted, "predicted: ")];
  if (view === "diff") {
    const id = `-${opposed(store)[1]} ${gammaOf(store)}`;
    return [{ id, map: differenceOf(store), signed: true, caption: "difference", legend: endsOf(store) }];
  }
  if (view === "all") return [{ caption: "picture" }, ...data.classes.map(({ code }) => of(code))];
  return store.maps ? [of(one, "map of ")] : [{ caption: "" }];
}

/* What the ends of the diverging colours say. */
function drawLegend([first, second]) {
  return [["+", 255, first], ["−", 0, second]].map(([sign, step, { says }]) => {
    const patch = make("i", { style: `background:${css(diverging, step)}` }, sign);
    return make("span", { class: "sign" }, patch, says);
  });
}
