// Small manners of every page; each page works without them.

// A form that is under way is not sent twice by an impatient finger.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sending) {
    event.preventDefault();
    return;
  }
  form.dataset.sending = "yes";
  setTimeout(() => delete form.dataset.sending, 4000);
});

// A page that comes back out of the browser's memory may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sending]")) delete form.dataset.sending;
});

// `data-confirm` asks before something that cannot be undone.
document.addEventListener("click", (event) => {
  const asked = event.target.closest("[data-confirm]");
  if (asked && !window.confirm(asked.dataset.confirm)) event.preventDefault();
});

// Whoever chooses a file is asked for the declaration at once: a browser cannot fill a refused
// file in again.
document.addEventListener("change", (event) => {
  const form = event.target.form;
  const declaration = form?.querySelector("[data-declaration]");
  if (!declaration || event.target.type !== "file") return;
  declaration.required = [...form.querySelectorAll("input[type=file]")].some((i) => i.files.length);
});

// Whoever signs in finds nothing of who was here before (card-worker.js).
if (location.pathname === "/sign-in" && "caches" in window) caches.delete("card");
