// The short list of what was taken and is on its way, on the pages with a camera.
"use strict";
import { Uploads } from "./photos-upload.js";

export function sending(at, list, words, changed = () => {}) {
  const rows = new Map();
  const uploads = new Uploads(at, (item) => {
    const row = rows.get(item);
    if (!row) return;
    const said = { waiting: words.sending, sending: words.sending, reading: words.reading, kept: words.kept, lost: words.lost, locked: words.locked || words.lost };
    row.said.textContent = item.said || said[item.state] || "";
    row.progress.value = item.size ? (100 * item.sent) / item.size : 0;
    row.progress.hidden = ["kept", "refused"].includes(item.state);
    row.stop.hidden = item.state !== "refused" || item.final;
    row.line.dataset.state = item.state;
    changed(uploads);
  });
  return function send(blob, told, label) {
    const line = document.createElement("li");
    const said = document.createElement("span");
    const progress = document.createElement("progress");
    const stop = document.createElement("button");
    const name = document.createElement("b");
    name.textContent = label;
    said.className = "grow small";
    said.setAttribute("role", "status");
    progress.max = 100;
    progress.value = 0;
    progress.setAttribute("aria-label", label);
    stop.type = "button";
    stop.className = "quiet slim";
    stop.textContent = words.again;
    stop.hidden = true;
    line.append(name, said, progress, stop);
    list.prepend(line);
    const item = uploads.add(blob, told);
    rows.set(item, { line, said, progress, stop });
    stop.addEventListener("click", () => uploads.again(item));
    uploads.changed(item);
    return item;
  };
}
