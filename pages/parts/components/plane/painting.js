/* Points on a canvas, written pixel by pixel: a hundred thousand take some milliseconds, as shapes they take
 * a hundred. */

const DIMMED = 0.22; // Of a point that is not chosen while others are.

export class Painting {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.view = { scale: 1, x: 0.5, y: 0.5 }; // Factor, and the place in the middle, as a share of the plane.
  }

  /* Take points: `places` as x, y, x, y from 0 to 65535, `group` and `colours` of each; the last group on top. */
  hold(places, group, colours) {
    Object.assign(this, { places, group });
    this.count = group.length;
    this.colours = colours.map(rgb);
    this.order = Uint32Array.from(group, (_, row) => row).sort((a, b) => group[a] - group[b] || a - b);
  }

  resize() {
    const { canvas } = this, ratio = Math.min(2, devicePixelRatio || 1);
    const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
    const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
    if (width === canvas.width && height === canvas.height && this.image) return;
    Object.assign(canvas, { width, height });
    this.ratio = ratio;
    this.image = this.context.createImageData(width, height);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  /* How a place becomes a pixel of the page: pixel = place * unit + left or top. */
  frame() {
    const { canvas: { clientWidth: width, clientHeight: height }, view } = this, margin = 16;
    const unit = Math.max(1, Math.min(width, height) - 2 * margin) * view.scale;
    return { unit, left: width / 2 - view.x * unit, top: height / 2 - (1 - view.y) * unit };
  }

  at(row) {
    const { unit, left, top } = this.frame();
    const [x, y] = [this.places[2 * row] / 65535, 1 - this.places[2 * row + 1] / 65535];
    return [x * unit + left, y * unit + top];
  }

  get radius() {
    const usual = this.count > 40000 ? 1.2 : this.count > 4000 ? 2 : 3.2;
    return Math.min(7, usual * this.view.scale ** 0.35);
  }

  /* Draw; `hidden` says which groups are, `chosen` which points are, or null where none is. */
  draw(hidden, chosen, ground) {
    this.resize();
    const { places, group, colours, order, pixels, ratio, canvas: { width, height } } = this;
    const { unit, left, top } = this.frame(), base = rgb(ground), step = (unit * ratio) / 65535;
    pixels.fill(word(...base));
    const stamp = disc(this.radius * ratio), reach = Math.ceil(this.radius * ratio) + 1;
    const paint = (row, strength) => {
      const x = Math.round(places[2 * row] * step + left * ratio);
      const y = Math.round((65535 - places[2 * row + 1]) * step + top * ratio);
      if (x < reach || y < reach || x >= width - reach || y >= height - reach) return;
      dab(pixels, y * width + x, width, stamp, colours[group[row]], strength);
    };
    for (const row of order) if (!hidden.has(group[row]) && !(chosen?.[row])) paint(row, chosen ? DIMMED : 0.85);
    if (chosen) for (const row of order) if (!hidden.has(group[row]) && chosen[row]) paint(row, 1);
    this.context.putImageData(this.image, 0, 0);
  }

  /* The row of the point nearest to a pixel of the page, if one is near. */
  nearest(x, y, hidden) {
    const { places, group, count } = this, { unit, left, top } = this.frame(), step = unit / 65535;
    let best = null, least = Math.max(8, this.radius + 3) ** 2;
    for (let row = 0; row < count; row += 1) {
      const across = places[2 * row] * step + left - x, down = (65535 - places[2 * row + 1]) * step + top - y;
      const far = across * across + down * down;
      if (far < least && !hidden.has(group[row])) [best, least] = [row, far];
    }
    return best;
  }

  /* The rows of the points inside of an outline of pixels of the page. */
  inside(outline, hidden) {
    const found = [], { unit, left, top } = this.frame(), step = unit / 65535;
    for (let row = 0; row < this.count; row += 1) {
      if (hidden.has(this.group[row])) continue;
      const x = this.places[2 * row] * step + left, y = (65535 - this.places[2 * row + 1]) * step + top;
      if (within(outline, x, y)) found.push(row);
    }
    return found;
  }
}

function within(outline, x, y) {
  let odd = false;
  for (let at = 0, last = outline.length - 1; at < outline.length; last = at, at += 1) {
    const [ax, ay] = outline[at], [bx, by] = outline[last];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
  }
  return odd;
}

/* How far each pixel of a disc is covered: across, down and the share, one after the other. */
function disc(radius) {
  const cells = [], reach = Math.ceil(radius);
  for (let down = -reach; down <= reach; down += 1)
    for (let across = -reach; across <= reach; across += 1) {
      const share = Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(across, down)));
      if (share > 0) cells.push(across, down, share);
    }
  return Float32Array.from(cells);
}

function dab(pixels, middle, width, stamp, [red, green, blue], strength) {
  for (let at = 0; at < stamp.length; at += 3) {
    const place = middle + stamp[at + 1] * width + stamp[at], share = stamp[at + 2] * strength;
    const under = pixels[place], r = under & 255, g = (under >> 8) & 255, b = (under >> 16) & 255;
    pixels[place] = word(r + (red - r) * share, g + (green - g) * share, b + (blue - b) * share);
  }
}

const word = (red, green, blue) => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;

/* Red, green and blue of `#RRGGBB` or `rgb(…)`. */
function rgb(colour) {
  if (colour.startsWith("#")) return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return colour.match(/[\d.]+/g).slice(0, 3).map(Number);
}
