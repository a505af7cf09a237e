/* The verdict: true and predicted sub-type, eight bars that choose whose map is drawn, the map's strength, and where
 * in a queue the image is. It draws what the stage put into their store. */
import { make } from "../common/dom.js";
import { builtOnce } from "../common/whole.js";
import {
  differenceOf, drawnBy, figure, gammaOf, isOwn, likeliestBut, mapOf, methodOf, nameOf, opposed, peakOf, placeOf,
  scaleOf, shownCode,
} from "./drawn_map.js";
import { evidenceFor, inMargin } from "./evidence.js";
import { knownMaps } from "./more_maps.js";
import { choose, storeOf, tell } from "./store.js";
import { drawTrust } from "./trust.js";

export const verdict = builtOnce(({ data, parentElement }) => {
  const store = storeOf(data.viewer), root = parentElement.querySelector(".verdict");
  const draw = () => root.replaceChildren(...(store.data ? drawVerdict(store) : []));
  store.listeners.add(draw);
  draw();
  return { update() {}, remove() { store.listeners.delete(draw); } };
});

function drawVerdict(store) {
  const { progress } = store.data;
  return [
    ...(progress ? drawProgress(store.data) : []),
    drawSaid(store.data),
    drawBars(store),
    drawStrength(store),
    ...(progress ? [make("p", { class: "done", role: "status", title: progress.said }, progress.said)] : []),
  ];
}

/* ---------- true and predicted ---------- */
function drawSaid(data) {
  const right = data.true === data.predicted ? ["✓", "right"] : ["✗", "wrong"];
  const probability = percent(data.probabilities[placeOf(data, data.predicted)]);
  return make("dl", { class: "said" },
    ...(data.true ? drawClass(data, "True", data.true, "") : []),
    ...drawClass(data, "Predicted", data.predicted, probability, data.true ? right : []));
}

function drawClass(data, what, code, extra, [sign, word] = []) {
  const { side } = data.classes[placeOf(data, code)];
  const mark = sign ? [make("b", { class: "mark", role: "img", "aria-label": word, title: word }, sign), " "] : [];
  return [
    make("dt", {}, what),
    make("dd", { "data-side": side },
      make("b", {}, nameOf(data, code)), make("span", {}, side), make("em", {}, ...mark, extra)),
  ];
}

function percent(probability) {
  return probability >= 0.995 && probability < 1 ? ">99 %" : `${Math.round(probability * 100)} %`;
}

/* ---------- the bars ---------- */
function drawBars(store) {
  const { data, unfolded } = store;
  const more = make("button", {
    class: "more", "aria-expanded": Boolean(unfolded),
    onclick: () => { store.unfolded = !store.unfolded; tell(store); },
  }, unfolded ? "the likeliest only" : "all eight");
  const bars = data.classes.map((one, place) => drawBar(store, one, data.probabilities[place]));
  return make("div", { class: `bars ${unfolded ? "" : "folded"}` }, ...bars, more);
}

function drawBar(store, { code, name, side }, probability) {
  const { data, maps } = store, shown = shownCode(store), likely = likeliestBut(data, [data.true, data.predicted]);
  const roles = [code === data.true && "true", code === data.predicted && "predicted"].filter(Boolean);
  const stays = roles.length || code === shown || code === likely; // When the others are folded away.
  return make("button", {
    class: `bar ${roles.join(" ")}${stays ? "" : " rest"}`, "data-side": side, "aria-pressed": code === shown,
    title: maps ? `Show the map of ${name}` : name, onclick: () => maps && choose(store, code),
  },
  make("span", { class: "name" }, name),
  make("span", { class: "track" }, make("i", { style: `width:${probability * 100}%` })),
  make("span", { class: "p" }, percent(probability)));
}

/* ---------- the map's strength ---------- */
/* How strong the map on screen is, in the run's own terms; a weak one gets a plain sentence. */
function drawStrength(store) {
  const { data, preferences } = store, shown = shownCode(store), signed = preferences.view === "diff";
  const map = signed ? differenceOf(store) : mapOf(store, shown), line = make("p", { class: "strength" });
  if (!map) return line;
  const { strong, weak: floor } = scaleOf(store), weak = peakOf(map) < floor;
  const usual = strong ? `${figure(floor)} to ${figure(strong)}` : "not known yet";
  const found = !signed && evidenceFor(store, shown), peak = `peak ${figure(peakOf(map))}`;
  const said = signed ? differenceInWords(store, map) : `Map of ${nameOf(data, shown)}: ${peak}`;
  const range = signed ? `maps usually ${usual}` : `usual ${usual}`;
  if (found) line.append(drawEvidence(store, shown, found, `${peak}, ${range}`));
  else line.append(make("span", {}, said), make("span", { class: "range" }, range));
  line.classList.toggle("weak", weak);
  const by = drawnBy(store), start = isOwn(methodOf(store)) && store.start;
  const [faith, warning] = drawTrust(data, by, knownMaps(data, by.code), shown, start);
  // Three lines at most: the keys below must not move.
  if (weak && !signed && warning.textContent) faith.append(" · weak map");
  const plain = signed || !warning.textContent ? weakInWords(weak, signed && gammaOf(store) === 1) : "";
  line.append(...(signed ? [] : [faith]), warning, make("span", { class: "plain" }, plain));
  return line;
}

function differenceInWords(store, map) {
  const highest = (sign) => map.values.reduce((most, value) => Math.max(most, sign * value), 0);
  const [first, second] = opposed(store), gamma = gammaOf(store);
  if (gamma < 1) return `${first} less ${gamma} × ${second}: +${figure(highest(1))} to −${figure(highest(-1))}`;
  return `Difference: ${first} +${figure(highest(1))}, ${second} −${figure(highest(-1))}`;
}

/* In how few cells most of what speaks for the sub-type lies; pointed at, how the map adds up. */
function drawEvidence({ data }, code, found, range) {
  const { cells, share, rows, columns, bias, score } = found, margin = inMargin(found, data.covered);
  const beside = margin ? `, ${margin} in the mirrored margin` : "";
  const name = nameOf(data, code), signed = (value) => value.toFixed(2).replace("-", "−");
  const where = `${cells.length} of ${rows * columns} cells${beside}`;
  return make("span", {
    class: "evidence",
    title: `The fewest cells that hold at least half of what speaks for ${name}; what speaks against it is left out. `
      + `All cells together, ${signed(score - bias)}, and the bias, ${signed(bias)}, are the score of ${name}, `
      + `${signed(score)}. Map: ${range}.`,
  }, make("b", {}, `${Math.round(100 * share)} %`), ` of the positive evidence lies in ${where}`);
}

function weakInWords(weak, signed) {
  if (!weak) return "";
  return signed ? "Weak difference: both maps say nearly the same." : "Weak: a random last layer draws maps as strong.";
}

/* ---------- the place in a queue ---------- */
function drawProgress({ name, progress }) {
  const { place, total, answered, about, hint, stands, answer, left, pace } = progress;
  const words = (...some) => some.filter(Boolean).join(" · ");
  return [
    make("div", { class: "place" },
      make("span", {}, make("b", {}, String(place)), ` of ${total}`),
      make("span", {}, left), make("span", {}, `${answered} reviewed`)),
    make("div", { class: "line" }, make("i", { style: `width:${(100 * answered) / total}%` })),
    make("div", { class: "file" },
      make("span", { title: name }, name),
      make("span", { class: "pace", title: "Median of your last answers, pauses left out" }, pace)),
    make("div", { class: `stands ${answer}`, title: words(hint, stands) }, words(about, stands) || "\u00a0"),
  ];
}
