/* All single keys of our screens, in one listener, wherever the mouse left the focus: so each key means the same
 * on a slider, behind a click and on a bare page. Not ours: what is typed in a field, what is pressed in a popover or
 * dialog, and anything with Ctrl, Alt or Meta that a screen does not name. */
import { make, typing } from "./dom.js";

const KEPT = "breakhis-keys";
const REPEATING = /^(Arrow|Page|[-+=,.])/; // Any other key that is held down is pressed once.
const layers = new Set();
const told = new Set();
let on = true;
try { on = localStorage.getItem(KEPT) !== "off"; } catch { /* Private windows keep nothing. */ }

/* Listen for keys until the function that comes back is called. `keys()` returns what each key does, by its name
 * (`"a"`, `"ArrowLeft"`, `"Ctrl a"`); a key that returns false was not meant for us after all. */
export function listen(keys) {
  layers.add(keys);
  return () => layers.delete(keys);
}
export const keysAreOn = () => on;
export const clickOn = (selector) => document.querySelector(selector)?.click();

const OVERLAYS = '[data-testid="stPopoverBody"], [role="dialog"], [role="menu"]';
const elsewhere = (event) => event.composedPath().some((at) => at.matches?.(OVERLAYS));
const keepsItsKeys = "button, a, summary, [role=tab], [role=combobox]"; // Enter and Space press it.
function onkey(event) {
  if (event.altKey || event.isComposing || typing(event) || elsewhere(event)) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const name = event.ctrlKey || event.metaKey ? `Ctrl ${key}` : key;
  if (!on && name !== "Escape") return;
  if (event.repeat && !REPEATING.test(key)) return;
  if ((key === " " || key === "Enter") && event.composedPath()[0].matches?.(keepsItsKeys)) return;
  for (const keys of [...layers].reverse()) { // What is on its way out stands behind what has just come.
    const act = keys()[name];
    if (!act || act(event) === false) continue;
    event.preventDefault();
    event.stopImmediatePropagation();
    // What a closed popover or the page's scrolling part kept of the focus would show as a ring for ever.
    const focused = document.activeElement;
    if (focused?.matches('.st-key-page-header *, [data-testid="stMain"]')) focused.blur();
    return;
  }
}
document.addEventListener("keydown", onkey, true);

function turn() {
  on = !on;
  try { localStorage.setItem(KEPT, on ? "on" : "off"); } catch { /* As above. */ }
  for (const say of told) say();
}
/* Call a function now and whenever the keys are turned on or off, until the function that comes back is called. */
export function whenTurned(say) {
  told.add(say);
  say();
  return () => told.delete(say);
}

/* The list of all keys and the switch that turns them off, for those who speak to their machine or rest on keys. */
export function keyList(rows) {
  const onclick = (event) => {
    event.stopPropagation(); // A click on anything else closes the list.
    turn();
  };
  const toggle = make("button", { class: "switch", role: "switch", onclick });
  const box = make("div", {
    class: "keys", popover: "manual", role: "group", "aria-label": "All keys", onclick: () => box.hidePopover(),
  }, make("dl", {}, ...rows.flatMap(([key, does]) => [make("dt", {}, key), make("dd", {}, does)])), toggle);
  function say() {
    toggle.textContent = on ? "Keys on" : "Keys off";
    toggle.title = on ? "Turn the single keys off in this browser" : "Turn the single keys on";
    toggle.setAttribute("aria-checked", on);
  }
  const away = whenTurned(say);
  return {
    box,
    toggle: () => box.togglePopover(),
    close: () => box.matches(":popover-open") ? box.hidePopover() : false,
    remove() { away(); box.remove(); },
  };
}
