/* What our components share: making elements, their style, and telling when somebody types. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    name.startsWith("on") ? element.addEventListener(name.slice(2), value) : value != null && element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/* Style sheets, read once each and worn by every root that asks: the files at `urls`, and `sides`, the sides' colours. */
const read = new Map();
const sheet = (rules) => { const made = new CSSStyleSheet(); made.replaceSync(rules); return made; };
const sheetAt = (url) => read.get(url) ?? read.set(url, fetch(url).then((answer) => answer.text()).then(sheet)).get(url);
export const sheetsOf = (urls, sides) => Promise.all([sheet(sides), ...urls.map(sheetAt)]);
export function wear(element, sheets) {
  const root = element.getRootNode();
  if (!root.adoptedStyleSheets.includes(sheets[0])) root.adoptedStyleSheets = [...root.adoptedStyleSheets, ...sheets];
}

/* Unfold the choice of the queue and go into it; what is in it comes from the server. */
export function chooseQueue() {
  document.querySelector(".st-key-queue-choice button")?.click();
  const until = Date.now() + 10000;
  const waiting = setInterval(() => {
    const first = document.querySelector(".st-key-choice-part input");
    first?.focus();
    if (first || Date.now() > until) clearInterval(waiting);
  }, 50);
}

export const typing = (event) =>
  event.composedPath().some((at) => at.isContentEditable || (at.matches?.("input:not([type=range]), textarea, select") ?? false));
