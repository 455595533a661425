// A clerk's keys: they move the focus and never act. Every page works without them.

const OFF = "desk-keys-off";
const dialog = document.getElementById("keys");
const rows = [...document.querySelectorAll("[data-row]")];
const chosen = dialog?.querySelector("[data-keys-on]");

const typing = (at) => at?.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");

const step = (by) => {
  const at = rows.findIndex((row) => row.closest("tr").contains(document.activeElement));
  rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))]?.focus();
};

const goTo = (key) => {
  const wanted = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!wanted) return false;
  const around = wanted.matches("summary") ? wanted.parentElement : wanted;
  if (around.matches("details")) around.open = true;
  (around.querySelector(":is(textarea, select, input:not([type=hidden]))") ?? wanted).focus();
  wanted.scrollIntoView({ block: "nearest" });
  return true;
};

if (chosen) {
  chosen.checked = !localStorage.getItem(OFF);
  chosen.addEventListener("change", () =>
    chosen.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "yes"));
}
document.querySelector("[data-keys-open]")?.addEventListener("click", () => dialog.showModal());

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (typing(event.target) || dialog?.open || localStorage.getItem(OFF)) return;
  if (event.key === "?") dialog?.showModal();
  else if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (!goTo(event.key)) return;
  event.preventDefault();
});
