// Opens the card where there is no network: its last state, marked with the time of it.
// Nothing but this one page is kept, on this device only, and gone when somebody signs in or out.
const KEPT = "card", PAGE = "/card", PATIENCE = 6000;
const PARTS = (path) => path.startsWith("/static/") || path === "/v1/me/photo";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => {
  // The page that brought the worker along was loaded before it could see it.
  if (event.data === "keep") event.waitUntil(fetch(PAGE, { redirect: "manual" }).then(keep));
});
self.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const at = new URL(url);
  if (method !== "GET" || at.origin !== location.origin) return;
  if (mode === "navigate" && at.pathname === PAGE) event.respondWith(page(event.request));
  else if (PARTS(at.pathname)) event.respondWith(part(event.request));
});

async function page(request) {
  try {
    const answer = await soon(fetch(request));
    if (answer.status >= 500) throw new Error(String(answer.status));
    await keep(answer.clone());
    return answer;
  } catch (gone) {
    const last = await caches.match(PAGE, { cacheName: KEPT });
    if (last) return last;
    throw gone;
  }
}

async function part(request) {
  try {
    const answer = await soon(fetch(request));
    // Only what belongs to a page that is kept: nothing stays behind after signing out.
    if (answer.ok && (await caches.has(KEPT))) await (await caches.open(KEPT)).put(request, answer.clone());
    return answer;
  } catch (gone) {
    const last = await caches.match(request, { cacheName: KEPT, ignoreVary: true });
    if (last) return last;
    throw gone;
  }
}

// Signed out, somebody else, no card, stopped: what was kept is over.
async function keep(answer) {
  const text = answer.ok && answer.type === "basic" ? await answer.text() : "";
  const mark = 'data-test="code"';
  if (!text.includes(mark)) return caches.delete(KEPT);
  const headers = new Headers(answer.headers);
  for (const name of ["content-encoding", "content-length"]) headers.delete(name);
  const stamped = text.replace(mark, `${mark} data-kept="${Date.now()}"`);
  const kept = await caches.open(KEPT);
  return kept.put(PAGE, new Response(stamped, { headers }));
}

function soon(answer) {
  const late = new Promise((_, fail) => setTimeout(() => fail(new Error("late")), PATIENCE));
  return Promise.race([answer, late]);
}
