/* A wall of thumbnails: click selects, Shift-click selects from the last one on, a double click opens the image.
 * Tiles are kept from draw to draw, so that a filter or a click does not load a thousand pictures again. */
const walls = new WeakMap();
export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".wall");
  const wall = walls.get(root) ?? { chosen: new Set(), tiles: new Map(), last: null, turn: data.turn };
  walls.set(root, wall);
  wall.items = data.items;
  wall.open = data.open;
  if (wall.turn !== data.turn) {
    wall.turn = data.turn;
    wall.chosen.clear();
    wall.last = null;
  }
  const known = new Set(data.items.map((item) => item.hash));
  for (const hash of wall.chosen) if (!known.has(hash)) wall.chosen.delete(hash);
  if (!known.has(wall.last)) wall.last = null;
  wall.tell = () => setStateValue("selected", { turn: wall.turn, hashes: [...wall.chosen] });

  const shown = data.items.map((item) => {
    if (!wall.tiles.has(item.hash)) wall.tiles.set(item.hash, tileOf(wall, item.hash));
    return fill(wall.tiles.get(item.hash), item);
  });
  const same = root.children.length === shown.length && shown.every((tile, i) => root.children[i] === tile);
  if (!same) root.replaceChildren(...shown);
  mark(wall);
}

function pick(wall, hash, event) {
  const place = (one) => wall.items.findIndex((item) => item.hash === one);
  if (event.shiftKey && wall.last !== null) {
    const [from, to] = [place(wall.last), place(hash)].sort((a, b) => a - b);
    for (let i = from; i <= to; i++) wall.chosen.add(wall.items[i].hash);
  } else if (!wall.chosen.delete(hash)) wall.chosen.add(hash);
  wall.last = hash;
  mark(wall);
  wall.tell();
}

function mark(wall) {
  for (const [hash, tile] of wall.tiles) tile.setAttribute("aria-pressed", wall.chosen.has(hash));
}

function tileOf(wall, hash) {
  const make = (tag, name) => Object.assign(document.createElement(tag), { className: name });
  const tile = make("button", "tile"), picture = make("img", "picture");
  tile.dataset.hash = hash;
  Object.assign(picture, { loading: "lazy", src: `/thumbnail/${hash}`, width: 240, height: 158 });
  picture.addEventListener("error", () => picture.replaceWith(Object.assign(make("div", "gone"), { textContent: "picture gone" })));
  tile.append(picture, make("span", "words"), make("small", "small"), make("b", "badge"));
  tile.addEventListener("click", (event) => pick(wall, hash, event));
  tile.addEventListener("dblclick", () => wall.open && location.assign(wall.open + hash));
  return tile;
}

function fill(tile, item) {
  const said = JSON.stringify(item);
  if (tile.said === said) return tile; // Touching a thousand tiles for one click costs the browser a frame or more.
  tile.said = said;
  tile.title = item.title;
  const picture = tile.querySelector("img");
  if (picture) picture.alt = item.title;
  for (const part of ["words", "small", "badge"]) tile.querySelector(`.${part}`).textContent = item[part];
  return tile;
}
