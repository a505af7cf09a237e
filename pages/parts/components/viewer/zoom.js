/* Zoom and pan, and the ruler that follows from them.
 *
 * Zoom is kept as a factor of "the whole picture fits" and the point in the pane's middle, so it means the same in
 * every pane and for the next image. */

const MOST = 16;
const FULL = 700; // Pixels from left to right of a picture as BreakHis publishes it.

export class Zoom {
  /* `panes` has the cells and the image; `changed` is called with the factor when it may have changed. */
  constructor(store, panes, changed) {
    Object.assign(this, { store, panes, changed });
    const { element } = panes;
    element.addEventListener("wheel", (event) => this.#turn(event), { passive: false });
    element.addEventListener("dblclick", (event) => this.to(this.isWhole() ? 3 : 1, event));
    element.addEventListener("pointerdown", (event) => this.#drag(event));
    this.sizes = new ResizeObserver(() => this.place());
    this.sizes.observe(element);
  }

  remove() { this.sizes.disconnect(); }

  isWhole() { return this.store.zoom.scale <= 1.005; }

  /* Put the picture of each pane where the zoom says. */
  place() {
    const { store: { zoom }, panes: { cells, image, element } } = this;
    if (!image || !cells.length) return;
    const { clientWidth, clientHeight } = cells[0].pane;
    const factor = fitting(image, clientWidth, clientHeight) * zoom.scale;
    const width = image.naturalWidth * factor, height = image.naturalHeight * factor;
    zoom.x = hold(zoom.x, width, clientWidth);
    zoom.y = hold(zoom.y, height, clientHeight);
    const left = clientWidth / 2 - zoom.x * width, top = clientHeight / 2 - zoom.y * height;
    for (const { layer, caption, ruler } of cells) {
      for (const one of [caption, ruler]) one.style.bottom = aside(clientHeight, height);
      caption.style.left = ruler.style.right = aside(clientWidth, width);
      layer.style.width = `${width}px`;
      layer.style.height = `${height}px`;
      layer.style.transform = `translate(${left}px, ${top}px)`;
    }
    this.#drawRuler(cells[0].ruler, width, Math.min(width, clientWidth));
    element.classList.toggle("zoomed", !this.isWhole());
    this.changed(zoom.scale);
  }

  /* Zoom to a factor; the point under the pointer of an event stays under it. */
  to(factor, event) {
    const { store: { zoom }, panes: { image } } = this, before = zoom.scale;
    zoom.scale = Math.min(MOST, Math.max(1, factor));
    if (event && image) {
      const box = event.target.closest(".pane").getBoundingClientRect(), whole = fitting(image, box.width, box.height);
      const shift = (at, size) => (at / (size * whole)) * (1 / before - 1 / zoom.scale);
      zoom.x += shift(event.clientX - box.left - box.width / 2, image.naturalWidth);
      zoom.y += shift(event.clientY - box.top - box.height / 2, image.naturalHeight);
    }
    this.place();
  }

  by(factor, event) { this.to(this.store.zoom.scale * factor, event); }

  #turn(event) {
    event.preventDefault();
    this.by(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0018)), event);
  }

  #drag(event) {
    const { store: { zoom }, panes: { element, cells, image } } = this;
    if (event.button !== 0 || !image) return;
    element.setPointerCapture(event.pointerId);
    element.classList.add("dragging");
    let [x, y] = [event.clientX, event.clientY];
    const move = (moved) => {
      const box = cells[0].layer.getBoundingClientRect();
      zoom.x -= (moved.clientX - x) / box.width;
      zoom.y -= (moved.clientY - y) / box.height;
      [x, y] = [moved.clientX, moved.clientY];
      this.place();
    };
    const end = () => {
      element.classList.remove("dragging");
      element.removeEventListener("pointermove", move);
    };
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", end, { once: true });
    element.addEventListener("pointercancel", end, { once: true });
  }

  /* A bar of a round length in micrometres, where the size of a pixel is known: that of BreakHis' full pictures. */
  #drawRuler(ruler, width, room) {
    const { micron } = this.store.data ?? {}, known = micron && this.panes.image.naturalWidth === FULL;
    ruler.hidden = !known;
    if (!known) return;
    const each = (micron * FULL) / width, most = each * Math.min(160, room / 3);
    const power = 10 ** Math.floor(Math.log10(most));
    const length = [5, 2, 1].map((digit) => digit * power).find((one) => one <= most);
    ruler.style.setProperty("--length", `${length / each}px`);
    ruler.textContent = `${+length.toPrecision(1)} µm`;
  }
}

/* The factor by which the whole picture fits into a room. */
const fitting = (image, width, height) => Math.min(width / image.naturalWidth, height / image.naturalHeight);

/* The point in the pane's middle, as a share of the picture: no room beside the picture while it is larger. */
function hold(at, size, room) {
  return size <= room ? 0.5 : Math.min(1 - room / size / 2, Math.max(room / size / 2, at));
}

/* Captions lie on the picture, not beside it. */
const aside = (room, size) => `${8 + Math.max(0, (room - size) / 2)}px`;
