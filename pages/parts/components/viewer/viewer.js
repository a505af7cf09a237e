/* The picture with the model's map over it, and the bars that choose the map.
 *
 * Two components share one store: `stage` gets an image's data from the server and draws it, `verdict` shows
 * what the model said and chooses whose map is drawn. Zoom, opacity, view and scale belong to the person, not
 * to the image: they stay when the next image comes, and nothing here asks the server. */

import { make, sheetsOf, wear } from "../common/dom.js";
import { keyList, keysAreOn, listen, whenTurned } from "../common/keyboard.js";
import { aboutMaps, drawTrust, follower, knownMaps, panel } from "./more_maps.js";
import { arrived, choose, prefer, storeOf, tell } from "./store.js";

export { make };

const GRID = 7; // The class maps are 7 x 7.
const FULL = 700; // Pixels from left to right of a picture as BreakHis publishes it.
const FINE = 112; // Pixels a side that a map is drawn at; the browser stretches it over the picture.
const VIEWS = { overlay: ["Overlay", "O"], side: ["Side by side", "S"], versus: ["True | predicted", "V"], diff: ["Difference", "D"], all: ["All eight", "G"] };
export const KEYS = [
  ["M", "flip between picture and map"],
  ["O S V D G", "overlay, side by side, true | predicted, difference, all eight"],
  ["E", "next way to draw the map: Grad-CAM++, LayerCAM, ..."],
  ["P T", "map of the predicted, of the true sub-type"],
  ["↑ ↓", "map stronger, fainter"],
  ["A", "map's colours: the run's scale or its own"],
  ["+ − 0", "zoom in, out, whole picture (wheel, drag, double click)"],
  ["?", "this list"],
];

/* ---------- pictures: decoded once, the next ones before they are asked for ---------- */
const pictures = new Map();
function picture(url) {
  let waiting = pictures.get(url);
  if (!waiting) {
    const image = new Image();
    image.src = url;
    waiting = image.decode().then(() => image);
    waiting.catch(() => pictures.delete(url)); // A later visit may find it.
  } else pictures.delete(url);
  pictures.set(url, waiting); // Youngest last.
  while (pictures.size > 24) pictures.delete(pictures.keys().next().value);
  return waiting;
}

/* ---------- colours: viridis, perceptually even, readable without red-green vision ---------- */
const VIRIDIS = [
  [0.27773, 0.00541, 0.3341], [0.10509, 1.40461, 1.38459], [-0.33086, 0.21485, 0.0951], [-4.63423, -5.7991, -19.33244],
  [6.22827, 14.17993, 56.69055], [4.77638, -13.74515, -65.35303], [-5.43546, 4.64585, 26.31244],
];
const ramp = new Uint8ClampedArray(256 * 3);
for (let i = 0; i < 256; i++)
  for (let c = 0; c < 3; c++)
    ramp[i * 3 + c] = 255 * VIRIDIS.reduceRight((sum, row) => sum * (i / 255) + row[c], 0);
/* Diverging, for differences: two straight lines in OKLab (Ottosson 2020) from a light grey, equally steep in
 * lightness, so equal steps look equal and the sign shows without red-green vision (ochre against petrol). Not
 * blue and vermilion: those are benign and malignant. */
