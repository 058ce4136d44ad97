// Dropping samples: several at once, each with its own progress, sealed as they come. Nothing of them is shown but names.
"use strict";
import { Uploads } from "./photos-upload.js";

const box = document.querySelector("[data-samples]");
const words = JSON.parse(box.dataset.words);
const form = box.querySelector("form");
const input = form.elements.file;
const drop = box.querySelector("[data-drop]");
const shown = box.querySelector("[data-uploads]");
const list = box.querySelector("[data-list]");
const all = box.querySelector("[data-all]");
const bar = box.querySelector("[data-progress]");
const done = box.querySelector("[data-done]");
const cancelAll = box.querySelector("[data-cancel]");
const rows = new Map();
let refusedHere = 0;

const uploads = new Uploads({ begin: box.dataset.begin, upload: box.dataset.upload, finish: box.dataset.finish, form: box.dataset.form }, changed);

for (const one of box.querySelectorAll("[data-scripted]")) one.hidden = false;
box.querySelector("[data-plain]").hidden = true;
box.querySelector("[data-label]").className = "button";
input.className = "unseen";
input.multiple = true;
input.required = false;

function made(tag, kind, text) {
  const one = document.createElement(tag);
  if (kind) one.className = kind;
  if (text) one.textContent = text;
  return one;
}

function add(file) {
  const row = { line: made("li"), said: made("span", "soft small"), progress: made("progress"), stop: made("button", "quiet slim", words.cancel) };
  const title = made("span", "grow");
  row.said.setAttribute("role", "status");
  row.progress.max = 100;
  row.progress.value = 0;
  row.progress.setAttribute("aria-label", file.name);
  row.stop.type = "button";
  title.append(made("span", "strange", file.name), document.createElement("br"), row.said, row.progress);
  row.line.append(title, row.stop);
  list.append(row.line);
  shown.hidden = false;
  const wrong = !file.size ? words.empty : file.size > Number(box.dataset.most) ? words.large : "";
  if (wrong) {
    refusedHere += 1;
    row.said.textContent = wrong;
    row.said.classList.add("bad");
    row.progress.hidden = row.stop.hidden = true;
    return;
  }
  const item = uploads.add(file, { name: file.name });
  rows.set(item, row);
  row.stop.addEventListener("click", () => (item.state === "refused" ? uploads.again(item) : uploads.cancel(item)));
  changed(item);
}

function changed(item) {
  const row = rows.get(item);
  if (!row) return;
  const said = { waiting: words.waiting, sending: words.sending, reading: words.reading, kept: words.kept, lost: words.lost, locked: words.locked, cancelled: words.cancelled };
  row.progress.value = item.size ? Math.round((100 * item.sent) / item.size) : 0;
  row.said.textContent = item.said || said[item.state];
  row.said.classList.toggle("bad", item.state === "refused");
  row.progress.hidden = ["kept", "refused", "cancelled"].includes(item.state);
  row.stop.hidden = ["kept", "cancelled", "reading"].includes(item.state) || (item.state === "refused" && item.final);
  row.stop.textContent = item.state === "refused" ? words.again : words.cancel;
  summary();
}

function summary() {
  const items = uploads.items.filter((one) => one.state !== "cancelled");
  const size = items.reduce((sum, one) => sum + one.size, 0);
  const kept = items.filter((one) => one.state === "kept").length;
  all.textContent = words.all.replace("{done}", kept).replace("{all}", items.length);
  bar.value = size ? (100 * items.reduce((sum, one) => sum + (one.state === "kept" ? one.size : one.sent), 0)) / size : 0;
  cancelAll.hidden = !uploads.busy();
  done.hidden = uploads.busy() || kept === 0;
  // When everything is in its place, the page is loaded with it; where something was refused, that stays to be read.
  if (kept > 0 && kept === items.length && !refusedHere) location.assign(done.href);
}

function take(files) { for (const file of files) add(file); }

input.addEventListener("change", () => { take([...input.files]); input.value = ""; });
form.addEventListener("submit", (event) => event.preventDefault());
cancelAll.addEventListener("click", () => { for (const item of uploads.items) uploads.cancel(item); });
for (const name of ["dragenter", "dragover"]) {
  drop.addEventListener(name, (event) => { event.preventDefault(); drop.dataset.over = ""; });
}
drop.addEventListener("dragleave", () => { delete drop.dataset.over; });
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  delete drop.dataset.over;
  take([...event.dataTransfer.files]);
});
