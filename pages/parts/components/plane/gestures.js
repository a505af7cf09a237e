/* Pointer and keys on the plane: moving, zooming, and drawing a rectangle or a lasso around points. */

const MOST = 200;

export class Gestures {
  /* `told` has `changed()`, `chosen(outline, add)`, `hovered(x, y)`, `clicked(x, y)`, `home()` and `cleared()`. */
  constructor(canvas, painting, outline, told) {
    Object.assign(this, { canvas, painting, outline, told, mode: "move" });
    canvas.addEventListener("wheel", (event) => this.#turn(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.#press(event));
    canvas.addEventListener("pointermove", (event) => !event.buttons && told.hovered(...this.#place(event)));
    canvas.addEventListener("pointerleave", () => told.hovered(null));
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  #place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #turn(event) {
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0018)), ...this.#place(event));
  }

  /* Zoom by a factor; what is at this pixel stays there. */
  zoom(factor, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) {
    const { view } = this.painting, before = this.painting.frame();
    const [across, down] = [(x - before.left) / before.unit, (y - before.top) / before.unit];
    view.scale = Math.min(MOST, Math.max(0.5, view.scale * factor));
    const after = this.painting.frame();
    this.pan(x - (across * after.unit + after.left), y - (down * after.unit + after.top));
  }

  pan(across, down) {
    const { view } = this.painting, { unit } = this.painting.frame();
    view.x = Math.min(1.2, Math.max(-0.2, view.x - across / unit));
    view.y = Math.min(1.2, Math.max(-0.2, view.y + down / unit));
    this.told.changed();
  }

  #press(event) {
    if (event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.told.hovered(null);
    const mode = event.shiftKey && this.mode === "move" ? "rectangle" : this.mode;
    const add = event.ctrlKey || event.metaKey, track = [this.#place(event)];
    const move = (moved) => {
      const last = track.at(-1), next = this.#place(moved);
      if (mode === "move") this.pan(next[0] - last[0], next[1] - last[1]);
      track.push(next);
      if (mode !== "move") this.#sketch(around(mode, track));
    };
    const end = (ended) => {
      this.canvas.removeEventListener("pointermove", move);
      this.canvas.removeEventListener("pointerup", end);
      this.canvas.removeEventListener("pointercancel", end);
      this.#sketch([]);
      const far = Math.max(...track.map(([x, y]) => Math.hypot(x - track[0][0], y - track[0][1])));
      if (ended.type === "pointercancel") return;
      if (far < 4) this.told.clicked(...track[0]);
      else if (mode !== "move") this.told.chosen(around(mode, track), add);
    };
    this.canvas.addEventListener("pointermove", move);
    this.canvas.addEventListener("pointerup", end);
    this.canvas.addEventListener("pointercancel", end);
  }

  #sketch(points) { this.outline.setAttribute("points", points.map((point) => point.join(",")).join(" ")); }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = 60, acts = {
      ArrowLeft: () => this.pan(step, 0), ArrowRight: () => this.pan(-step, 0),
      ArrowUp: () => this.pan(0, step), ArrowDown: () => this.pan(0, -step),
      "+": () => this.zoom(1.4), "=": () => this.zoom(1.4), "-": () => this.zoom(1 / 1.4),
      Home: this.told.home, 0: this.told.home, Escape: this.told.cleared,
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
  }
}

/* The outline that a track of the pointer stands for. */
function around(mode, track) {
  if (mode === "lasso") return track;
  const [[ax, ay], [bx, by]] = [track[0], track.at(-1)];
  return [[ax, ay], [bx, ay], [bx, by], [ax, by]];
}