const MIDDLE = { L: 0.92, C: 0, hue: 0 }, AGAINST = { L: 0.46, C: 0.1, hue: 68 }, FOR = { L: 0.46, C: 0.1, hue: 218 };
function oklab({ L, C, hue }, share) {
  const light = MIDDLE.L + (L - MIDDLE.L) * share, a = C * share * Math.cos((hue * Math.PI) / 180), b = C * share * Math.sin((hue * Math.PI) / 180);
  const [l, m, s] = [light + 0.3963377774 * a + 0.2158037573 * b, light - 0.1055613458 * a - 0.0638541728 * b, light - 0.0894841775 * a - 1.291485548 * b].map((x) => x ** 3);
  return [4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s, -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s, -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s]
    .map((x) => 255 * (x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055));
}
export const diverging = new Uint8ClampedArray(256 * 3);
for (let i = 0; i < 256; i++) diverging.set(oklab(i < 128 ? AGAINST : FOR, Math.abs(i - 127.5) / 127.5), i * 3);
const gradient = (colours) => `linear-gradient(90deg, ${Array.from({ length: 17 }, (_, i) => Math.round((i * 255) / 16)).map((v) => `rgb(${colours.slice(v * 3, v * 3 + 3).join(" ")})`).join(", ")})`;
const RAMP_CSS = gradient(ramp), DIVERGING_CSS = gradient(diverging);

/* Catmull-Rom between the cells' centres, held at the edges and at the ends of the scale: for each drawn pixel
 * four cells and their weights, one after another. Plain loops: this runs between a key and the picture. */
const stretched = new Map();
function stretch(size) {
  if (stretched.has(size)) return stretched.get(size);
  const cells = new Uint8Array(FINE * 4), weights = new Float32Array(FINE * 4);
  for (let x = 0; x < FINE; x++) {
    const at = ((x + 0.5) * size) / FINE - 0.5, first = Math.floor(at) - 1, t = at - Math.floor(at);
    weights.set([((2 - t) * t - 1) * t * 0.5, ((3 * t - 5) * t * t + 2) * 0.5, ((4 - 3 * t) * t + 1) * t * 0.5, (t - 1) * t * t * 0.5], x * 4);
    for (let k = 0; k < 4; k++) cells[x * 4 + k] = Math.min(size - 1, Math.max(0, first + k));
  }
  stretched.set(size, { cells, weights });
  return stretched.get(size);
}
/* A map is a square of values; a signed one has zero in the colours' middle. */
export function paint(canvas, map, top, signed) {
  const size = Math.sqrt(map.length), { cells, weights } = stretch(size), colours = signed ? diverging : ramp;
  canvas.width = canvas.height = FINE;
  const context = canvas.getContext("2d"), out = context.createImageData(FINE, FINE), pixels = out.data, rows = new Float32Array(size * FINE);
  for (let y = 0; y < size; y++)
    for (let x = 0, from = 0; x < FINE; x++, from += 4) {
      let sum = 0;
      for (let k = from; k < from + 4; k++) sum += weights[k] * map[y * size + cells[k]];
      rows[y * FINE + x] = sum;
    }
  // Where the map says little, the tissue stays visible; colours near a light middle need more cover to be seen.
  const lowest = signed ? -1 : 0, cover = signed ? 765 : 510;
  for (let y = 0, p = 0; y < FINE; y++)
    for (let x = 0; x < FINE; x++, p += 4) {
      let sum = 0;
      for (let k = y * 4; k < y * 4 + 4; k++) sum += weights[k] * rows[cells[k] * FINE + x];
      const share = Math.min(1, Math.max(lowest, sum / top || 0)), v = 3 * Math.round(signed ? 127.5 + 127.5 * share : 255 * share);
      pixels[p] = colours[v];
      pixels[p + 1] = colours[v + 1];
      pixels[p + 2] = colours[v + 2];
      pixels[p + 3] = Math.min(255, Math.abs(share) * cover);
    }
  context.putImageData(out, 0, 0);
}

/* ---------- style: one sheet for every part, read once ---------- */
let sheets = [];
export async function style(urls, sides) { sheets = await sheetsOf(urls, sides); }

