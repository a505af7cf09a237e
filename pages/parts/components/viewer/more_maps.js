/* Maps by other methods than the run's own: fetched when their method is chosen, kept here, and asked for again
 * while a job computes them. Nothing of it travels with an image whose reviewer looks at Grad-CAM alone. */

const EVERY = 1000; // Milliseconds between two looks at a job.
const PATIENCE = 4; // Looks at a job that was wished for and does not show yet.
const KEPT = 60;
const known = new Map();
const about = new Map(); // What a method's maps usually reach in a run, and its sanity check: the last that was heard.
const idle = new Set(); // Methods of a run that nobody computes: not worth a question at every image.

const address = (key, method, image) => `/maps/${key}/${method}?image=${image}`;

/* What is known of an image's maps without asking: an answer of the server, or null. */
export const knownMaps = ({ more, hash }, method) => (more && known.get(address(more.key, method, hash))) || null;

export const aboutMaps = ({ more }, method) => (more && about.get(`${more.key} ${method}`)) || {};

/* Ask the server unless a finished answer is here; resolves to it. */
async function fetchMaps(key, method, image) {
  const url = address(key, method, image), before = known.get(url);
  if (before?.ready) return before;
  const response = await fetch(url);
  if (!response.ok) throw new Error(await response.text());
  const answer = await response.json();
  if (answer.ready) {
    unpack(answer);
    about.set(`${key} ${method}`, answer);
  }
  known.delete(url);
  known.set(url, answer); // Youngest last.
  while (known.size > KEPT) known.delete(known.keys().next().value);
  return answer;
}

function unpack(answer) {
  const { rows, columns, tops } = answer, size = rows * columns;
  const bytes = Uint8Array.from(atob(answer.maps), (letter) => letter.charCodeAt(0));
  const mapAt = (place) => {
    const cells = bytes.subarray(place * size, (place + 1) * size);
    return { rows, columns, values: Float32Array.from(cells, (value) => (value / 255) * tops[place]) };
  };
  answer.maps = Object.fromEntries(answer.codes.map((code, place) => [code, mapAt(place)]));
}

/* Follows the image and the method of a store. */
export class Follower {
  #timer = null;
  #patience = 0;

  /* `methodNow()` returns the method's code; `changed()` is called when more is known; `send(message)` sends a wish. */
  constructor(store, methodNow, changed, send) {
    Object.assign(this, { store, methodNow, changed, send });
  }

  /* Ask for the maps of the image on screen, and again while a job computes them. */
  async look() {
    clearTimeout(this.#timer);
    const { data } = this.store;
    if (!data?.more) return;
    const method = this.methodNow(), { key } = data.more, whose = `${key} ${method}`;
    if (idle.has(whose) && !this.#patience) {
      this.changed();
      return;
    }
    let answer = null;
    try { answer = await fetchMaps(key, method, data.hash); } catch { /* Asked again with the next image. */ }
    const here = this.store.data === data || this.store.data?.hash === data.hash;
    if (!here || this.methodNow() !== method) return;
    if (answer && !answer.ready) this.#goOn(whose, answer.job?.active);
    this.#patience = Math.max(0, this.#patience);
    this.changed();
  }

  #goOn(whose, active) {
    if (active) idle.delete(whose); else idle.add(whose);
    if (active || --this.#patience > 0) this.#timer = setTimeout(() => this.look(), EVERY);
  }

  /* Wish that the server starts, stops or resumes the computing. */
  wish(what) {
    this.#patience = PATIENCE; // The job shows up a moment later.
    this.send({ do: "maps", what, method: this.methodNow(), hash: this.store.data.hash });
    this.#timer = setTimeout(() => this.look(), EVERY / 3);
  }

  /* Fetch the maps of images that probably come next. */
  preload(images) {
    const { more } = this.store.data ?? {};
    if (!more || idle.has(`${more.key} ${this.methodNow()}`)) return;
    for (const image of images) fetchMaps(more.key, this.methodNow(), image).catch(() => {});
  }

  stop() { clearTimeout(this.#timer); }
}
