// Taking pictures at the desk's own tablet or computer.
"use strict";
import { picture } from "./photos-wire.js";
import { Camera, chosen } from "./photos-camera.js";
import { sending } from "./photos-sent.js";

const box = document.getElementById("take");
const words = JSON.parse(box.dataset.words);
const state = box.querySelector("[data-state]");
const send = sending({ begin: box.dataset.begin, upload: box.dataset.upload, finish: box.dataset.finish, form: box.dataset.form }, box.querySelector("[data-list]"), words);
let count = 0;

const camera = new Camera(box.querySelector("[data-camera]"), box.querySelector("[data-nocamera]"), state, words, (blob) => {
  count += 1;
  send(blob, { area: chosen(box, "area"), view: chosen(box, "view") }, String(count));
});
camera.start();
if (box.dataset.ghost) picture(box.dataset.ghost, words.failed).then((blob) => camera.ghost(blob)).catch((error) => { state.textContent = error.message; state.hidden = false; });

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) document.querySelector("[data-back]").click();
});
