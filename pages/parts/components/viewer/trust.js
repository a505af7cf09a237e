/* How far a map can be trusted: against chance, and against random weights. */
import { make } from "../common/dom.js";
import { aboutMaps } from "./more_maps.js";

/* Return two lines: what the map is worth against chance, and the warning of the method's sanity check, which may be
 * empty. `start` computes the first, where that can be asked for. */
export function drawTrust(data, method, answer, code, start) {
  return [drawFaith(data, method, answer, code, start), drawWarning(aboutMaps(data, method.code).sanity)];
}

function drawFaith(data, method, answer, code, start) {
  const line = make("span", { class: "faith" });
  const figures = answer?.ready && answer.figures.find(({ subtype }) => subtype === code);
  if (figures) {
    line.append(gain(figures));
    line.title = perturbed(figures);
    line.classList.toggle("doubt", !figures.beats_chance);
  } else if (answer?.ready) line.append("Only the maps of the predicted and the true sub-type are kept.");
  else if (answer?.job?.active) line.append("Being held against chance");
  else if (data.more && method.code === "gradcam" && start) {
    line.append("Not checked against chance. ", make("button", { class: "check", onclick: start }, "Check"));
  }
  return line;
}

function gain({ beats_chance: beats, gain, luck }) {
  const points = Math.round(100 * gain), signed = `${points < 0 ? "−" : ""}${Math.abs(points)} points`;
  const alone = Math.round(100 * Math.max(luck, 0.01));
  return `${beats ? "Beats chance" : "No better than chance"}: ${signed}, chance alone up to ${alone}`;
}

const percent = (probability) => `${Math.round(100 * probability)} %`;

function perturbed({ whole, deletion, insertion, chance }) {
  return "Does the model use what this map marks? With the whole picture it gives this sub-type "
    + `${percent(whole)}. With what is marked most hidden, an eighth to half of the picture, ${percent(deletion)} on `
    + `average; with what is marked least hidden, ${percent(insertion)}; with random maps ${percent(chance)}. Hidden `
    + "is once blurred, once filled with other parts of the picture. Its points are half of the distance of the "
    + "second and third figure: what it hides beyond chance. The best of 20 random maps, as smooth, gets what chance "
    + "alone gives. (Deletion and insertion, Petsiuk et al. 2018)";
}

function drawWarning(sanity) {
  const line = make("span", { class: "plain" });
  if (!sanity?.warning) return line;
  const { warning, head, whole, images } = sanity;
  line.append(whole >= head
    ? "Hardly changes with random weights: do not trust it."
    : "Hardly changes with a random last layer: mistrust it.");
  line.title = `${warning} Rank correlation with the map under random weights: ${head.toFixed(2)} (last layers), `
    + `${whole.toFixed(2)} (all), over ${images} images. (Adebayo et al. 2018)`;
  return line;
}
