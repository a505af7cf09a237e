/* One store a viewer: what its parts share. Zoom, opacity, view and scale belong to the person, not to the image:
 * they stay when the next image comes. */
import { outbox } from "../common/outbox.js";

const PREFERENCES = "breakhis-viewer";
const DEFAULTS = {
  view: "overlay", map: true, opacity: 0.7, own: false, method: "gradcam",
  contour: false, // The line around most of the evidence instead of the film.
  gamma: 1, // How much the second sub-type counts in the difference.
};
const stores = new Map();

export function storeOf(name) {
  if (!stores.has(name)) stores.set(name, makeStore());
  return stores.get(name);
}

function makeStore() {
  return {
    preferences: { ...DEFAULTS, ...keptPreferences() },
    zoom: { scale: 1, x: 0.5, y: 0.5 },
    data: null, // What the server said of the image on screen.
    maps: null, // Its class maps by Grad-CAM, in the order of the sub-types.
    kind: "predicted", // Whose map is shown: of the "predicted" or "true" sub-type, or of the one with this code.
    listeners: new Set(),
    outbox: outbox(),
    pending: null, // What the person did that will change the image: nothing else is known of the next one yet.
    asked: null, // The image whose map was asked for though it is no better than chance.
    correcting: null, // The image whose sub-type is asked for, its label and prediction, and what was chosen.
    show: null, looking: null, send: null, help: null, start: null, // What one part offers to the others.
  };
}

function keptPreferences() {
  try { return JSON.parse(localStorage.getItem(PREFERENCES)) || {}; } catch { return {}; /* A private window. */ }
}

export function tell(store) { for (const listener of store.listeners) listener(); }

export function prefer(store, change) {
  Object.assign(store.preferences, change);
  try { localStorage.setItem(PREFERENCES, JSON.stringify(store.preferences)); } catch { /* As above. */ }
  tell(store);
}

export function choose(store, kind) { store.kind = kind; tell(store); }

/* The server has heard up to `number`, and what came of it is on screen. */
export function arrived(store, number) { if (store.pending && store.pending.number <= number) store.pending = null; }
