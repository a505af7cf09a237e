/* The stage of the viewer: an image with the model's maps over it, in panes, above a bar.
 *
 * Two components share one store: the stage gets an image's data from the server and draws it, the verdict
 * (verdict.js) shows what the model said and chooses whose map is drawn. Nothing here asks the server for a drawing. */
import { make } from "../common/dom.js";
import { keyList, listen } from "../common/keyboard.js";
import { builtOnce } from "../common/whole.js";
import { Bar } from "./bar.js";
import { flipMap, gammaOf, isWeighed, methodOf, OWN, unpackMaps } from "./drawn_map.js";
import { canContour, showsContour } from "./evidence.js";
import { KEYS, VIEWS } from "./key_list.js";
import { Follower } from "./more_maps.js";
import { Panes } from "./panes.js";
import { pictureAt } from "./pictures.js";
import { arrived, choose, prefer, storeOf, tell } from "./store.js";
import { drawWhy } from "./why.js";
import { Zoom } from "./zoom.js";

export const stage = builtOnce((mounted) => new Stage(mounted));

class Stage {
  #wanted = null; // The image that was asked for last, and
  #newest = null; // what the server said of it last.
  #list = null;

  constructor({ data, parentElement }) {
    const store = storeOf(data.viewer), root = parentElement.querySelector(".viewer");
    const panes = new Panes(store, root.querySelector(".panes"));
    const follower = new Follower(
      store, () => methodOf(store).code, () => tell(store), (message) => store.send?.(message),
    );
    const bar = new Bar(store, root.querySelector(".bar"), {
      fit: () => this.zoom.to(1), help: () => this.#allKeys(),
      look: () => follower.look(), wish: (what) => follower.wish(what),
    });
    const zoom = new Zoom(store, panes, (factor) => bar.drawZoom(factor));
    Object.assign(this, { store, root, panes, follower, bar, zoom });
    this.problem = make("p", { class: "problem", hidden: "" });
    root.append(this.problem);
    const keys = this.#keys();
    this.deaf = listen(() => (store.data?.keys ? keys : {}));
    this.draw = () => this.#draw();
    store.listeners.add(this.draw);
    store.start = () => follower.wish("start");
  }

  update({ data }) {
    const { store } = this;
    this.root.style.setProperty("--height", data.height);
    store.show = (ahead, number) => this.#showAhead(ahead, number);
    store.looking = () => this.panes.words();
    this.#show(data);
  }

  remove() {
    const { store } = this;
    this.deaf();
    store.listeners.delete(this.draw);
    this.zoom.remove();
    store.data = store.maps = store.show = store.looking = null;
    tell(store);
    this.bar.remove();
    this.panes.remove();
    this.#list?.remove();
    this.problem.remove();
    this.follower.stop();
  }

  /* ---------- the image ---------- */
  async #show(data) {
    const mark = `${data.hash} ${data.picture}`;
    this.#newest = data;
    if (this.#wanted === mark) {
      this.#hearMore(data);
      return;
    }
    this.#wanted = mark;
    let image = null;
    try { image = await pictureAt(data.picture); } catch { /* Told below. */ }
    // A later image may have been asked for meanwhile, and the server may have said more of this one.
    if (this.#wanted === mark) this.#arrive(image, this.#newest);
  }

  /* The server said more of the image on screen: other words, or that it heard. */
  #hearMore(data) {
    const { store } = this;
    if (store.data?.hash !== data.hash) return;
    store.data = data;
    this.#settle(data);
    tell(store);
    this.#prepare(data);
  }

  #arrive(image, data) {
    const { store, problem, panes } = this;
    problem.hidden = image !== null;
    problem.textContent = image ? "" : `${data.name} cannot be shown: its file is gone or damaged.`;
    panes.element.hidden = image === null;
    panes.image = image;
    Object.assign(store, { data, maps: data.maps ? unpackMaps(data) : null });
    this.#settle(data);
    // A class chosen by hand was for the image before.
    if (!["predicted", "true"].includes(store.kind)) store.kind = "predicted";
    tell(store);
    panes.element.setAttribute("aria-label", data.name);
    this.root.dataset.shown = data.hash;
    this.follower.look();
    this.#prepare(data);
  }

  #settle({ early, heard }) {
    const { store } = this;
    arrived(store, early ?? store.outbox.heard(heard));
  }

  /* Fetch what probably comes next. */
  #prepare({ next }) {
    for (const url of next) pictureAt(url).catch(() => {});
    this.follower.preload(next.map((url) => url.split("/").pop()));
  }

  /* The next image is here already: it is shown before the server knows, who is told which image was left. */
  #showAhead(ahead, number) {
    const { data } = this.store, { progress } = data;
    const moved = { about: "", stands: "", answer: "", said: "" };
    this.#show({
      ...data, ...ahead, ahead: null, next: data.next.slice(1), early: number,
      progress: progress && { ...progress, place: progress.place + 1, ...moved },
    });
  }

  #draw() {
    if (this.store.data) drawWhy(this.root.querySelector(".why"), this.store.data.why);
    if (!this.store.data || !this.panes.image) return;
    this.panes.draw();
    this.bar.draw();
    this.zoom.place();
  }

  /* ---------- keys ---------- */
  #keys() {
    const { store, zoom } = this, { preferences } = store;
    const turn = (name) => prefer(store, { [name]: !preferences[name] });
    const within = (value) => Math.min(1, Math.max(0, Math.round(100 * value) / 100));
    const strengthen = (step) =>
      showsContour(store) || prefer(store, { opacity: within(preferences.opacity + step), map: true });
    const weigh = (step) => preferences.view === "diff" && isWeighed(store)
      && prefer(store, { gamma: within(gammaOf(store) + step), map: true });
    const views = Object.entries(VIEWS).map(([view, [, key]]) => [key.toLowerCase(), () => prefer(store, { view })]);
    return {
      m: () => prefer(store, flipMap(store)), a: () => turn("own"),
      p: () => choose(store, "predicted"), t: () => choose(store, "true"),
      e: () => this.#nextMethod(),
      c: () => canContour(store) && prefer(store, { contour: !preferences.contour, map: true }),
      ",": () => weigh(-0.1), ".": () => weigh(0.1),
      ArrowUp: () => strengthen(0.1), ArrowDown: () => strengthen(-0.1),
      "+": () => zoom.by(1.4), "=": () => zoom.by(1.4), "-": () => zoom.by(1 / 1.4), 0: () => zoom.to(1),
      "?": () => this.#allKeys(), Escape: () => this.#list?.close() ?? false,
      ...Object.fromEntries(views),
    };
  }

  #nextMethod() {
    const { store } = this, methods = store.data.more ? store.data.methods : [OWN];
    const at = methods.findIndex(({ code }) => code === methodOf(store).code);
    prefer(store, { method: methods[(at + 1) % methods.length].code });
    this.follower.look();
  }

  /* Where nobody reviews, the list of keys is ours. */
  #allKeys() {
    if (this.store.help) return this.store.help();
    if (!this.#list) {
      this.#list = keyList(KEYS);
      this.root.append(this.#list.box);
    }
    return this.#list.toggle();
  }
}
