/* A small field that jumps to an image by its number or a part of its name. Typing in it triggers no key. */
export function jumpField(jump) {
  const field = document.createElement("input");
  field.className = "jump";
  field.hidden = true;
  field.placeholder = "Number, or part of a name";
  field.setAttribute("aria-label", "Jump to an image by its number or a part of its name");
  const close = () => { field.hidden = true; field.value = ""; };
  field.addEventListener("keydown", (event) => {
    event.stopPropagation(); // Streamlit's shortcuts listen further up, where the field looks like its host.
    if (event.key !== "Enter" && event.key !== "Escape") return;
    const wanted = event.key === "Enter" && field.value.trim();
    close();
    if (wanted) jump(wanted);
  });
  field.addEventListener("blur", close);
  return { field, open() { field.hidden = false; field.focus(); } };
}
