/* Shows the top of the screen. */
export function toTop() {
  document.querySelector('[data-testid="stMain"]')?.scrollTo(0, 0);
}
