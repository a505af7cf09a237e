/* The field for a note that goes with an answer. Typing in it triggers no key. */
import { make } from "./dom.js";

export const OTHER = 8; // The answer that needs a note.
const NOTE = "Note (N), kept with your answer";
const WANTED = "What is wrong? Enter saves, Esc cancels";

/* `typed()` is called when the text changed, `enter()` at Enter, and `cancel()` at Escape, when the text is again what
 * it was when the cursor came. */
export function noteField({ typed, enter, cancel }) {
  let entered = "";
  const field = make("input", {
    class: "note", maxlength: 500, "aria-label": "Note", autocomplete: "off",
    onfocus: () => { entered = field.value; }, oninput: typed, onkeydown: pressed,
  });
  function pressed(event) {
    event.stopPropagation(); // Streamlit's own keys listen further up, where the field looks like its host.
    if (event.isComposing) return;
    if (event.key === "Enter") enter();
    if (event.key !== "Escape") return;
    field.value = entered;
    cancel();
  }
  return {
    field,
    empty() { field.value = entered = ""; },
    /* Say that an answer waits for the note, or that it does not. */
    ask(asks) {
      field.placeholder = asks ? WANTED : NOTE;
      field.classList.toggle("wanted", asks);
    },
  };
}
