// The board stays true by itself: on each change that the service tells of, the same page is
// fetched again and its board put in place. Without script the page is as of when it was opened.
(() => {
  const board = document.getElementById("board");
  const live = document.querySelector("[data-live]");
  if (!board || !window.EventSource) return;
  let waiting = false;
  let again = false;

  const say = (text) => { if (live.textContent !== text) live.textContent = text; };

  async function refresh() {
    if (waiting) { again = true; return; }
    waiting = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.ok && !answer.redirected) put(await answer.text());
    } catch { /* the next change asks again */ }
    waiting = false;
    if (again) { again = false; refresh(); }
  }

  function put(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("board");
    if (!fresh) return;
    // What somebody has opened stays open, and the keyboard stays where it is.
    for (const each of board.querySelectorAll("details[open]")) {
      const same = fresh.querySelector(`#${each.id}`);
      if (same) same.open = true;
    }
    const at = document.activeElement && board.contains(document.activeElement)
      ? document.activeElement.getAttribute("href") : null;
    board.replaceChildren(...fresh.childNodes);
    if (at) [...board.querySelectorAll("a[href]")].find((a) => a.getAttribute("href") === at)?.focus();
  }

  const source = new EventSource(board.dataset.stream);
  source.onopen = () => say("● 实时更新");
  source.onerror = () => say("○ 正在重新连接");
  source.addEventListener("overview", refresh);
  window.addEventListener("pagehide", () => source.close());
})();
