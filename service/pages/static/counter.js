// The counter's page: a scanner gun always finds the field, the point is remembered, a camera scans.

const form = document.getElementById("scan");
const field = document.getElementById("token");
const point = document.getElementById("point");

if (form) {
  remember();
  keepGunInField();
  usualFirst();
  offerCamera();
}

function remember() {
  if (!point) return;
  const known = localStorage.getItem("hck-point");
  const listed = [...point.options].some((each) => each.value === known);
  if (listed && !document.querySelector("[data-test=verdict]")) point.value = known;
  const follow = () => {
    localStorage.setItem("hck-point", point.value);
    for (const each of document.querySelectorAll("[data-follows=point]")) each.value = point.value;
  };
  point.addEventListener("change", follow);
  follow();
}

// A gun types wherever the focus is; where it is nowhere, the text goes into the field. The answer
// stays in sight.
function keepGunInField() {
  field.focus({ preventScroll: true });
  document.addEventListener("keydown", (event) => {
    const at = document.activeElement;
    const typing = at && ["INPUT", "SELECT", "TEXTAREA", "BUTTON", "SUMMARY", "A"].includes(at.tagName);
    if (!typing && event.key.length === 1 && !event.ctrlKey && !event.metaKey) field.focus();
  });
}

// What this counter gave last stands first: a lounge gives the lounge all day.
function usualFirst() {
  const list = document.querySelector(".benefits ul");
  const last = localStorage.getItem("hck-given");
  for (const each of list ? [...list.children] : []) {
    if (each.dataset.offering === last) list.prepend(each);
    each.addEventListener("submit", () => localStorage.setItem("hck-given", each.dataset.offering));
  }
}

function offerCamera() {
  const button = document.getElementById("camera");
  const says = document.getElementById("camera-says");
  const video = document.getElementById("seen");
  if (!navigator.mediaDevices || !navigator.mediaDevices.getUserMedia) return;
  button.hidden = false;
  let stream = null;

  const stop = (sentence) => {
    for (const track of stream ? stream.getTracks() : []) track.stop();
    stream = null;
    video.hidden = true;
    button.textContent = "用相机扫码";
    says.textContent = sentence || "";
  };

  button.addEventListener("click", async () => {
    if (stream) return stop();
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "environment", width: { ideal: 1280 } },
      });
    } catch {
      return stop("相机不可用,请允许使用相机,或改用扫码枪。");
    }
    video.srcObject = stream;
    video.hidden = false;
    button.textContent = "关闭相机";
    says.textContent = "请对准持卡人手机上的二维码。";
    await video.play();
    while (stream) await look();
  });

  async function look() {
    const frame = await picture(video);
    const found = frame && (await ask(frame));
    if (!stream) return;
    if (found && found.text) {
      stop("已读到二维码。");
      field.value = found.text;
      form.requestSubmit();
      return;
    }
    if (found && found.detail) says.textContent = found.detail;
    await new Promise((done) => setTimeout(done, 250));
  }
}

async function picture(video) {
  if (!video.videoWidth) return null;
  const scale = Math.min(1, 1280 / video.videoWidth);
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
}

async function ask(frame) {
  try {
    const answer = await fetch("/counter/frames", {
      method: "POST",
      headers: { "Content-Type": "image/jpeg" },
      body: frame,
    });
    return await answer.json();
  } catch {
    return { detail: "网络不通,正在重试。" };
  }
}
