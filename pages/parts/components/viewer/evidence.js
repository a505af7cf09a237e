/* Where the evidence for a sub-type lies: in how few cells of its map, and the line around them. Only of maps whose
 * cells and bias add up to the score of the sub-type. */
import { drawnBy, isOwn, mapOf, placeOf } from "./drawn_map.js";

const SHARE = 0.5; // Of the positive evidence, what the chosen cells hold at least.
const SVG = "http://www.w3.org/2000/svg";
const chosen = new WeakMap(); // Of each map, what was chosen.

export const addsUp = (store) => Boolean(store.data?.bias && store.maps) && isOwn(drawnBy(store));

/* Whether the line can be drawn in the chosen view, and whether it is. */
export const canContour = (store) => addsUp(store) && store.preferences.view !== "diff";
export const showsContour = (store) => store.preferences.contour && canContour(store);

/* The fewest cells that hold at least half of the positive evidence for a sub-type, the share that they hold, and the
 * score that all cells and the bias add up to; null where the cells do not add up or none speaks for it. */
export function evidenceFor(store, code) {
  if (!addsUp(store)) return null;
  const map = mapOf(store, code);
  if (!chosen.has(map)) chosen.set(map, strongest(map));
  const found = chosen.get(map), bias = store.data.bias[placeOf(store.data, code)];
  return found && { ...found, bias, score: bias + map.evidence.reduce((sum, value) => sum + value, 0) };
}

function strongest({ values, rows, columns }) {
  const all = values.reduce((sum, value) => sum + value, 0), cells = [];
  if (!all) return null;
  let held = 0;
  for (const cell of [...values.keys()].sort((one, other) => values[other] - values[one])) {
    if (held >= SHARE * all) break;
    cells.push(cell);
    held += values[cell];
  }
  return { cells, share: held / all, rows, columns };
}

const percent = (share) => `${Math.round(100 * share)} %`;
const counted = (count) => `${count} cell${count === 1 ? "" : "s"}`;
export const shareInWords = ({ cells, share }) => `${percent(share)} in ${counted(cells.length)}`;

/* What the line is, of a map whose picture covers a part of it. */
export function sentence(found, name, covered) {
  const beside = inMargin(found, covered), seen = found.cells.length - beside;
  const places = [
    seen && `${seen === 1 ? "this" : "these"} ${counted(seen)}`, beside && `${counted(beside)} of the mirrored margin`,
  ];
  const where = places.filter(Boolean).join(" and ");
  return `${percent(found.share)} of the positive evidence for ${name} lies in ${where}`;
}

/* How many of the cells lie wholly in the margin, where the model saw the picture's mirror image. */
export const inMargin = (found, covered) => found.cells.length - placesOf(found, covered).length;

/* Where on the picture the cells are: left, top, right and bottom as shares of it, by row and column. */
function placesOf({ cells, rows, columns }, [left, above, right, below]) {
  const across = (at) => Math.min(1, Math.max(0, (at / columns - left) / (right - left)));
  const down = (at) => Math.min(1, Math.max(0, (at / rows - above) / (below - above)));
  return cells.map((cell) => [Math.floor(cell / columns), cell % columns])
    .map(([row, column]) => ({ row, column, box: [across(column), down(row), across(column + 1), down(row + 1)] }))
    .filter(({ box }) => box[2] > box[0] && box[3] > box[1]);
}

/* The line around the cells, along their edges: the sides that no two of them share. */
function outline(found, covered) {
  const places = placesOf(found, covered), taken = new Set(places.map(({ row, column }) => `${row} ${column}`));
  const free = (row, column) => !taken.has(`${row} ${column}`);
  return places.flatMap(({ row, column, box: [left, above, right, below] }) => [
    free(row - 1, column) && `M${left} ${above}H${right}`, free(row + 1, column) && `M${left} ${below}H${right}`,
    free(row, column - 1) && `M${left} ${above}V${below}`, free(row, column + 1) && `M${right} ${above}V${below}`,
  ]).filter(Boolean).join("");
}

/* An empty drawing to lie over a picture: a light line in a dark one, seen on any tissue, as thick at every zoom. */
export function makeContour() {
  const drawing = document.createElementNS(SVG, "svg");
  for (const [name, value] of [["class", "contour"], ["viewBox", "0 0 1 1"], ["preserveAspectRatio", "none"]])
    drawing.setAttribute(name, value);
  drawing.append(...["dark", "light"].map((kind) => {
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("class", kind);
    return line;
  }));
  return drawing;
}

export function drawContour(drawing, found, covered) {
  const line = outline(found, covered);
  for (const path of drawing.children) path.setAttribute("d", line);
}