/* ---------- what the store knows of the image ---------- */
function unpack({ maps, top }) {
  const bytes = Uint8Array.from(atob(maps), (c) => c.charCodeAt(0)), size = GRID * GRID;
  return Array.from({ length: bytes.length / size }, (_, c) => Float32Array.from(bytes.subarray(c * size, (c + 1) * size), (v) => (v / 255) * top));
}
function shownCode(store) {
  const { data, kind } = store;
  return kind === "true" ? data.true ?? data.predicted : kind === "predicted" ? data.predicted : kind;
}
const peak = (map) => map.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
const index = (data, code) => data.classes.findIndex((one) => one.code === code);
const named = (data, code) => data.classes[index(data, code)]?.name ?? code;
const figure = (value) => (value > 0 && value < 0.1 ? value.toPrecision(1) : value >= 10 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toFixed(2));

/* The two sub-types whose maps the difference sets against each other: the predicted one and the one chosen,
 * else the true one, else the runner-up. */
function opposed(store) {
  const { data } = store, [chosen] = [shownCode(store), data.true].filter((code) => code && code !== data.predicted);
  const runnerUp = () => data.classes.map(({ code }, i) => [data.probabilities[i], code]).filter(([, code]) => code !== data.predicted).sort(([a], [b]) => b - a)[0][1];
  return [data.predicted, chosen ?? runnerUp()];
}
/* How the map is drawn: by the method that was chosen, where an image has more than the run's own maps. */
const OWN = { code: "gradcam", name: "Grad-CAM" };
function methodOf({ data, preferences }) { return (data?.more && data.methods.find(({ code }) => code === preferences.method)) || OWN; }
function answerOf(store) { return knownMaps(store.data, methodOf(store).code); }
/* Until the chosen method's map of an image is there, the run's own stays. */
function drawnBy(store) { return answerOf(store)?.ready ? methodOf(store) : OWN; }
function mapOf(store, code) {
  if (drawnBy(store).code === OWN.code) return store.maps?.[index(store.data, code)] ?? null;
  return answerOf(store)?.maps?.[code] ?? null;
}
/* What the method's maps usually reach in this run: the end of the colours, and what counts as weak. */
function scaleOf(store) {
  if (drawnBy(store).code === OWN.code) return store.data;
  const { strong, weak } = aboutMaps(store.data, methodOf(store).code);
  return { strong: strong ?? 0, weak: weak ?? 0 };
}
function differenceOf(store) {
  const [first, second] = opposed(store).map((code) => mapOf(store, code));
  return first && second && first.map((value, i) => value - second[i]);
}

const speaking = (data, [first, second]) => [["+", 255, first], ["−", 0, second]].map(([sign, v, code]) =>
  make("span", { class: "sign" }, make("i", { style: `background:rgb(${diverging.slice(v * 3, v * 3 + 3).join(" ")})` }, sign), `speaks for ${named(data, code)}`));

/* ---------- the stage ---------- */
const built = new WeakMap();
export function stage({ data, parentElement }) {
  let view = built.get(parentElement);
  if (!view) {
    wear(parentElement, sheets);
    built.set(parentElement, (view = buildStage(parentElement, data.viewer)));
  }
  view.update(data);
  return view.remove;
}

