/* The plane: a point for each image. A click opens an image, a rectangle or a lasso chooses many, the legend hides
 * groups; all but the choice and the opening stays in the browser. */
import { make, thumbnail } from "../common/dom.js";
import { builtOnce } from "../common/whole.js";
import { Gestures } from "./gestures.js";
import { Painting } from "./painting.js";

export const plane = builtOnce((mounted) => new Plane(mounted));

const MODES = [
  ["move", "Move", "Drag to move; Shift and drag draws a rectangle"],
  ["rectangle", "Rectangle", "Drag around images to choose them; Ctrl adds"],
  ["lasso", "Lasso", "Draw around images to choose them; Ctrl adds"],
];
const PATIENCE = 60; // Milliseconds over a point before its image is asked for.
const HOW = "Arrows move, + and - zoom, Home shows all, Escape chooses none.";

class Plane {
  #hidden = new Set(); // Groups.
  #chosen = new Set(); // Rows.
  #said = ""; // Who is chosen, as the server last heard or told.
  #about = new Map(); // What an image is, by row.
  #by = null;
  #waiting = false;

  constructor({ parentElement }) {
    this.root = parentElement.querySelector(".plane");
    this.canvas = make("canvas", { tabindex: 0, role: "img" });
    const svg = "http://www.w3.org/2000/svg", sketch = document.createElementNS(svg, "svg");
    const outline = sketch.appendChild(document.createElementNS(svg, "polygon"));
    this.card = make("div", { class: "card", hidden: "" });
    this.legend = make("div", { class: "legend", role: "group" });
    this.bar = make("div", { class: "bar" });
    this.field = make("div", { class: "field" }, this.canvas, sketch, this.card);
    this.root.append(this.bar, make("div", { class: "sheet" }, this.field, this.legend));
    this.painting = new Painting(this.canvas);
    const home = () => { Object.assign(this.painting.view, { scale: 1, x: 0.5, y: 0.5 }); this.redraw(); };
    this.gestures = new Gestures(this.canvas, this.painting, outline, {
      home, changed: () => this.redraw(), cleared: () => this.#choose([]),
      hovered: (x, y) => this.#hover(x, y), clicked: (x, y) => this.#click(x, y),
      chosen: (line, add) => this.#choose(this.painting.inside(line, this.#hidden), add),
    });
    this.#fillBar(home);
    this.sizes = new ResizeObserver(() => this.redraw());
    this.sizes.observe(this.canvas);
  }

  remove() {
    this.sizes.disconnect();
    this.root.replaceChildren();
  }

