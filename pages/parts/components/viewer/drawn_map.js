/* Which map is drawn: whose, by which method, on which scale. Everything here reads the store and changes nothing. */
import { aboutMaps, knownMaps } from "./more_maps.js";

const GRID = 7; // The run's own class maps are 7 x 7.

/* How a map is drawn where an image has no more than the run's own maps. */
export const OWN = { code: "gradcam", name: "Grad-CAM" };

/* The eight maps that came with an image, a Float32Array each; `top` is what 255 stands for. */
export function unpackMaps({ maps, top }) {
  const bytes = Uint8Array.from(atob(maps), (letter) => letter.charCodeAt(0)), size = GRID * GRID;
  const mapAt = (place) => Float32Array.from(bytes.subarray(place * size, (place + 1) * size), (v) => (v / 255) * top);
  return Array.from({ length: bytes.length / size }, (_, place) => mapAt(place));
}

/* ---------- sub-types ---------- */
export const placeOf = (data, code) => data.classes.findIndex((one) => one.code === code);
export const nameOf = (data, code) => data.classes[placeOf(data, code)]?.name ?? code;

/* The likeliest sub-type besides these. */
export function likeliestBut(data, codes) {
  const others = data.classes.map(({ code }, place) => ({ code, probability: data.probabilities[place] }));
  return others.filter(({ code }) => !codes.includes(code)).sort((a, b) => b.probability - a.probability)[0].code;
}

/* The sub-type whose map is shown. */
export function shownCode({ data, kind }) {
  if (kind === "true") return data.true ?? data.predicted;
  return kind === "predicted" ? data.predicted : kind;
}

/* The two sub-types whose maps the difference sets against each other: the predicted one and the one chosen,
 * else the true one, else the runner-up. */
export function opposed(store) {
  const { data } = store;
  const [chosen] = [shownCode(store), data.true].filter((code) => code && code !== data.predicted);
  return [data.predicted, chosen ?? likeliestBut(data, [data.predicted])];
}

/* ---------- methods ---------- */
export function methodOf({ data, preferences }) {
  return (data?.more && data.methods.find(({ code }) => code === preferences.method)) || OWN;
}
export const isOwn = (method) => method.code === OWN.code;
export const answerOf = (store) => knownMaps(store.data, methodOf(store).code);

/* Until the chosen method's map of an image is there, the run's own stays. */
export const drawnBy = (store) => (answerOf(store)?.ready ? methodOf(store) : OWN);

/* ---------- maps ---------- */
export function mapOf(store, code) {
  if (isOwn(drawnBy(store))) return store.maps?.[placeOf(store.data, code)] ?? null;
  return answerOf(store)?.maps?.[code] ?? null;
}
export function differenceOf(store) {
  const [first, second] = opposed(store).map((code) => mapOf(store, code));
  return first && second && first.map((value, cell) => value - second[cell]);
}

/* What the method's maps usually reach in this run: the end of the colours, and what counts as weak. */
export function scaleOf(store) {
  if (isOwn(drawnBy(store))) return store.data;
  const { strong, weak } = aboutMaps(store.data, methodOf(store).code);
  return { strong: strong ?? 0, weak: weak ?? 0 };
}
export const peakOf = (map) => map.reduce((highest, value) => Math.max(highest, Math.abs(value)), 0);

/* A strength in as many digits as can be told apart. */
export function figure(value) {
  if (value > 0 && value < 0.1) return value.toPrecision(1);
  if (value >= 10) return value.toFixed(0);
  return value.toFixed(value >= 1 ? 1 : 2);
}
