/* Painting a map on a canvas. Plain loops over typed arrays: this runs between a key and the picture. */
import { diverging, rising } from "./colours.js";

const FINE = 112; // Pixels a side that a map is drawn at; the browser stretches it over the picture.

/* Catmull-Rom between the cells' centres, held at the edges and at the ends of the scale: for each drawn pixel
 * four cells and their weights, one after another. */
const stretchings = new Map();
function stretching(size, from, to) {
  const name = `${size} ${from} ${to}`;
  if (!stretchings.has(name)) stretchings.set(name, makeStretching(size, from, to));
  return stretchings.get(name);
}

function makeStretching(size, from, to) {
  const cells = new Uint8Array(FINE * 4), weights = new Float32Array(FINE * 4);
  for (let x = 0; x < FINE; x++) {
    const at = (from + ((x + 0.5) / FINE) * (to - from)) * size - 0.5;
    const first = Math.floor(at) - 1, t = at - Math.floor(at);
    const four = [
      ((2 - t) * t - 1) * t * 0.5,
      ((3 * t - 5) * t * t + 2) * 0.5,
      ((4 - 3 * t) * t + 1) * t * 0.5,
      (t - 1) * t * t * 0.5,
    ];
    weights.set(four, x * 4);
    for (let k = 0; k < 4; k++) cells[x * 4 + k] = Math.min(size - 1, Math.max(0, first + k));
  }
  return { cells, weights };
}

/* The rows of a map, each stretched to the width of the drawing. */
function stretchRows({ rows, columns, values }, { cells, weights }) {
  const stretched = new Float32Array(rows * FINE);
  for (let y = 0; y < rows; y++)
    for (let x = 0, from = 0; x < FINE; x++, from += 4) {
      let sum = 0;
      for (let k = from; k < from + 4; k++) sum += weights[k] * values[y * columns + cells[k]];
      stretched[y * FINE + x] = sum;
    }
  return stretched;
}

/* Paint the part of a map that the picture covers (left, top, right, bottom, as shares of the map). `values` are one
 * row after another; `top` is the end of the colours. A signed map has zero in the colours' middle. */
export function paint(canvas, map, { covered: [left, above, right, below], top, signed }) {
  const { cells, weights } = stretching(map.rows, above, below), colours = signed ? diverging : rising;
  const rows = stretchRows(map, stretching(map.columns, left, right));
  canvas.width = canvas.height = FINE;
  const context = canvas.getContext("2d"), drawing = context.createImageData(FINE, FINE), pixels = drawing.data;
  // Where the map says little, the tissue stays visible; colours near a light middle need more cover to be seen.
  const lowest = signed ? -1 : 0, cover = signed ? 765 : 510;
  for (let y = 0, pixel = 0; y < FINE; y++)
    for (let x = 0; x < FINE; x++, pixel += 4) {
      let sum = 0;
      for (let k = y * 4; k < y * 4 + 4; k++) sum += weights[k] * rows[cells[k] * FINE + x];
      const share = Math.min(1, Math.max(lowest, sum / top || 0));
      const colour = 3 * Math.round(signed ? 127.5 + 127.5 * share : 255 * share);
      pixels[pixel] = colours[colour];
      pixels[pixel + 1] = colours[colour + 1];
      pixels[pixel + 2] = colours[colour + 2];
      pixels[pixel + 3] = Math.min(255, Math.abs(share) * cover);
    }
  context.putImageData(drawing, 0, 0);
}
