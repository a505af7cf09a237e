/* A small field that jumps to an image by its number or a part of its name. Typing in it triggers no key. */
import { make } from "./dom.js";

export function jumpField(jump) {
  const field = make("input", {
    class: "jump", hidden: "", placeholder: "Number, or part of a name",
    "aria-label": "Jump to an image by its number or a part of its name", onblur: close, onkeydown: pressed,
  });
  function close() {
    field.hidden = true;
    field.value = "";
  }
  function pressed(event) {
    event.stopPropagation(); // Streamlit's shortcuts listen further up, where the field looks like its host.
    if (event.key !== "Enter" && event.key !== "Escape") return;
    const wanted = event.key === "Enter" && field.value.trim();
    close();
    if (wanted) jump(wanted);
  }
  return { field, open() { field.hidden = false; field.focus(); } };
}
