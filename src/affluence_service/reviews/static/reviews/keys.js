// One keystroke a verdict: the key that stands on the button, unless something is being typed. While the next customer
// is on the way a key says nothing: it would be said of somebody who was not looked at.
const COMING = ".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added";
document.addEventListener("keydown", (event) => {
  if (event.repeat || document.querySelector(COMING)) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=hidden]), textarea, select")) return;
  const button = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (button) { event.preventDefault(); button.click(); }
});
// Whoever answers by keyboard stays at the stack when the next customer comes.
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "stack") document.querySelector("#stack h2, #stack .note")?.setAttribute("tabindex", "-1");
  document.querySelector("#stack h2, #stack .note")?.focus({ preventScroll: true });
});
