// The reviewer's desk: proofs beside the form, opinions ready to use. The page works without it.

const viewer = document.querySelector(".viewer");
if (viewer && viewer.querySelector("[data-stage]")) {
  const frame = viewer.querySelector("iframe");
  const picture = viewer.querySelector("[data-picture]");
  const image = picture.querySelector("img");
  const zoom = viewer.querySelector("[data-zoom]");
  const alone = viewer.querySelector("[data-alone]");
  const steps = viewer.querySelector("[data-steps]");
  const proofs = [...viewer.querySelectorAll(".exhibits a")];
  let at = 0, scale = 1, turned = 0;

  const draw = () => {
    image.style.width = `${scale * 100}%`;
    image.style.transform = `rotate(${turned}deg)`;
    // Turned on its side a picture is as high as it was wide.
    image.style.margin = turned % 180 ? `${Math.max(0, (image.width - image.height) / 2)}px 0` : "0";
  };

  const show = (n, load = true) => {
    at = n;
    const proof = proofs[n], pictured = proof.dataset.shows === "图片";
    proofs.forEach((each) => each.toggleAttribute("aria-current", each === proof));
    proof.setAttribute("aria-current", "true");
    frame.hidden = pictured;
    picture.hidden = zoom.hidden = !pictured;
    alone.href = proof.href;
    frame.title = `证明材料:${proof.firstChild.textContent.trim()}`;
    if (pictured) {
      [scale, turned] = [1, 0];
      image.src = proof.href;
      image.alt = proof.firstChild.textContent.trim();
      draw();
    } else if (load) frame.src = proof.href;
    if (steps) {
      steps.hidden = false;
      steps.querySelector("[data-at]").textContent = `${n + 1} / ${proofs.length}`;
      const [before, next] = steps.querySelectorAll("button");
      before.disabled = n === 0;
      next.disabled = n === proofs.length - 1;
    }
  };

  viewer.addEventListener("click", (event) => {
    const proof = event.target.closest(".exhibits a");
    const go = event.target.closest("[data-go]");
    const by = event.target.closest("[data-by]");
    if (proof && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      show(proofs.indexOf(proof));
    }
    if (go) show(Math.min(proofs.length - 1, Math.max(0, at + Number(go.dataset.go))));
    if (by) change(by.dataset.by);
    if (event.target === image) change(scale > 1 ? "fit" : "in");
  });

  const change = (how) => {
    if (how === "turn") turned = (turned + 90) % 360;
    else if (how === "fit") [scale, turned] = [1, 0];
    else scale = Math.min(6, Math.max(0.25, scale * (how === "in" ? 1.5 : 1 / 1.5)));
    draw();
  };

  picture.addEventListener("keydown", (event) => {
    const how = { "+": "in", "=": "in", "-": "out", "0": "fit", r: "turn" }[event.key];
    if (how) change(how);
  });

  // A proof of another round is looked at in the same place.
  document.addEventListener("click", (event) => {
    const other = event.target.closest("a[target=proof]");
    if (!other || viewer.contains(other)) return;
    frame.hidden = false;
    picture.hidden = zoom.hidden = true;
    alone.href = other.href;
    proofs.forEach((each) => each.removeAttribute("aria-current"));
    viewer.scrollIntoView({ block: "start" });
  });

  image.addEventListener("load", draw);
  show(0, false);
}

const opinions = document.querySelector("[data-opinions]");
if (opinions) {
  const form = opinions.form, words = form.elements.opinion;
  const all = [...opinions.options];
  const fit = () => {
    const chosen = form.elements.decision.value;
    opinions.replaceChildren(
      ...all.filter((each) => !each.value || !chosen || each.dataset.for === chosen),
    );
    opinions.value = "";
  };
  form.addEventListener("change", (event) => {
    if (event.target.name === "decision") fit();
    if (event.target !== opinions || !opinions.value) return;
    const text = opinions.selectedOptions[0].textContent;
    words.value = words.value.trim() ? `${words.value.trim()}\n${text}` : text;
    opinions.value = "";
    words.focus();
  });
  fit();
}

const together = document.querySelector("[data-test=batch-form]");
if (together) {
  const picks = [...together.querySelectorAll("input[name=pick]")];
  const all = together.querySelector("[data-all]");
  const told = together.querySelector("[data-picked]");
  const tell = () => {
    const n = picks.filter((each) => each.checked).length;
    told.textContent = n ? `已勾选 ${n} 件` : "";
    all.checked = n === picks.length;
    together.querySelector("[data-test=pass-several]").disabled = !n;
  };
  together.addEventListener("change", (event) => {
    if (event.target === all) picks.forEach((each) => (each.checked = all.checked));
    tell();
  });
  tell();
}
