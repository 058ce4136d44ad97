// The photos of a patient: covered until opened; arrows move, Enter opens, C compares, Escape covers again.
"use strict";
import { draw, frames } from "./photos-wire.js";

const box = document.getElementById("photos");
const words = JSON.parse(box.dataset.words);
const trouble = box.querySelector("[data-trouble]");
const tiles = [...box.querySelectorAll("a.shot[data-photo]")];
const of = new Map(tiles.map((tile) => [tile.dataset.photo, tile]));
const MOST = 40;

async function show(ids, rendition) {
  for (let at = 0; at < ids.length; at += MOST) {
    const some = ids.slice(at, at + MOST);
    try {
      const found = await frames(`${box.dataset.at}/look`, { form: box.dataset.form, rendition, photos: some.join(",") }, { words: words.failed });
      for (const [ident, blob] of found) {
        const tile = of.get(ident);
        if (rendition === "blur" && tile.dataset.open) continue;
        await draw(tile.querySelector("canvas"), blob);
        if (rendition === "thumb") tile.dataset.open = "1";
        tile.dataset.seen = "1";
      }
      trouble.hidden = true;
    } catch (error) {
      trouble.textContent = error.code === "reason-needed" ? words.reason : error.message;
      trouble.hidden = false;
      return;
    }
  }
}

// -- covered ones come when they are near, many with one question

let near = new Set();
let asked = 0;
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    watcher.unobserve(entry.target);
    near.add(entry.target.dataset.photo);
  }
  if (!near.size || asked) return;
  asked = setTimeout(() => {
    const ids = [...near];
    near = new Set();
    asked = 0;
    show(ids, "blur");
  }, 60);
}, { rootMargin: "300px" });
for (const tile of tiles) watcher.observe(tile);

function cover(tile) {
  delete tile.dataset.open;
  show([tile.dataset.photo], "blur");
}

// -- opening

for (const tile of tiles) {
  tile.addEventListener("click", (event) => {
    if (tile.dataset.open || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show([tile.dataset.photo], "thumb");
  });
}
for (const button of box.querySelectorAll("[data-show]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const ids = [...button.closest("[data-series]").querySelectorAll("a.shot")].map((tile) => tile.dataset.photo);
    show(ids, "thumb");
  });
}

// -- choosing two to compare

const picked = [];
const toast = box.querySelector("[data-picked]");
const chosen = document.getElementById("chosen");

function pick(ident) {
  const at = picked.indexOf(ident);
  if (at >= 0) picked.splice(at, 1);
  else picked.push(ident);
  for (const button of box.querySelectorAll("[data-pick]")) button.setAttribute("aria-pressed", String(picked.includes(button.dataset.pick)));
  toast.hidden = picked.length !== 1;
  if (picked.length < 2) return;
  const day = (one) => of.get(one).closest("li").querySelector("time").dateTime;
  const [a, b] = picked.splice(0, 2).sort((one, other) => day(one).localeCompare(day(other)));
  chosen.elements.a.value = a;
  chosen.elements.b.value = b;
  chosen.submit();
}
for (const button of box.querySelectorAll("[data-pick]")) {
  button.hidden = tiles.length < 2;
  button.addEventListener("click", () => pick(button.dataset.pick));
}
toast.querySelector("button").addEventListener("click", () => { if (picked.length) pick(picked[0]); });

// -- keys

function beside(tile, key) {
  const at = tiles.indexOf(tile);
  if (key === "ArrowRight") return tiles[at + 1];
  if (key === "ArrowLeft") return tiles[at - 1];
  const here = tile.getBoundingClientRect();
  const down = key === "ArrowDown";
  const rows = tiles.filter((one) => {
    const there = one.getBoundingClientRect();
    return down ? there.top > here.bottom - 4 : there.bottom < here.top + 4;
  });
  const near = down ? rows : rows.reverse();
  if (!near.length) return null;
  const line = near[0].getBoundingClientRect().top;
  const same = near.filter((one) => Math.abs(one.getBoundingClientRect().top - line) < 8);
  const off = (one) => Math.abs(one.getBoundingClientRect().left - here.left);
  return same.sort((one, other) => off(one) - off(other))[0];
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  const tile = event.target.closest("a.shot");
  if (event.key.startsWith("Arrow")) {
    const next = tile ? beside(tile, event.key) : tiles[0];
    if (next) { event.preventDefault(); next.focus(); }
  } else if (event.key === "Escape") {
    if (picked.length) pick(picked[0]);
    else for (const one of tiles) if (one.dataset.open) cover(one);
  } else if (tile && event.key.toLowerCase() === "c") {
    event.preventDefault();
    event.stopImmediatePropagation();
    pick(tile.dataset.photo);
  } else if (tile && event.key === " ") {
    event.preventDefault();
    tile.click();
  }
}, true);

