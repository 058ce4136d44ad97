// The telephone's page: a code opens it for one patient and ten minutes; pictures go from the camera to the clinic and
// stay in no gallery. The code came in the address's fragment, which no server and no log sees; it is taken out at once.
"use strict";
import { ask, frames } from "./photos-wire.js";
import { Camera, chosen } from "./photos-camera.js";
import { sending } from "./photos-sent.js";

const box = document.getElementById("capture");
const words = JSON.parse(box.dataset.words);
const parts = Object.fromEntries([...box.querySelectorAll("[data-part]")].map((one) => [one.dataset.part, one]));
const state = box.querySelector("[data-state]");
const code = location.hash.slice(1);
const KEPT = "seifas-capture";
history.replaceState(null, "", location.pathname);
let camera = null;
let clock = 0;

function over(key) {
  clearInterval(clock);
  camera?.end();
  sessionStorage.removeItem(KEPT);
  parts.work.hidden = true;
  parts.over.hidden = false;
  state.hidden = true;
  parts.over.querySelector("p").textContent = words[key];
}

function work(let_in) {
  parts.work.hidden = false;
  box.querySelector("[data-label]").textContent = let_in.label;
  const left = box.querySelector("[data-left]");
  const tick = () => {
    const ms = let_in.until - Date.now();
    if (ms <= 0) return over("ended");
    left.textContent = words.left.replace("{n}", Math.ceil(ms / 60000));
    return null;
  };
  clock = setInterval(tick, 5000);
  tick();
  let count = 0;
  const counter = box.querySelector("[data-count]");
  const send = sending({ begin: "/capture/begin", upload: "/capture/upload", finish: "/capture/finish", form: let_in.form }, box.querySelector("[data-list]"), words, (uploads) => {
    counter.textContent = words.count.replace("{n}", uploads.items.filter((item) => item.state === "kept").length);
    counter.hidden = false;
  });
  camera = new Camera(box.querySelector("[data-camera]"), box.querySelector("[data-nocamera]"), state, words, (blob) => {
    count += 1;
    send(blob, { area: chosen(box, "area"), view: chosen(box, "view") }, String(count));
  });
  for (const name of ["area", "view"]) {
    const chip = [...box.querySelectorAll(`[data-chips="${name}"] input`)].find((one) => one.value === let_in[name]);
    if (chip) chip.checked = true;
  }
  if (let_in.ghost) {
    frames("/capture/ghost", { form: let_in.form }).then((found) => { for (const blob of found.values()) camera.ghost(blob); }).catch(() => {});
  }
  camera.start();
  box.querySelector("[data-end]").addEventListener("click", async () => {
    await ask("/capture/end", { form: let_in.form }).catch(() => {});
    over("thanks");
  });
}

async function begin() {
  try {
    if (code) {
      const told = await (await ask("/capture/redeem", { token: code })).json();
      const let_in = { ...told, until: Date.now() + told.left_ms };
      sessionStorage.setItem(KEPT, JSON.stringify(let_in));
      return work(let_in);
    }
    const let_in = JSON.parse(sessionStorage.getItem(KEPT) || "null");
    if (!let_in) return over("none");
    const told = await (await ask("/capture/who", { form: let_in.form })).json();
    return work({ ...let_in, until: Date.now() + told.left_ms });
  } catch (error) {
    return over(error.status === 404 ? "used" : error.status === 401 || error.status === 403 ? "ended" : "failed");
  }
}
begin();
// Another code read into the same page: it is another patient, or the same once more.
addEventListener("hashchange", () => { if (location.hash.length > 1) location.reload(); });
