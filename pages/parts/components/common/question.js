/* Which sub-type is right? Asked once "wrong label" is saved, in the place of the answers, which come back after it. */
import { make } from "./dom.js";

export const WRONG = 6; // The answer that asks.
const WORDS = "Which sub-type is right?";
const BOUNCE = 300; // Milliseconds in which the key that asked says nothing: it was pressed twice.

/* Over `answers`, in `place`, which holds them. `choose(code)` and `skip()` say what was pressed. */
export class Question {
  #since = 0;

  constructor({ place, answers, subtypes, choose, skip }) {
    Object.assign(this, { place, answers, subtypes, choose });
    const act = (does) => (event) => {
      if (event.detail > 1) return; // The second click of two on the button that was here before.
      if (event.detail) event.currentTarget.blur();
      does();
    };
    this.buttons = subtypes.map(({ code, name, side }, number) => make("button", {
      "data-side": side, onclick: act(() => choose(code)),
    }, make("small"), make("span", {}, name), " ", make("kbd", {}, String(number + 1))));
    this.skip = make("button", { onclick: act(skip) }, make("span"), " ", make("kbd", {}, "Enter"));
    this.words = make("p", { role: "status" });
    const half = this.buttons.length / 2; // Benign and malignant.
    this.box = make("div", { class: "question", role: "group", "aria-label": WORDS },
      this.words, ...this.buttons.slice(0, half), this.skip, ...this.buttons.slice(half));
  }

  get asked() { return this.box.isConnected; }

  /* Ask of an image with this `label`, which cannot be right, with a mark at `predicted` and at what is `chosen`. */
  ask({ label, predicted, chosen }) {
    this.subtypes.forEach(({ code, name }, number) => {
      const button = this.buttons[number], roles = [code === label && "its label", code === predicted && "predicted"];
      button.disabled = code === label;
      button.title = [`${name} (${number + 1})`, ...roles.filter(Boolean)].join(", ");
      button.firstChild.textContent = code === label ? "T" : roles[1] && "P" || "";
      button.setAttribute("aria-pressed", code === chosen);
    });
    this.skip.firstChild.textContent = chosen ? "Leave it so" : "Don’t know";
    if (this.asked) return;
    const focused = this.answers.contains(this.place.getRootNode().activeElement);
    this.#since = performance.now();
    this.place.append(this.box);
    this.words.textContent = WORDS;
    if (focused) this.buttons.find((one) => !one.disabled).focus();
    this.answers.style.visibility = "hidden";
  }

  end() {
    if (!this.asked) return;
    const focused = this.box.contains(this.place.getRootNode().activeElement);
    this.box.remove();
    this.words.textContent = this.answers.style.visibility = "";
    if (focused) this.answers.querySelector("button").focus();
  }

  /* The key of the answer with this number was pressed. */
  press(number) {
    const bounced = number === WRONG && performance.now() - this.#since < BOUNCE;
    if (!bounced && this.buttons[number]?.disabled === false) this.choose(this.subtypes[number].code);
  }
}