function buildStage(parent, name) {
  const store = storeOf(name);
  const root = parent.querySelector(".viewer"), panes = root.querySelector(".panes"), bar = root.querySelector(".bar");
  let image = null, cells = [], wanted = null, newest = null, list = null;

  const views = Object.entries(VIEWS).map(([view, [label, key]]) =>
    make("button", { class: "view", "data-view": view, title: `${label} (${key})`, onclick: () => prefer(store, { view }) }, label));
  const flip = make("button", { class: "flip", title: "Flip between picture and map (M)", onclick: () => prefer(store, { map: !store.preferences.map }) }, "Map");
  const slider = make("input", { type: "range", min: 0, max: 100, step: 1, "aria-label": "Opacity of the map", title: "Opacity of the map (↑ ↓)", onpointerup: () => slider.blur(), onchange: () => keysAreOn() && slider.blur(),
    oninput: () => prefer(store, { opacity: slider.value / 100, map: true }) });
  const scale = make("button", { class: "scale", onclick: () => prefer(store, { own: !store.preferences.own }) });
  const fit = make("button", { class: "fit", title: "Whole picture (0)", onclick: () => zoomTo(1) });
  const help = make("button", { class: "help", title: "All keys (?)", onclick: () => allKeys() }, "?");
  const problem = make("p", { class: "problem", hidden: "" });
  bar.append(make("span", { class: "group views" }, ...views), make("span", { class: "group" }, flip, slider), scale, make("span", { class: "group end" }, fit, help));
  const chooser = make("select", { class: "method", "aria-label": "How the map is drawn",
    onchange: () => { prefer(store, { method: chooser.value }); chooser.blur(); kept.look(); } });
  bar.insertBefore(chooser, scale);
  const kept = follower(store, () => methodOf(store).code, () => tell(store), (message) => store.send?.(message));
  const missing = panel(kept.wish);
  store.start = () => kept.wish("start");
  bar.insertBefore(missing.box, scale);
  root.append(problem);

  /* What each pane shows: a map or, without one, the bare picture. */
  function wish() {
    const { data, preferences } = store, one = shownCode(store);
    const by = methodOf(store).code === OWN.code ? "" : `${drawnBy(store).name} `;
    const of = (code, what = "") => ({ id: code, map: mapOf(store, code), caption: `${by}${what}${named(data, code)}` });
    if (preferences.view === "side") return [{ caption: "picture" }, of(one, "map of ")];
    if (preferences.view === "versus" && data.true) return [of(data.true, "true: "), of(data.predicted, "predicted: ")];
    if (preferences.view === "diff") return [{ id: `-${opposed(store)[1]}`, map: differenceOf(store), signed: true, caption: "difference", legend: opposed(store) }];
    if (preferences.view === "all") return [{ caption: "picture" }, ...data.classes.map(({ code }) => of(code))];
    return store.maps ? [of(one, "map of ")] : [{ caption: "" }];
  }
  function draw() {
    const { data, preferences } = store;
    if (!data || !image) return;
    const wishes = wish(), { strong, weak: floor } = scaleOf(store), method = methodOf(store);
    panes.dataset.count = wishes.length;
    while (cells.length < wishes.length) cells.push(buildCell());
    while (cells.length > wishes.length) cells.pop().pane.remove();
    wishes.forEach(({ id, map, signed, caption, legend }, i) => {
      const cell = cells[i];
      if (cell.image !== image) {
        cell.picture.width = image.naturalWidth;
        cell.picture.height = image.naturalHeight;
        cell.picture.getContext("2d").drawImage(image, 0, 0);
        cell.image = image;
      }
      const top = preferences.own || !strong ? (map && peak(map)) || 1 : strong;
      const mark = map && `${data.hash} ${drawnBy(store).code} ${id} ${top}`;
      if (map && cell.mark !== mark) { paint(cell.map, map, top, signed); cell.mark = mark; }
      cell.map.hidden = !map || !preferences.map;
      cell.map.style.opacity = preferences.opacity;
      const weak = map && peak(map) < floor ? " · weak" : "";
      if (cell.map.hidden && id) cell.caption.textContent = "picture";
      else if (legend) cell.caption.replaceChildren(...speaking(data, legend), weak);
      else cell.caption.textContent = caption + weak;
      cell.caption.hidden = !caption;
    });
    for (const button of views) button.setAttribute("aria-pressed", button.dataset.view === preferences.view);
    flip.setAttribute("aria-pressed", preferences.map);
    slider.value = Math.round(preferences.opacity * 100);
    drawScale();
    drawMethods();
    missing.draw({ data, method, answer: answerOf(store) });
    if (!missing.box.hidden) scale.hidden = true; // Its place in the bar is taken.
    place();
  }
  function drawMethods() {
    const { data } = store, method = methodOf(store);
    chooser.hidden = !data.more;
    if (!data.more) return;
    if (!chooser.childElementCount) chooser.append(...data.methods.map(({ code, name, says, source }) => make("option", { value: code, title: `${says} (${source})` }, name)));
    chooser.value = method.code;
    chooser.title = `${method.says} (E for the next way)`;
  }
  function drawScale() {
    const { data, preferences } = store, signed = preferences.view === "diff";
    const shown = signed ? differenceOf(store) : mapOf(store, shownCode(store));
    const { strong } = scaleOf(store), own = preferences.own || !strong;
    const top = figure((own ? shown && peak(shown) : strong) || 0);
    const whose = make("small", {}, own ? "own scale" : "run's scale");
    const colours = make("i", { style: `background:${signed ? DIVERGING_CSS : RAMP_CSS}` });
    scale.classList.toggle("signed", signed);
    scale.hidden = !shown;
    if (signed) {
      const [first, second] = opposed(store);
      scale.replaceChildren(make("span", { title: `speaks for ${named(data, second)}` }, `${second} −${top}`), colours, make("span", { title: `speaks for ${named(data, first)}` }, `+${top} ${first}`), whose);
    } else scale.replaceChildren("0", colours, top, whose);
    const sides = signed ? `− speaks for ${named(data, opposed(store)[1])}, + for ${named(data, opposed(store)[0])}, grey in the middle is zero. ` : "";
    scale.title = sides + (own
      ? "Colours stretched to this map's own peak: shows where, not how strongly. Press A for the run's scale."
      : "The same colours mean the same strength for every image of this run. Press A for this map's own scale.");
  }
  function buildCell() {
    const cell = {
      picture: make("canvas", { class: "picture" }), map: make("canvas", { class: "map" }),
      caption: make("span", { class: "caption" }), ruler: make("span", { class: "ruler", hidden: "" }), image: null, mark: null,
    };
    cell.layer = make("div", { class: "layer" }, cell.picture, cell.map);
    cell.pane = make("div", { class: "pane" }, cell.layer, cell.caption, cell.ruler);
    panes.append(cell.pane);
    return cell;
  }

  /* Zoom is kept as a factor of "the whole picture fits" and the point in the pane's middle, so it means the
     same in every pane and for the next image. */
  function place() {
    if (!image || !cells.length) return;
    const { zoom } = store, { clientWidth: width, clientHeight: height } = cells[0].pane;
    const whole = Math.min(width / image.naturalWidth, height / image.naturalHeight);
    const w = image.naturalWidth * whole * zoom.scale, h = image.naturalHeight * whole * zoom.scale;
    const hold = (at, size, room) => (size <= room ? 0.5 : Math.min(1 - room / size / 2, Math.max(room / size / 2, at)));
    zoom.x = hold(zoom.x, w, width);
    zoom.y = hold(zoom.y, h, height);
    const aside = (room, size) => `${8 + Math.max(0, (room - size) / 2)}px`; // Captions lie on the picture.
    for (const { layer, caption, ruler } of cells) {
      for (const one of [caption, ruler]) one.style.bottom = aside(height, h);
      caption.style.left = ruler.style.right = aside(width, w);
      layer.style.width = `${w}px`;
      layer.style.height = `${h}px`;
      layer.style.transform = `translate(${width / 2 - zoom.x * w}px, ${height / 2 - zoom.y * h}px)`;
    }
    drawRuler(cells[0].ruler, w, Math.min(w, width));
    fit.textContent = zoom.scale > 1.005 ? `${zoom.scale.toFixed(1)}×` : "Fit";
    panes.classList.toggle("zoomed", zoom.scale > 1.005);
  }
  /* A bar of a round length in micrometres, where the size of a pixel is known: that of BreakHis' full pictures. */
  function drawRuler(ruler, drawn, room) {
    const { micron } = store.data ?? {}, known = micron && image.naturalWidth === FULL;
    ruler.hidden = !known;
    if (!known) return;
    const each = (micron * FULL) / drawn, most = each * Math.min(160, room / 3), power = 10 ** Math.floor(Math.log10(most));
    const length = [5, 2, 1].map((digit) => digit * power).find((one) => one <= most);
    ruler.style.setProperty("--length", `${length / each}px`);
    ruler.textContent = `${+length.toPrecision(1)} µm`;
  }
  function zoomTo(factor, event) {
    const { zoom } = store, before = zoom.scale;
    zoom.scale = Math.min(16, Math.max(1, factor));
    if (event && image) { // The point under the pointer stays under it.
      const pane = event.target.closest(".pane"), box = pane.getBoundingClientRect();
      const whole = Math.min(box.width / image.naturalWidth, box.height / image.naturalHeight);
      const shift = (at, size) => (at / (size * whole)) * (1 / before - 1 / zoom.scale);
      zoom.x += shift(event.clientX - box.left - box.width / 2, image.naturalWidth);
      zoom.y += shift(event.clientY - box.top - box.height / 2, image.naturalHeight);
    }
    place();
  }
  panes.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomTo(store.zoom.scale * Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0018)), event);
  }, { passive: false });
  panes.addEventListener("dblclick", (event) => zoomTo(store.zoom.scale > 1.005 ? 1 : 3, event));
  panes.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !image) return;
    panes.setPointerCapture(event.pointerId);
    panes.classList.add("dragging");
    let [x, y] = [event.clientX, event.clientY];
    const move = (moved) => {
      const box = cells[0].layer.getBoundingClientRect();
      store.zoom.x -= (moved.clientX - x) / box.width;
      store.zoom.y -= (moved.clientY - y) / box.height;
      [x, y] = [moved.clientX, moved.clientY];
      place();
    };
    const end = () => { panes.classList.remove("dragging"); panes.removeEventListener("pointermove", move); };
    panes.addEventListener("pointermove", move);
    panes.addEventListener("pointerup", end, { once: true });
    panes.addEventListener("pointercancel", end, { once: true });
  });

  const does = {
    m: () => prefer(store, { map: !store.preferences.map }),
    p: () => choose(store, "predicted"),
    t: () => choose(store, "true"),
    a: () => prefer(store, { own: !store.preferences.own }),
    e: () => {
      const all = store.data.more ? store.data.methods : [OWN], at = all.findIndex(({ code }) => code === methodOf(store).code);
      prefer(store, { method: all[(at + 1) % all.length].code });
      kept.look();
    },
    ArrowUp: () => prefer(store, { opacity: Math.min(1, store.preferences.opacity + 0.1), map: true }),
    ArrowDown: () => prefer(store, { opacity: Math.max(0, store.preferences.opacity - 0.1), map: true }),
    "+": () => zoomTo(store.zoom.scale * 1.4), "=": () => zoomTo(store.zoom.scale * 1.4),
    "-": () => zoomTo(store.zoom.scale / 1.4), 0: () => zoomTo(1),
    "?": allKeys, Escape: () => list?.close() ?? false,
    ...Object.fromEntries(Object.entries(VIEWS).map(([view, [, key]]) => [key.toLowerCase(), () => prefer(store, { view })])),
  };
  /* Where nobody reviews, the list of keys is ours. */
  function allKeys() {
    if (store.help) return store.help();
    if (!list) root.append((list = keyList(KEYS)).box);
    return list.toggle();
  }
  function looking() {
    const { view, opacity } = store.preferences, label = VIEWS[view]?.[0] ?? view;
    if (cells.length > 2) return label;
    const panes = cells.map(({ caption }) => caption.textContent || "picture").join(" | ");
    return `${label}: ${panes}${cells.some(({ map }) => !map.hidden) ? `, map at ${Math.round(100 * opacity)} %` : ""}`;
  }
  const away = listen(() => (store.data?.keys ? does : {}));
  const untold = whenTurned(() => {
    help.textContent = keysAreOn() ? "?" : "? keys off";
    help.title = keysAreOn() ? "All keys (?)" : "All keys, and the switch that turns them on";
  });
  const sizes = new ResizeObserver(place);
  sizes.observe(panes);
  store.listeners.add(draw);

  /* The next image is here already: it is shown before the server knows, who is told which image was left. */
  function shows(ahead, number) {
    const { data } = store, { progress } = data;
    show({ ...data, ...ahead, ahead: null, next: data.next.slice(1), early: number,
      progress: progress && { ...progress, place: progress.place + 1, about: "", stands: "", answer: "", said: "" } });
  }
  function update(data) {
    root.style.setProperty("--height", data.height);
    store.show = shows;
    store.looking = looking;
    return show(data);
  }
  function prepare({ next }) {
    for (const url of next) picture(url).catch(() => {});
    kept.preload(next.map((url) => url.split("/").pop()));
  }
  async function show(data) {
    const mark = `${data.hash} ${data.picture}`;
    newest = data;
    if (wanted === mark) {
      if (store.data?.hash === data.hash) { store.data = data; there(data); tell(store); prepare(data); }
      return;
    }
    wanted = mark;
    let next = null;
    try { next = await picture(data.picture); } catch { /* Told below. */ }
    if (wanted !== mark) return; // A later image was asked for meanwhile.
    data = newest; // The server may have said more of this one meanwhile.
    problem.hidden = next !== null;
    problem.textContent = next ? "" : `${data.name} cannot be shown: its file is gone or damaged.`;
    panes.hidden = next === null;
    image = next;
    Object.assign(store, { data, maps: data.maps ? unpack(data) : null });
    there(data);
    if (!["predicted", "true"].includes(store.kind)) store.kind = "predicted"; // A class chosen by hand was for that image.
    tell(store);
    panes.setAttribute("aria-label", data.name);
    root.dataset.shown = data.hash;
    kept.look();
    prepare(data);
  }
  const there = ({ early, heard }) => arrived(store, early ?? store.outbox.heard(heard));
  function remove() {
    away();
    untold();
    store.listeners.delete(draw);
    sizes.disconnect();
    built.delete(parent);
    store.data = store.maps = store.show = store.looking = null;
    tell(store);
    bar.replaceChildren();
    panes.replaceChildren();
    list?.remove();
    problem.remove();
    missing.box.remove();
    kept.stop();
  }
  return { update, remove };
}

