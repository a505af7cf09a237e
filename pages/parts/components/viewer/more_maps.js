/* Maps by other methods than the run's own: fetched when their method is chosen, kept here, and asked for again
 * while a job computes them. Nothing of it travels with an image whose reviewer looks at Grad-CAM alone. */

import { make } from "../common/dom.js";

const EVERY = 1000; // Milliseconds between two looks at a job.
const KEPT = 60;
const known = new Map();
const about = new Map(); // What the maps of a method usually reach in a run, and its sanity check: the last that was heard.
const idle = new Set(); // Methods of a run that nobody computes: not worth a question at every image.

const address = (key, method, image) => `/maps/${key}/${method}?image=${image}`;

/* What is known of an image's maps without asking: an answer of the server, or null. */
export const knownMaps = ({ more, hash }, method) => (more && known.get(address(more.key, method, hash))) || null;

export const aboutMaps = ({ more }, method) => (more && about.get(`${more.key} ${method}`)) || {};

/* Ask the server unless a finished answer is here; resolves to it. */
export async function fetchMaps(key, method, image) {
  const url = address(key, method, image), before = known.get(url);
  if (before?.ready) return before;
  const response = await fetch(url);
  if (!response.ok) throw new Error(await response.text());
  const answer = await response.json();
  if (answer.ready) {
    unpack(answer);
    about.set(`${key} ${method}`, answer);
  }
  known.delete(url);
  known.set(url, answer); // Youngest last.
  while (known.size > KEPT) known.delete(known.keys().next().value);
  return answer;
}
function unpack(answer) {
  const bytes = Uint8Array.from(atob(answer.maps), (c) => c.charCodeAt(0)), cells = answer.size ** 2;
  answer.maps = Object.fromEntries(answer.codes.map((code, i) =>
    [code, Float32Array.from(bytes.subarray(i * cells, (i + 1) * cells), (v) => (v / 255) * answer.tops[i])]));
}

/* Follows the image and method of a store: `look` asks, and asks again while a job runs; `start` and its like
 * send a wish to the server. */
export function follower(store, methodOf, changed, send) {
  let timer = null, patience = 0;
  async function look() {
    clearTimeout(timer);
    const { data } = store;
    if (!data?.more) return;
    const method = methodOf(), { key } = data.more, whose = `${key} ${method}`;
    if (idle.has(whose) && !patience) return changed();
    let answer = null;
    try { answer = await fetchMaps(key, method, data.hash); } catch { /* The server is away: asked again with the next image. */ }
    if (store.data !== data && store.data?.hash !== data.hash) return;
    if (methodOf() !== method) return;
    if (answer && !answer.ready) {
      const active = answer.job?.active;
      if (active) idle.delete(whose); else idle.add(whose);
      if (active || --patience > 0) timer = setTimeout(look, EVERY);
    }
    patience = Math.max(0, patience);
    changed();
  }
  function wish(what) {
    patience = 4; // The job shows up a moment later.
    send({ do: "maps", what, method: methodOf(), hash: store.data.hash });
    timer = setTimeout(look, EVERY / 3);
  }
  const preload = (images) => { if (store.data?.more && methodOf() !== "gradcam") for (const image of images) fetchMaps(store.data.more.key, methodOf(), image).catch(() => {}); };
  return { look, wish, preload, stop: () => clearTimeout(timer) };
}

const minutes = (seconds) => (seconds < 90 ? `${Math.max(5, Math.ceil(seconds / 5) * 5)} s` : `${Math.round(seconds / 60)} min`);

/* The line in the bar: what is missing, the button that computes it, and how far that is. */
export function panel(wish) {
  const box = make("span", { class: "compute", hidden: "", role: "status" });
  let drawn = "";
  const button = (label, what, title) => make("button", { title, onclick: () => wish(what) }, label);
  function draw({ data, method, answer }) {
    const job = answer?.job;
    box.hidden = !data.more || !answer || answer.ready || (method.code === "gradcam" && !job);
    const mark = JSON.stringify([data.hash, method.code, answer?.ready, job]);
    if (box.hidden || mark === drawn) return;
    drawn = mark;
    if (job?.active) {
      const left = job.left == null || job.stopping ? "" : ` · ${minutes(job.left)} left`, words = job.stopping ? "Stopping" : `${job.message}${left}`;
      box.replaceChildren(make("span", { title: `${method.name}: ${words}` }, words), ...(job.stopping ? [] : [button("Stop", "stop", "What is done is kept")]));
      return;
    }
    const { part, mistakes } = data.more, images = Math.max(1, mistakes);
    const words = job?.error ? job.error : job?.state === "stopped" ? "Stopped" : method.code === "gradcam" ? "Not checked" : "Not computed";
    const whose = mistakes ? `the ${mistakes} misclassified of ${part}, this image first` : "this image";
    box.replaceChildren(make("span", { title: `${method.name}: ${words}. ${method.says}` }, words),
      ...(job?.resumable ? [button("Go on", "resume", "What was done is kept")] : []),
      button(`Compute ${images}`, "start", `Compute it for ${whose}; about ${minutes(images * method.seconds + 30)} on two free cores`));
  }
  return { box, draw };
}

/* How far a map can be trusted: against chance, and against random weights. */
export function drawTrust(data, method, answer, code, start) {
  const figures = answer?.ready && answer.figures.find(({ subtype }) => subtype === code), line = make("span", { class: "faith" });
  const { sanity } = aboutMaps(data, method.code), warning = sanity?.warning;
  if (figures) {
    const percent = (p) => `${Math.round(100 * p)} %`, points = Math.round(100 * figures.gain),
      signed = `${points < 0 ? "−" : ""}${Math.abs(points)} points`;
    line.append(`${figures.beats_chance ? "Beats chance" : "No better than chance"}: ${signed}, chance alone up to ${Math.round(100 * Math.max(figures.spread, 0.01))}`);
    line.title = `Does the model use what this map marks? With the whole picture it gives this sub-type ${percent(figures.whole)}. `
      + `While the marked places are blurred away, the strongest first, ${percent(figures.deletion)} on average; while they are shown first, ${percent(figures.insertion)}; `
      + `with places in random order ${percent(figures.chance)}. Its points are half of the distance of the first two; orders drawn at random differ by as much as chance alone gives. (Deletion and insertion, Petsiuk et al. 2018)`;
    line.classList.toggle("doubt", !figures.beats_chance);
  } else if (answer?.ready) line.append("Only the maps of the predicted and the true sub-type are kept.");
  else if (data.more && method.code === "gradcam" && start) line.append("Not checked against chance. ", make("button", { class: "check", onclick: start }, "Check"));
  const fails = make("span", { class: "plain" });
  if (warning) {
    fails.append(sanity.whole >= sanity.head ? "Hardly changes with random weights: do not trust it." : "Hardly changes with a random last layer: mistrust it.");
    fails.title = `${warning} Rank correlation with the map under random weights: ${sanity.head.toFixed(2)} (last layers), ${sanity.whole.toFixed(2)} (all), over ${sanity.images} images. (Adebayo et al. 2018)`;
  }
  return [line, fails];
}
