// What a telephone sends, as it arrives: covered, like every picture, until somebody opens it.
"use strict";
import { ask, draw, frames } from "./photos-wire.js";

const box = document.getElementById("arrivals");
const words = JSON.parse(box.dataset.words);
const state = box.querySelector("[data-state]");
const list = box.querySelector("[data-arrived]");
const until = Number(box.dataset.until);
const seen = new Set();
const EVERY = 3000;
// The code is good for ten minutes, and what it let in for ten more.
const GRACE = 600000;

async function look() {
  if (Date.now() > until + GRACE) { state.textContent = words.over; return; }
  if (!document.hidden) {
    try {
      const told = await (await ask(`${box.dataset.at}/arrived`, null, { method: "GET" })).json();
      const fresh = told.photos.filter((one) => !seen.has(one));
      if (fresh.length) {
        const found = await frames(`${box.dataset.at}/look`, { form: box.dataset.form, rendition: "blur", photos: fresh.join(",") });
        for (const [ident, blob] of found) {
          seen.add(ident);
          const line = document.createElement("li");
          const link = document.createElement("a");
          const canvas = document.createElement("canvas");
          link.className = "shot";
          link.href = `${box.dataset.at}/${ident}`;
          await draw(canvas, blob);
          link.setAttribute("aria-label", words.new.replace("{n}", seen.size));
          link.append(canvas);
          line.append(link);
          list.append(line);
        }
        state.textContent = words.new.replace("{n}", seen.size);
      }
    } catch (error) {
      if (error.status === 401 || error.status === 403) state.textContent = error.message;
    }
  }
  setTimeout(look, EVERY);
}
look();
document.addEventListener("keydown", (event) => { if (event.key === "Escape") document.querySelector("[data-back]").click(); });