/* ---------- the verdict: true, predicted, eight bars, the map's strength ---------- */
export function verdict({ data, parentElement }) {
  let view = built.get(parentElement);
  if (!view) {
    wear(parentElement, sheets);
    const store = storeOf(data.viewer), root = parentElement.querySelector(".verdict");
    const draw = () => (store.data ? drawVerdict(store, root) : root.replaceChildren());
    store.listeners.add(draw);
    draw();
    built.set(parentElement, (view = { remove() { store.listeners.delete(draw); built.delete(parentElement); } }));
  }
  return view.remove;
}

function drawVerdict(store, root) {
  const { data, maps } = store, shown = shownCode(store);
  const side = (code) => data.classes[index(data, code)].side;
  const said = (what, code, extra, [sign, word] = []) => [
    make("dt", {}, what),
    make("dd", { "data-side": side(code) }, make("b", {}, named(data, code)), make("span", {}, side(code)), make("em", {}, ...(sign ? [make("b", { class: "mark", role: "img", "aria-label": word, title: word }, sign), " "] : []), extra)),
  ];
  const percent = (p) => (p >= 0.995 && p < 1 ? ">99 %" : `${Math.round(p * 100)} %`);
  const [, third] = data.classes.map(({ code }, i) => [data.probabilities[i], code]).filter(([, code]) => code !== data.true && code !== data.predicted).sort(([a], [b]) => b - a)[0];
  const right = !data.true ? [] : data.true === data.predicted ? ["✓", "right"] : ["✗", "wrong"];
  const bars = data.classes.map(({ code, name, side }, i) => {
    const p = data.probabilities[i], roles = [code === data.true && "true", code === data.predicted && "predicted"].filter(Boolean);
    const row = make("button", {
      class: `bar ${roles.join(" ")}${roles.length || code === shown || code === third ? "" : " rest"}`, "data-side": side, "aria-pressed": code === shown,
      title: maps ? `Show the map of ${name}` : name, onclick: () => maps && choose(store, code),
    }, make("span", { class: "name" }, name), make("span", { class: "track" }, make("i", { style: `width:${p * 100}%` })), make("span", { class: "p" }, percent(p)));
    return row;
  });
  const strength = drawStrength(store);
  root.replaceChildren(
    ...(data.progress ? drawProgress(data) : []),
    make("dl", { class: "said" }, ...(data.true ? said("True", data.true, "") : []), ...said("Predicted", data.predicted, percent(data.probabilities[index(data, data.predicted)]), right)),
    make("div", { class: `bars ${store.unfolded ? "" : "folded"}` }, ...bars,
      make("button", { class: "more", "aria-expanded": Boolean(store.unfolded), onclick: () => { store.unfolded = !store.unfolded; tell(store); } }, store.unfolded ? "the likeliest only" : "all eight")), strength,
    ...(data.progress ? [make("p", { class: "done", role: "status", title: data.progress.said }, data.progress.said)] : []));
}

