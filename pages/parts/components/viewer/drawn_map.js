/* Which map is drawn: whose, by which method, on which scale. Everything here reads the store and changes nothing. */
import { aboutMaps, knownMaps } from "./more_maps.js";

/* How a map is drawn where an image has no more than the run's own maps. */
export const OWN = { code: "gradcam", name: "Grad-CAM" };

/* The eight maps that came with an image: `evidence` in each cell for the class and, below 0, against it; `values`
 * are its positive part, which is Grad-CAM and what is drawn. */
export function unpackMaps({ maps: { rows, columns, top, cells } }) {
  const bytes = Uint8Array.from(atob(cells), (letter) => letter.charCodeAt(0)), size = rows * columns;
  const all = Float32Array.from(new Int16Array(bytes.buffer), (value) => (value / 32767) * top);
  return Array.from({ length: all.length / size }, (_, place) => {
    const evidence = all.subarray(place * size, (place + 1) * size);
    return { rows, columns, evidence, values: evidence.map((value) => Math.max(0, value)) };
  });
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

/* How much the second map of the difference counts: as much as the first, unless both are signed. What is left of
 * one clipped map less a share of another is the map of no score. */
export const isWeighed = (store) => store.data.signed && isOwn(drawnBy(store));
export const gammaOf = (store) => (isWeighed(store) ? store.preferences.gamma : 1);

/* The map of the first sub-type's score less gamma times that of the second: "Finer-CAM: Spotting the Difference
 * Reveals Finer Details for Visual Explanation", CVPR 2025, with its sign. */
export function differenceOf(store) {
  const [first, second] = opposed(store).map((code) => mapOf(store, code)), gamma = gammaOf(store);
  if (!first || !second) return null;
  const [one, other] = [first, second].map(({ evidence, values }) => evidence ?? values);
  return { ...first, values: one.map((value, cell) => value - gamma * other[cell]) };
}

/* What the two ends of the difference's colours say, and by which code: what speaks for it, and what against. */
export function endsOf(store) {
  const { data } = store, [first, second] = opposed(store), gamma = gammaOf(store);
  const weighed = gamma < 1 ? `, weighed ${gamma}` : "";
  return [
    { code: first, says: `speaks for ${nameOf(data, first)}` },
    gamma
      ? { code: second, says: `speaks for ${nameOf(data, second)}${weighed}` }
      : { code: first, says: `speaks against ${nameOf(data, first)}` },
  ];
}

/* What the method's maps usually reach in this run: the end of the colours, and below what a peak is weak: no
 * stronger than maps under a random head are. Nothing is, until that was found out. */
export function scaleOf(store) {
  const by = drawnBy(store), { strong, weak } = aboutMaps(store.data, by.code);
  return { strong: (isOwn(by) ? store.data.strong : strong) ?? 0, weak: weak ?? 0 };
}

/* The figures on what a sub-type's map is worth, or nothing where it was not judged. */
export function worthOf(store, code) {
  const answer = knownMaps(store.data, drawnBy(store).code);
  return answer?.ready ? answer.figures.find(({ subtype }) => subtype === code) : undefined;
}

/* A map that is no better than chance lies over the picture only where that was asked for, image by image. */
const isDoubted = (store, code) =>
  ["overlay", "side", "versus"].includes(store.preferences.view) && worthOf(store, code)?.beats_chance === false;
export const isHeldBack = (store, code) => isDoubted(store, code) && store.asked !== store.data.hash;

/* Show or hide the map (M). Returns what changes in the preferences. */
export function flipMap(store) {
  const { data, asked, preferences: { map } } = store;
  if (!isDoubted(store, shownCode(store))) return { map: !map };
  store.asked = map && asked === data.hash ? null : data.hash;
  return { map: true };
}

export const peakOf = ({ values }) => values.reduce((highest, value) => Math.max(highest, Math.abs(value)), 0);

/* A strength in as many digits as can be told apart. */
export function figure(value) {
  if (value > 0 && value < 0.1) return value.toPrecision(1);
  if (value >= 10) return value.toFixed(0);
  return value.toFixed(value >= 1 ? 1 : 2);
}
