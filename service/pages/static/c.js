"use strict";
// The part after # never went to any server by itself; it is sent once, in a body, and taken out
// of the address so that it stays in no history.
(() => {
  const part = location.hash.slice(1);
  history.replaceState(null, "", "/c");
  const at = (id) => document.getElementById(id);
  const say = (state, word, message) => {
    at("verdict").dataset.state = state;
    at("word").textContent = word;
    at("message").textContent = message;
  };
  const show = (told) => {
    const valid = told.result === "valid";
    say(told.result, valid ? "有效" : "不能确认", told.message);
    at("facts").hidden = !valid;
    if (!valid) return;
    at("name").textContent = told.holder.masked_name;
    at("tier").textContent = told.holder.tier + " 卡";
    at("until").textContent = told.card.valid_until;
  };
  const check = async () => {
    at("again").hidden = true;
    if (!part) return say("waiting", "请扫码", "请用手机相机扫描卡面上的二维码打开本页。");
    say("waiting", "正在核对…", "");
    try {
      const answer = await fetch("/v1/public/card-checks", {
        method: "POST", headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ token: part }),
      });
      if (answer.ok) return show(await answer.json());
      const problem = await answer.json();
      say("waiting", "暂时无法核对", problem.detail);
    } catch {
      say("waiting", "没有网络", "请连上网络后再核对一次。");
    }
    at("again").hidden = false;
  };
  at("again").addEventListener("click", check);
  window.addEventListener("hashchange", () => location.reload());
  check();
})();
