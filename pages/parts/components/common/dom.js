/* Elements of the page: making them, and what several components do with them. */

/* Make an element; attributes whose names begin with "on" are listeners, and those without a value are left out. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value != null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/* Make the thumbnail of an image, or where its file is gone the words for that. */
export function thumbnail(hash, attributes = {}) {
  const image = make("img", { src: `/thumbnail/${hash}`, ...attributes });
  image.addEventListener("error", () => image.replaceWith(make("div", { class: "gone" }, "picture gone")));
  return image;
}

/* Unfold the choice of the queue and go into it; what is in it comes from the server. */
export function chooseQueue() {
  document.querySelector(".st-key-queue-choice button")?.click();
  const until = Date.now() + 10000;
  const waiting = setInterval(() => {
    const first = document.querySelector(".st-key-choice-show input");
    first?.focus();
    if (first || Date.now() > until) clearInterval(waiting);
  }, 50);
}

const FIELDS = "input:not([type=range]), textarea, select";
export const typing = (event) =>
  event.composedPath().some((at) => at.isContentEditable || (at.matches?.(FIELDS) ?? false));
