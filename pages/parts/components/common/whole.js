/* How a component comes to the browser: its function, in its styles, and not before both are here.
 *
 * Streamlit runs a few lines of its own for each component (declaring.py writes them); they end here. */

const sheets = new Map(); // Each sheet is read once and worn by every root that asks.

function sheet(rules) {
  const made = new CSSStyleSheet();
  made.replaceSync(rules);
  return made;
}

function remembered(name, make) {
  if (!sheets.has(name)) sheets.set(name, make());
  return sheets.get(name);
}

const sheetAt = (url) => remembered(url, async () => sheet(await (await fetch(url)).text()));

function wear(element, wanted) {
  const root = element.getRootNode(), missing = wanted.filter((one) => !root.adoptedStyleSheets.includes(one));
  if (missing.length) root.adoptedStyleSheets = [...root.adoptedStyleSheets, ...missing];
}

/* Return `draw` in its styles: the files at `urls` after `sides`, the rules with the colours of the two sides. */
export async function whole(draw, urls, sides) {
  if (!urls.length) return draw;
  const wanted = await Promise.all([remembered(sides, () => sheet(sides)), ...urls.map(sheetAt)]);
  return (mounted) => {
    wear(mounted.parentElement, wanted);
    return draw(mounted);
  };
}

/* Return the function of a component that is built once for each place on a screen and then told what is new.
 * `build(mounted)` makes it, with two methods: `update(mounted)` and `remove()`. */
export function builtOnce(build) {
  const built = new WeakMap();
  return (mounted) => {
    const place = mounted.parentElement;
    if (!built.has(place)) {
      const made = build(mounted);
      const remove = () => { built.delete(place); made.remove(); };
      built.set(place, { made, remove });
    }
    const { made, remove } = built.get(place);
    made.update(mounted);
    return remove;
  };
}
