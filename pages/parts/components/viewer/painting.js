/* Painting a map on a canvas. Plain loops over typed arrays: this runs between a key and the picture. */
import { diverging, rising } from "./colours.js";

const FINE = 112; // Pixels a side that a map is drawn at; the browser stretches it over the picture.

/* Catmull-Rom between the cells' centres, held at the edges and at the ends of the scale: for each drawn pixel
 * four cells and their weights, one after another. */
const stretchings = new Map();
function stretching(size) {
  if (!stretchings.has(size)) stretchings.set(size, makeStretching(size));
  return stretchings.get(size);
}

function makeStretching(size) {
  const cells = new Uint8Array(FINE * 4), weights = new Float32Array(FINE * 4);
  for (let x = 0; x < FINE; x++) {
    const at = ((x + 0.5) * size) / FINE - 0.5, first = Math.floor(at) - 1, t = at - Math.floor(at);
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
function stretchRows(map, size, { cells, weights }) {
  const rows = new Float32Array(size * FINE);
  for (let y = 0; y < size; y++)
    for (let x = 0, from = 0; x < FINE; x++, from += 4) {
      let sum = 0;
      for (let k = from; k < from + 4; k++) sum += weights[k] * map[y * size + cells[k]];
      rows[y * FINE + x] = sum;
    }
  return rows;
}

/* Paint a map, a square of values, one row after another; `top` is the end of the colours. A signed one has zero in
 * the colours' middle. */
export function paint(canvas, map, top, signed) {
  const size = Math.sqrt(map.length), stretch = stretching(size), { cells, weights } = stretch;
  const rows = stretchRows(map, size, stretch), colours = signed ? diverging : rising;
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
