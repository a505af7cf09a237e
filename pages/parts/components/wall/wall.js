/* A wall of thumbnails: click selects, Shift-click selects from the last one on, a double click opens the image.
 * Tiles are kept from draw to draw, so that a filter or a click does not load a thousand pictures again. */
import { make, thumbnail } from "../common/dom.js";
import { builtOnce } from "../common/whole.js";

export const wall = builtOnce((mounted) => new Wall(mounted));

class Wall {
  #tiles = new Map(); // By hash: the tile and what it says.
  #chosen = new Set();
  #last = null; // The image that was picked last.
  #turn = null;
  #items = [];

  constructor({ parentElement }) { this.root = parentElement.querySelector(".wall"); }

  update({ data: { items, open, turn }, setStateValue }) {
    this.#items = items;
    this.open = open;
    this.tell = () => setStateValue("selected", { turn, hashes: [...this.#chosen] });
    if (this.#turn !== turn) {
      this.#turn = turn;
      this.#chosen.clear();
      this.#last = null;
    }
    this.#forgetGone();
    const { root } = this, shown = items.map((item) => this.#tileOf(item));
    const same = root.children.length === shown.length && shown.every((tile, place) => root.children[place] === tile);
    if (!same) root.replaceChildren(...shown);
    this.#mark();
  }

  remove() { this.root.replaceChildren(); }

  #forgetGone() {
    const known = new Set(this.#items.map(({ hash }) => hash));
    for (const hash of this.#chosen) if (!known.has(hash)) this.#chosen.delete(hash);
    if (!known.has(this.#last)) this.#last = null;
  }

  #pick(hash, { shiftKey }) {
    const place = (one) => this.#items.findIndex((item) => item.hash === one);
    if (shiftKey && this.#last !== null) {
      const [from, to] = [place(this.#last), place(hash)].sort((a, b) => a - b);
      for (const item of this.#items.slice(from, to + 1)) this.#chosen.add(item.hash);
    } else if (!this.#chosen.delete(hash)) this.#chosen.add(hash);
    this.#last = hash;
    this.#mark();
    this.tell();
  }

  #mark() {
    for (const [hash, { tile }] of this.#tiles) tile.setAttribute("aria-pressed", this.#chosen.has(hash));
  }

  #tileOf(item) {
    const { hash } = item;
    if (!this.#tiles.has(hash)) this.#tiles.set(hash, { tile: this.#makeTile(hash), said: "" });
    const kept = this.#tiles.get(hash), said = JSON.stringify(item);
    if (kept.said !== said) { // Touching a thousand tiles for one click costs the browser a frame or more.
      kept.said = said;
      say(kept.tile, item);
    }
    return kept.tile;
  }

  #makeTile(hash) {
    const onclick = (event) => this.#pick(hash, event);
    const ondblclick = () => this.open && location.assign(this.open + hash);
    return make("button", { class: "tile", "data-hash": hash, onclick, ondblclick },
      thumbnail(hash, { class: "picture", loading: "lazy", width: 240, height: 158 }),
      make("span", { class: "words" }), make("small", { class: "small" }), make("b", { class: "badge" }));
  }
}

function say(tile, item) {
  tile.title = item.title;
  const picture = tile.querySelector("img");
  if (picture) picture.alt = item.title;
  for (const part of ["words", "small", "badge"]) tile.querySelector(`.${part}`).textContent = item[part];
}
