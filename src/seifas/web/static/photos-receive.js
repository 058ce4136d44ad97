// Receiving files: dropped, chosen, or a folder's; each with its own progress, area and view.
"use strict";
import { ask } from "./photos-wire.js";
import { Uploads } from "./photos-upload.js";

const box = document.querySelector("[data-receive]");
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
const KINDS = /\.(jpe?g|png|heic|heif|webp)$/i;
const rows = new Map();
let skipped = 0;

const uploads = new Uploads({ begin: box.dataset.begin, upload: box.dataset.upload, finish: box.dataset.finish, form: box.dataset.form }, changed);

for (const one of box.querySelectorAll("[data-scripted]")) one.hidden = false;
box.querySelector("[data-plain]").hidden = true;
box.querySelector("[data-label]").className = "button";
input.className = "unseen";
input.multiple = true;
input.required = false;

function told() {
  return { area: form.elements.area.value, view: form.elements.view.value, taken: form.elements.taken.value };
}

function take(files) {
  for (const file of files) {
    if (!KINDS.test(file.name) && !/^image\/(jpeg|png|heic|heif|webp)$/.test(file.type)) { skipped += 1; continue; }
    if (!file.size) add(file, words.empty);
    else if (file.size > Number(box.dataset.most)) add(file, words.large);
    else add(file);
  }
  summary();
}

function made(tag, kind, text) {
  const one = document.createElement(tag);
  if (kind) one.className = kind;
  if (text) one.textContent = text;
  return one;
}

function add(file, refused) {
  const row = { name: file.name, line: made("li", "upload"), said: made("span", "upload-said soft small"), progress: made("progress"), choose: made("span", "upload-choose"), stop: made("button", "quiet slim", words.cancel) };
  const title = made("span", "grow");
  row.progress.max = 100;
  row.progress.value = 0;
  row.progress.setAttribute("aria-label", row.name);
  row.stop.type = "button";
  title.append(made("span", "upload-name", row.name), row.said, row.progress);
  row.line.append(title, row.choose, row.stop);
  list.append(row.line);
  shown.hidden = false;
  if (refused) {
    row.said.textContent = refused;
    row.said.classList.add("bad");
    row.progress.hidden = row.stop.hidden = true;
    return;
  }
  const item = uploads.add(file, told());
  rows.set(item, row);
  row.stop.addEventListener("click", () => (item.state === "refused" ? uploads.again(item) : uploads.cancel(item)));
  changed(item);
}

function changed(item) {
  const row = rows.get(item);
  if (!row) return;
  row.progress.value = item.size ? Math.round((100 * item.sent) / item.size) : 0;
  const words_of = { waiting: words.waiting, sending: words.sending, reading: words.reading, kept: words.kept, lost: words.lost, locked: words.locked, cancelled: words.cancelled };
  row.said.textContent = item.said || words_of[item.state];
  row.said.classList.toggle("bad", item.state === "refused");
  row.progress.hidden = ["kept", "refused", "cancelled"].includes(item.state);
  row.stop.hidden = ["kept", "cancelled", "reading"].includes(item.state) || (item.state === "refused" && item.final);
  row.stop.textContent = item.state === "refused" ? words.again : words.cancel;
  if (item.state === "kept" && !row.choose.childElementCount) describing(item, row);
  summary();
}

// Area and view of one file, afterwards: each choice is a version of the photo's description.
function describing(item, row) {
  for (const name of ["area", "view"]) {
    const select = form.elements[name].cloneNode(true);
    select.removeAttribute("id");
    select.setAttribute("aria-label", `${row.name}: ${words[name]}`);
    select.value = item.told[name];
    select.addEventListener("change", async () => {
      const before = item.told[name];
      item.told[name] = select.value;
      try {
        const answer = await ask(`${box.dataset.begin.replace(/begin$/, "")}${item.photo}/describe`, { form: box.dataset.form, area: item.told.area, view: item.told.view, expect: item.version }, { words: words.failed });
        item.version = (await answer.json()).version;
        row.said.textContent = words.kept;
      } catch (error) {
        item.told[name] = select.value = before;
        row.said.textContent = error.message;
      }
    });
    row.choose.append(select);
  }
}

function summary() {
  const live = uploads.items.filter((item) => item.state !== "cancelled");
  const kept = live.filter((item) => item.state === "kept").length;
  const size = live.reduce((sum, item) => sum + item.size, 0);
  const sent = live.reduce((sum, item) => sum + (item.state === "kept" ? item.size : item.sent), 0);
  bar.value = size ? (100 * sent) / size : 0;
  const busy = uploads.busy();
  const left = skipped ? ` ${words.skipped.replace("{n}", skipped)}` : "";
  all.textContent = words.all.replace("{done}", kept).replace("{all}", live.length) + left;
  cancelAll.hidden = !busy;
  done.hidden = busy || !kept;
  if (live.length || skipped) shown.hidden = false;
}

cancelAll.addEventListener("click", () => { for (const item of uploads.items) uploads.cancel(item); });
input.addEventListener("change", () => { take([...input.files]); input.value = ""; });
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => { skipped = 0; });

const folder = document.createElement("input");
folder.type = "file";
folder.webkitdirectory = true;
folder.addEventListener("change", () => { take([...folder.files]); folder.value = ""; });
const folderButton = box.querySelector("[data-folder]");
folderButton.addEventListener("click", () => folder.click());

async function within(entry) {
  if (entry.isFile) return [await new Promise((found, failed) => entry.file(found, failed))];
  const reader = entry.createReader();
  const files = [];
  for (;;) {
    const some = await new Promise((found, failed) => reader.readEntries(found, failed));
    if (!some.length) return files;
    for (const one of some) files.push(...await within(one));
  }
}

for (const name of ["dragover", "dragenter"]) {
  document.addEventListener(name, (event) => { if (event.dataTransfer?.types.includes("Files")) { event.preventDefault(); drop.dataset.over = "1"; } });
}
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) delete drop.dataset.over; });
document.addEventListener("drop", async (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  delete drop.dataset.over;
  const entries = [...event.dataTransfer.items].map((one) => one.webkitGetAsEntry?.()).filter(Boolean);
  const files = entries.length ? (await Promise.all(entries.map(within))).flat() : [...event.dataTransfer.files];
  take(files);
  box.scrollIntoView({ block: "nearest" });
});
