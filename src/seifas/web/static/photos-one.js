// One photo: fits the page, zooms into the full resolution; arrows lead to its neighbours, C compares, Escape leads back.
"use strict";
import { picture } from "./photos-wire.js";
import { bitmap, View } from "./photos-viewer.js";

const box = document.querySelector("[data-viewer]");
const words = JSON.parse(box.dataset.words);
const said = box.querySelector(".viewer-said");
const canvas = box.querySelector("canvas");
let image = null;
let asked = false;
box.style.setProperty("--aspect", `${box.dataset.width} / ${box.dataset.height}`);

class One extends View {
  image() { return image; }
}
const view = new One(box, [canvas], (_, context) => { if (image) view.place(canvas, context, image); }, sharpen);

async function load(rendition) {
  try {
    image = await bitmap(await picture(`/desk/photo/${box.dataset.photo}/${rendition}`, words.failed));
    said.hidden = true;
    box.dataset.shown = rendition;
    view.draw();
  } catch (error) {
    said.textContent = error.code === "reason-needed" ? words.reason : error.message;
    said.hidden = false;
  }
}

function sharpen() {
  if (!image || asked || !view.wants(canvas, image) || Number(box.dataset.width) <= image.width) return;
  asked = true;
  load("full");
}
load("screen");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  if (view.key(event)) return;
  const way = { ArrowLeft: "older", ArrowRight: "newer", Escape: "back", c: "compare", C: "compare" }[event.key];
  const link = way && document.querySelector(`[data-${way}]`);
  if (link) { event.preventDefault(); event.stopImmediatePropagation(); link.click(); }
}, true);