/* How strong the map on screen is, in the run's own terms; a weak one gets a plain sentence. */
function drawStrength(store) {
  const { data, preferences } = store, shown = shownCode(store), signed = preferences.view === "diff";
  const map = signed ? differenceOf(store) : mapOf(store, shown), strength = make("p", { class: "strength" });
  const { strong, weak: floor } = scaleOf(store), usual = strong ? `${figure(floor)} to ${figure(strong)}` : "not known yet";
  if (!map) return strength;
  const weak = peak(map) < floor, highest = (sign) => map.reduce((a, b) => Math.max(a, sign * b), 0);
  const peaks = (code, sign) => `${code} ${sign > 0 ? "+" : "−"}${figure(highest(sign))}`;
  const said = signed ? `Difference: ${peaks(opposed(store)[0], 1)}, ${peaks(opposed(store)[1], -1)}` : `Map of ${named(data, shown)}: peak ${figure(peak(map))}`;
  const plain = !weak ? "" : signed ? "Weak difference: both maps say nearly the same." : "Weak map: read little into where it points.";
  strength.append(make("span", {}, said), make("span", { class: "range" }, signed ? `maps usually ${usual}` : `usual ${usual}`));
  strength.classList.toggle("weak", weak);
  const [faith, fails] = drawTrust(data, drawnBy(store), knownMaps(data, drawnBy(store).code), shown, methodOf(store).code === OWN.code && store.start);
  // Three lines at most: the keys below must not move.
  if (weak && !signed && fails.textContent) faith.append(" · weak map");
  strength.append(...(signed ? [] : [faith]), fails, make("span", { class: "plain" }, signed || !fails.textContent ? plain : ""));
  return strength;
}

function drawProgress({ name, progress }) {
  const { place, total, answered, about, hint, stands, answer, left, pace } = progress;
  return [
    make("div", { class: "place" }, make("span", {}, make("b", {}, String(place)), ` of ${total}`), make("span", {}, left), make("span", {}, `${answered} reviewed`)),
    make("div", { class: "line" }, make("i", { style: `width:${(100 * answered) / total}%` })),
    make("div", { class: "file" }, make("span", { title: name }, name), make("span", { class: "pace", title: "Median of your last answers, pauses left out" }, pace)),
    make("div", { class: `stands ${answer}`, title: [hint, stands].filter(Boolean).join(" · ") }, [about, stands].filter(Boolean).join(" · ") || "\u00a0"),
  ];
}