  update({ data, setStateValue, setTriggerValue }) {
    const same = this.data && ["places", "group", "by"].every((name) => this.data[name] === data[name]);
    Object.assign(this, { data, setStateValue, open: (row) => setTriggerValue("opened", { row }) });
    if (!same) {
      this.painting.hold(words(data.places), words(data.group), data.groups.map(({ colour }) => colour));
      if (this.#by !== data.by) this.#hidden.clear();
      this.#by = data.by;
      this.#about.clear();
      this.#fillLegend();
    }
    if (data.chosen !== this.#said) {
      this.#said = data.chosen;
      const bits = bytes(data.chosen);
      this.#chosen = new Set();
      for (let row = 0; row < this.painting.count; row += 1) if (bits[row >> 3] >> (row & 7) & 1) this.#chosen.add(row);
    }
    this.#tellChosen();
    this.redraw();
  }

  redraw() {
    if (this.#waiting || !this.data) return;
    this.#waiting = true;
    requestAnimationFrame(() => {
      this.#waiting = false;
      if (!this.canvas.isConnected || !this.canvas.clientWidth) return;
      const began = performance.now(), ground = getComputedStyle(this.field).backgroundColor;
      this.painting.draw(this.#hidden, this.#marks(), ground);
      this.root.dataset.milliseconds = (performance.now() - began).toFixed(1);
    });
  }

  #marks() {
    if (!this.#chosen.size) return null;
    const marks = new Uint8Array(this.painting.count);
    for (const row of this.#chosen) marks[row] = 1;
    return marks;
  }

  #fillBar(home) {
    const buttons = MODES.map(([mode, label, title]) => {
      const onclick = () => this.#switch(mode);
      return make("button", { "data-mode": mode, title, "aria-pressed": mode === "move", onclick }, label);
    });
    const inView = () => {
      const { clientWidth: width, clientHeight: height } = this.canvas;
      this.#choose(this.painting.inside([[0, 0], [width, 0], [width, height], [0, height]], this.#hidden));
    };
    this.told = make("span", { class: "told", role: "status" });
    this.none = make("button", { class: "none", onclick: () => this.#choose([]), title: "Escape" }, "Choose none");
    const title = "Choose all images in view that are not hidden";
    const all = make("button", { onclick: inView, title }, "All in view");
    const whole = make("button", { onclick: home, title: "Show all (Home)" }, "Whole plane");
    this.bar.append(make("div", { class: "modes", role: "group", "aria-label": "What dragging does" }, ...buttons),
      whole, all, this.told, this.none);
  }

  #switch(mode) {
    this.gestures.mode = this.field.dataset.mode = mode;
    for (const button of this.bar.querySelectorAll("[data-mode]"))
      button.setAttribute("aria-pressed", button.dataset.mode === mode);
  }

  #fillLegend() {
    const { by, groups } = this.data, said = groups.filter(({ images }) => images);
    const counts = said.map(({ label, images }) => `${label} ${images.toLocaleString("en")}`).join(", ");
    const all = `${this.painting.count.toLocaleString("en")} images by ${by.toLowerCase()}: ${counts}.`;
    this.canvas.setAttribute("aria-label", `${all} ${HOW}`);
    this.legend.setAttribute("aria-label", `${by}: hide or show`);
    this.legend.replaceChildren(make("b", {}, by), ...groups.flatMap((group, place) => {
      if (!group.images) return [];
      const button = make("button", { "aria-pressed": !this.#hidden.has(place), title: "Hide or show",
        onclick: () => this.#toggle(place, button) },
      make("i", { style: `background:${group.colour}` }), make("span", {}, group.label),
      make("small", {}, group.images.toLocaleString("en")));
      return [button];
    }));
  }

  #toggle(place, button) {
    if (!this.#hidden.delete(place)) this.#hidden.add(place);
    button.setAttribute("aria-pressed", !this.#hidden.has(place));
    this.redraw();
  }

  #choose(rows, add = false) {
    this.#chosen = new Set(add ? [...this.#chosen, ...rows] : rows);
    const bits = new Uint8Array(Math.ceil(this.painting.count / 8));
    for (const row of this.#chosen) bits[row >> 3] |= 1 << (row & 7);
    let text = "";
    for (let at = 0; at < bits.length; at += 8192) text += String.fromCharCode(...bits.subarray(at, at + 8192));
    this.#said = btoa(text);
    this.setStateValue("chosen", this.#said);
    this.#tellChosen();
    this.redraw();
  }

  #tellChosen() {
    const many = this.#chosen.size;
    this.told.textContent = many ? `${many.toLocaleString("en")} chosen` : "";
    this.none.hidden = !many;
  }

  #click(x, y) {
    const row = this.painting.nearest(x, y, this.#hidden);
    if (row !== null) this.open(row);
  }

  #hover(x, y) {
    const row = x === null ? null : this.painting.nearest(x, y, this.#hidden);
    this.canvas.classList.toggle("over", row !== null);
    if (row === this.over) return;
    this.over = row;
    this.card.hidden = true;
    clearTimeout(this.asking);
    if (row !== null) this.asking = setTimeout(() => this.#show(row), PATIENCE);
  }

  async #show(row) {
    if (!this.#about.has(row)) {
      const answer = await fetch(this.data.about + row);
      if (!answer.ok) return;
      this.#about.set(row, await answer.json());
    }
    if (this.over !== row) return;
    const { hash, name, lines } = this.#about.get(row), [x, y] = this.painting.at(row);
    const said = lines.map((line) => make("span", {}, line));
    this.card.replaceChildren(thumbnail(hash, { alt: "" }), make("b", {}, name), ...said);
    this.card.hidden = false;
    const { offsetWidth: width, offsetHeight: height } = this.card, { clientWidth, clientHeight } = this.canvas;
    this.card.style.left = `${x + 14 + width > clientWidth ? Math.max(0, x - 14 - width) : x + 14}px`;
    this.card.style.top = `${Math.max(0, Math.min(y - height / 2, clientHeight - height))}px`;
  }
}

const bytes = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
const words = (text) => new Uint16Array(bytes(text).buffer);
