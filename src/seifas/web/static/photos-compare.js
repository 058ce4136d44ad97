// Two photos: side by side, under a slider, in turn, or their difference; they zoom and move together.
"use strict";
import { frames, picture } from "./photos-wire.js";
import { bitmap, View } from "./photos-viewer.js";

const box = document.getElementById("compare");
const words = JSON.parse(box.dataset.words);
const panes = box.querySelector("[data-panes]");
const canvases = Object.fromEntries(["a", "b"].map((name) => [name, box.querySelector(`[data-pane=${name}]`)]));
const part = document.getElementById("part");
const tag = document.querySelector("[data-aligned]");
const trouble = box.querySelector("[data-trouble]");
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const screen = { a: null, b: null };
const full = { a: null, b: null };
const asked = { a: false, b: false };
let mode = "side";
let turn = "a";
let timer = 0;

class Pair extends View {
  image(canvas) { return canvas === canvases.b ? shown("b") : shown("a"); }
}
// Aligned pictures lie over each other at screen size; side by side each may come at its full resolution.
const shown = (name) => (mode === "side" && view.zoom > 1.01 && full[name]) || screen[name];
const view = new Pair(panes, [canvases.a, canvases.b], paint, moved);

function paint(canvas, context) {
  if (!screen.a || !screen.b) return;
  if (mode === "side") view.place(canvas, context, shown(canvas === canvases.a ? "a" : "b"));
  else if (canvas === canvases.a) composed(canvas, context);
}

function composed(canvas, context) {
  if (mode === "flicker") { view.place(canvas, context, screen[turn]); return; }
  view.place(canvas, context, screen.a);
  context.save();
  if (mode === "slider") {
    const at = (canvas.width * part.value) / 100;
    context.beginPath();
    context.rect(at, 0, canvas.width - at, canvas.height);
    context.clip();
    context.clearRect(at, 0, canvas.width - at, canvas.height);
    view.place(canvas, context, screen.b);
    context.restore();
    context.fillStyle = "#fff";
    context.fillRect(at - 1.5, 0, 3, canvas.height);
    return;
  }
  context.globalCompositeOperation = "difference";
  view.place(canvas, context, screen.b);
  context.restore();
}

function moved() {
  box.querySelector("[data-scale]").textContent = `${Math.round(view.zoom * 100)} %`;
  if (mode !== "side" || view.zoom < 1.01) return;
  for (const name of ["a", "b"]) {
    if (asked[name] || !screen[name] || !view.wants(canvases[name], screen[name])) continue;
    asked[name] = true;
    picture(`/desk/photo/${box.dataset[name]}/full`, words.failed).then(bitmap).then((image) => { full[name] = image; view.draw(); }).catch(say);
  }
}

function choose(next) {
  mode = next;
  panes.dataset.mode = mode;
  for (const button of box.querySelectorAll("[data-mode]:not([data-panes])")) button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
  box.querySelector("[data-slide]").hidden = mode !== "slider";
  clearInterval(timer);
  turn = "a";
  if (mode === "flicker" && !calm) timer = setInterval(other, 700);
  view.draw();
}

function other() {
  turn = turn === "a" ? "b" : "a";
  view.draw();
}

function say(error) {
  trouble.textContent = error.code === "reason-needed" ? words.reason : error.message;
  trouble.hidden = false;
}

for (const button of box.querySelectorAll("button[data-mode]")) button.addEventListener("click", () => choose(button.dataset.mode));
for (const button of box.querySelectorAll("[data-zoom]")) {
  button.addEventListener("click", () => ({ in: () => view.by(1.4), out: () => view.by(1 / 1.4), fit: () => view.fit() })[button.dataset.zoom]());
}
part.addEventListener("input", () => view.draw());
// Over the picture itself the slider follows the pointer, as one expects of it, while nothing is zoomed.
canvases.a.addEventListener("pointermove", (event) => {
  if (mode !== "slider" || view.zoom > 1.01 || !event.buttons) return;
  part.value = (100 * event.offsetX) / canvases.a.clientWidth;
  view.draw();
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(SELECT|TEXTAREA)$/.test(event.target.tagName) || event.target === part) return;
  const modes = { 1: "side", 2: "slider", 3: "flicker", 4: "difference" };
  if (modes[event.key]) choose(modes[event.key]);
  else if (event.key === " " && mode === "flicker" && event.target.tagName !== "BUTTON") { event.preventDefault(); other(); }
  else if (event.key === "Escape") document.querySelector("[data-back]").click();
  else if (!view.key(event) && mode === "slider" && /^Arrow(Left|Right)$/.test(event.key)) {
    event.preventDefault();
    part.value = Number(part.value) + (event.key === "ArrowRight" ? 2 : -2);
    view.draw();
  }
});

async function begin() {
  box.querySelector("[data-tools]").hidden = false;
  try {
    const found = await frames(`${box.dataset.at}/align`, { form: box.dataset.form, a: box.dataset.a, b: box.dataset.b }, { words: words.failed });
    screen.a = await bitmap(found.get(box.dataset.a));
    screen.b = await bitmap(found.get(box.dataset.b));
    tag.textContent = found.aligned ? words.aligned : words.unaligned;
    tag.className = found.aligned ? "tag good" : "tag warn";
    panes.dataset.shown = "1";
    if (screen.a.width > screen.a.height && screen.b.width > screen.b.height) panes.dataset.wide = "1";
    view.draw();
  } catch (error) {
    tag.textContent = words.failed;
    say(error);
  }
}
begin();
