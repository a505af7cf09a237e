/* The bar below the panes: views, the map's strength, its method and scale, zoom, and the list of keys. */
import { make } from "../common/dom.js";
import { keysAreOn, whenTurned } from "../common/keyboard.js";
import { DIVERGING_CSS, RISING_CSS } from "./colours.js";
import { computing } from "./computing.js";
import {
  answerOf, differenceOf, endsOf, figure, flipMap, gammaOf, isHeldBack, isWeighed, mapOf, methodOf, peakOf, scaleOf,
  shownCode,
} from "./drawn_map.js";
import { canContour, showsContour } from "./evidence.js";
import { VIEWS } from "./key_list.js";
import { prefer } from "./store.js";

export class Bar {
  /* `does` is what the bar asks of others: `fit`, `help`, `look` for other maps, `wish` for their computing. */
  constructor(store, element, does) {
    Object.assign(this, { store, element });
    this.views = Object.entries(VIEWS).map(([view, [label, key]]) => make("button", {
      class: "view", "data-view": view, title: `${label} (${key})`, onclick: () => prefer(store, { view }),
    }, label));
    this.flip = make("button", {
      class: "flip", title: "Flip between picture and map (M)",
      onclick: () => prefer(store, flipMap(store)),
    }, "Map");
    this.slider = this.#makeSlider("opacity", "Opacity of the map", "↑ ↓");
    this.contour = make("button", {
      class: "as-line", title: "The fewest cells with half of the positive evidence, instead of the film (C)",
      onclick: () => prefer(store, { contour: !store.preferences.contour, map: true }),
    }, "Contour");
    this.gamma = this.#makeSlider("gamma", "How much the second sub-type counts, γ", ", .");
    this.weight = make("label", { class: "weight" }, "", this.gamma);
    this.chooser = make("select", {
      class: "method", "aria-label": "How the map is drawn",
      onchange: () => {
        prefer(store, { method: this.chooser.value });
        this.chooser.blur();
        does.look();
      },
    });
    this.missing = computing(does.wish);
    this.scale = make("button", { class: "scale", onclick: () => prefer(store, { own: !store.preferences.own }) });
    this.fit = make("button", { class: "fit", title: "Whole picture (0)", onclick: does.fit });
    this.help = make("button", { class: "help", title: "All keys (?)", onclick: does.help }, "?");
    element.append(
      make("span", { class: "group views" }, ...this.views),
      make("span", { class: "group" }, this.flip, this.contour, this.slider, this.weight),
      this.chooser, this.missing.box, this.scale, make("span", { class: "group end" }, this.fit, this.help),
    );
    this.untold = whenTurned(() => this.#drawHelp());
  }

  remove() {
    this.untold();
    this.element.replaceChildren();
  }

  draw() {
    const { data, preferences } = this.store;
    for (const button of this.views) button.setAttribute("aria-pressed", button.dataset.view === preferences.view);
    this.flip.setAttribute("aria-pressed", preferences.map && !isHeldBack(this.store, shownCode(this.store)));
    this.#drawSliders();
    this.#drawScale();
    this.#drawMethods();
    this.missing.draw({ data, method: methodOf(this.store), answer: answerOf(this.store) });
    if (!this.missing.box.hidden) this.scale.hidden = true; // Its place in the bar is taken.
  }

  drawZoom(factor) { this.fit.textContent = factor > 1.005 ? `${factor.toFixed(1)}×` : "Fit"; }

  /* A slider from 0 to 1 of a preference. */
  #makeSlider(name, says, keys) {
    const slider = make("input", {
      type: "range", min: 0, max: 100, step: 1, class: name, "aria-label": says, title: `${says} (${keys})`,
      onpointerup: () => slider.blur(),
      onchange: () => keysAreOn() && slider.blur(),
      oninput: () => prefer(this.store, { [name]: slider.value / 100, map: true }),
    });
    return slider;
  }

  #drawSliders() {
    const { store, slider, gamma, weight, contour } = this, { preferences } = store;
    const weighs = preferences.view === "diff" && isWeighed(store);
    slider.hidden = weighs || showsContour(store); // A difference has room for one slider, a line needs none.
    slider.value = Math.round(preferences.opacity * 100);
    contour.hidden = !canContour(store);
    contour.setAttribute("aria-pressed", preferences.contour);
    weight.hidden = !weighs;
    weight.firstChild.textContent = `γ ${gammaOf(store).toFixed(2)}`;
    gamma.value = Math.round(gammaOf(store) * 100);
  }

  #drawMethods() {
    const { store, chooser } = this, { data } = store, method = methodOf(store);
    chooser.hidden = !data.more;
    if (!data.more) return;
    if (!chooser.childElementCount) {
      chooser.append(...data.methods.map(({ code, name, says, source }) =>
        make("option", { value: code, title: `${says} (${source})` }, name)));
    }
    chooser.value = method.code;
    chooser.title = `${method.says} (E for the next way)`;
  }

  #drawScale() {
    const { store, scale } = this, { preferences } = store, signed = preferences.view === "diff";
    const shown = signed ? differenceOf(store) : mapOf(store, shownCode(store));
    const { strong } = scaleOf(store), own = preferences.own || !strong;
    const top = figure((own ? shown && peakOf(shown) : strong) || 0);
    const whose = make("small", {}, own ? "own scale" : "run's scale");
    const colours = make("i", { style: `background:${signed ? DIVERGING_CSS : RISING_CSS}` });
    scale.classList.toggle("signed", signed);
    scale.hidden = !shown;
    scale.replaceChildren(...(signed ? this.#signedEnds(colours, top) : ["0", colours, top]), whose);
    const kind = own
      ? "Colours stretched to this map's own peak: shows where, not how strongly. Press A for the run's scale."
      : "The same colours mean the same strength for every image of this run. Press A for this map's own scale.";
    scale.title = (signed ? this.#signsInWords() : "") + kind;
  }

  #signedEnds(colours, top) {
    const [first, second] = endsOf(this.store);
    return [
      make("span", { title: second.says }, `${second.code} −${top}`), colours,
      make("span", { title: first.says }, `+${top} ${first.code}`),
    ];
  }

  #signsInWords() {
    const [first, second] = endsOf(this.store);
    return `− ${second.says}, + ${first.says}, grey in the middle is zero. `;
  }

  #drawHelp() {
    this.help.textContent = keysAreOn() ? "?" : "? keys off";
    this.help.title = keysAreOn() ? "All keys (?)" : "All keys, and the switch that turns them on";
  }
}
