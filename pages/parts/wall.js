/* A wall of thumbnails: click selects, Shift-click selects from the last one on, a double click opens the image. */
export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".wall");
  const chosen = (root.chosen ??= new Set());
  const known = new Set(data.items.map((item) => item.hash));
  for (const hash of chosen) if (!known.has(hash)) chosen.delete(hash);
  let last = null;

  function pick(index, event) {
    const { hash } = data.items[index];
    if (event.shiftKey && last !== null)
      for (let i = Math.min(last, index); i <= Math.max(last, index); i++) chosen.add(data.items[i].hash);
    else if (!chosen.delete(hash)) chosen.add(hash);
    last = index;
    mark();
    setStateValue("selected", [...chosen]);
  }
  function mark() {
    for (const tile of root.children) tile.setAttribute("aria-pressed", chosen.has(tile.dataset.hash));
  }
  root.replaceChildren(...data.items.map((item, index) => {
    const tile = document.createElement("button");
    tile.dataset.hash = item.hash;
    tile.title = item.title;
    const picture = document.createElement("img");
    Object.assign(picture, { loading: "lazy", src: `/thumbnail/${item.hash}`, alt: item.title, width: 240, height: 158 });
    picture.addEventListener("error", () => picture.replaceWith(Object.assign(document.createElement("div"), { className: "gone", textContent: "picture gone" })));
    const words = document.createElement("span"), small = document.createElement("small");
    words.textContent = item.words;
    small.textContent = item.small;
    tile.append(picture, words, small);
    tile.addEventListener("click", (event) => pick(index, event));
    if (item.open) tile.addEventListener("dblclick", () => location.assign(item.open));
    return tile;
  }));
  mark();
}
