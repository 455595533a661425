// The card's code: fresh every 30 seconds; without a network the last one stays until it expires.
const box = document.querySelector("[data-test=code]");
const picture = document.getElementById("code");
const said = document.getElementById("code-said");
const told = document.getElementById("code-told");
const TOLD = {
  good: "二维码可用,自动更新。", poor: "网络不佳,二维码暂时还可用,正在重试。",
  over: "网络不佳,二维码已过期,正在重试。",
};
const again = document.getElementById("code-again");
const EVERY = 30000, LIFE = 60000, PATIENCE = 8000;

// Opened without a network: the page is the one of then, and so is its code.
const kept = Number(box.dataset.kept) || 0;
const old = document.getElementById("kept");
let shownAt = kept || Date.now();
let nextAt = shownAt + EVERY;
let tries = 0;
let asking = false;
let address = null;

if (kept) {
  old.hidden = false;
  old.textContent = `没有网络,显示的是 ${new Date(kept).toLocaleString("zh-CN", { hour12: false })} 的状态,联网后自动更新。`;
}
// Without a network the card opens all the same (card-worker.js); where workers are not to be had, not.
if ("serviceWorker" in navigator && !kept) {
  const fresh = !navigator.serviceWorker.controller;
  navigator.serviceWorker.register("/card-worker.js", { scope: "/card" })
    .then(() => navigator.serviceWorker.ready)
    .then((worker) => fresh && worker.active.postMessage("keep"))
    .catch(() => {});
}

const clock = (at) => new Date(at).toLocaleTimeString("zh-CN", { hour12: false });

function tell() {
  const now = Date.now();
  const over = now - shownAt >= LIFE;
  const net = tries === 0 && !over ? "good" : over ? "over" : "poor";
  // The seconds are for eyes; a screen reader is told only of what changes.
  if (box.dataset.net !== net) told.textContent = TOLD[net];
  box.dataset.net = net;
  again.hidden = tries === 0 && !over;
  if (over) said.textContent = `网络不佳,此码已过期(${clock(shownAt)} 更新),正在重试…`;
  else if (tries) said.textContent = `网络不佳,此码 ${clock(shownAt)} 更新,还可用 ${Math.ceil((shownAt + LIFE - now) / 1000)} 秒`;
  else said.textContent = `请向工作人员出示,${Math.max(0, Math.ceil((nextAt - now) / 1000))} 秒后自动更新`;
}

async function refresh() {
  if (asking) return;
  asking = true;
  try {
    const answer = await fetch("/v1/me/card/presentations", {
      method: "POST", headers: { Accept: "image/svg+xml" }, cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (answer.status === 401) { location.assign("/sign-in?next=/card"); return; }
    if (answer.status === 409 || answer.status === 404) { location.reload(); return; }
    if (!answer.ok) throw new Error(String(answer.status));
    if (kept) { location.reload(); return; }
    await show(await answer.blob());
    tries = 0;
    shownAt = Date.now();
    nextAt = shownAt + EVERY;
  } catch {
    tries += 1;
    nextAt = Date.now() + Math.min(2000 * tries, 10000);
  } finally {
    asking = false;
    tell();
  }
}

// The picture is ready before it takes the old one's place, so that nothing flickers.
async function show(blob) {
  const fresh = URL.createObjectURL(blob);
  const image = new Image();
  image.alt = "惠才卡二维码";
  image.src = fresh;
  await image.decode();
  picture.replaceChildren(image);
  if (address) URL.revokeObjectURL(address);
  address = fresh;
}

setInterval(() => {
  tell();
  if (!document.hidden && Date.now() >= nextAt) refresh();
}, 500);
again.addEventListener("click", refresh);
window.addEventListener("online", refresh);
window.addEventListener("pageshow", (event) => { if (event.persisted) refresh(); });
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && Date.now() >= nextAt) refresh();
});
tell();
if (kept) refresh();
