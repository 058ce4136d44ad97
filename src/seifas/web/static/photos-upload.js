// Sends pictures in parts, three at a time. What was received is asked for after a lost connection or a locked desk, and
// the rest is sent: nothing is begun anew but what is gone with the process that had it. A picture lives in this page's memory until it is kept.
"use strict";
import { ask, Refusal } from "./photos-wire.js";

const AT_ONCE = 3;
const FIRST_PART = 256 * 1024;
const SMALLEST = 64 * 1024;
const LONGEST_WAIT = 15000;
const MOST_ANEW = 5;
// Said of the picture itself: sending it again would change nothing.
const PICTURES = new Set(["empty", "truncated", "not-a-picture", "svg", "gif", "animated", "unsupported", "damaged", "too-small", "too-much-work", "too-large", "too-many-pixels"]);

// Told by the server or the network that it may work later; everything else is an answer about this picture.
function passing(error) {
  if (!(error instanceof Refusal)) return error.name !== "AbortError";
  return error.status === 408 || error.status >= 500 || error.where === "idle" || error.where === "range" || error.code === "conflict";
}

function until(ms, signal) {
  return new Promise((done) => {
    const over = () => { for (const [what, name] of heard) what.removeEventListener(name, over); clearTimeout(timer); done(); };
    const heard = [[window, "online"], [window, "focus"], [document, "visibilitychange"], [signal, "abort"]];
    const timer = setTimeout(over, ms);
    for (const [what, name] of heard) what.addEventListener(name, over);
  });
}

export class Uploads {
  // `at`: {begin, upload, finish, form}. `changed(item)` is called whenever an item's state or progress moves.
  constructor(at, changed) {
    this.at = at;
    this.changed = changed;
    this.items = [];
    this.running = 0;
    addEventListener("beforeunload", (event) => { if (this.busy()) event.preventDefault(); });
  }

  add(file, told) {
    const item = { file, told, size: file.size, sent: 0, state: "waiting", said: "", stop: new AbortController() };
    this.items.push(item);
    this.changed(item);
    this.next();
    return item;
  }

  again(item) {
    Object.assign(item, { state: "waiting", said: "", sent: 0, handle: "", stop: new AbortController() });
    this.changed(item);
    this.next();
  }

  cancel(item) {
    if (["kept", "refused", "cancelled"].includes(item.state)) return;
    item.stop.abort();
    if (item.handle) {
      fetch(this.at.upload, { method: "DELETE", credentials: "same-origin", headers: { "Seifas-Upload": item.handle, "Accept": "application/json" } }).catch(() => {});
    }
    this.move(item, "cancelled");
  }

  busy() { return this.items.some((item) => ["waiting", "sending", "reading", "lost", "locked"].includes(item.state)); }

  move(item, state, said = "") {
    item.state = state;
    item.said = said;
    this.changed(item);
  }

  next() {
    while (this.running < AT_ONCE) {
      const item = this.items.find((one) => one.state === "waiting" && !one.under);
      if (!item) return;
      item.under = true;
      this.running += 1;
      this.send(item).finally(() => { item.under = false; this.running -= 1; this.next(); });
    }
  }

  // Runs `step` until it works, waiting as long as the reason is one that passes.
  async patiently(item, step) {
    for (let wait = 1000; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
      item.stop.signal.throwIfAborted();
      try {
        return await step();
      } catch (error) {
        if (!passing(error)) throw error;
        this.move(item, error.where === "idle" ? "locked" : "lost");
        await until(wait, item.stop.signal);
      }
    }
  }

  async send(item) {
    const signal = item.stop.signal;
    item.anew = 0;
    for (;;) {
      try {
        const kept = await this.sendOnce(item, signal);
        item.photo = kept.photo;
        item.version = kept.version;
        item.file = null;
        this.move(item, "kept");
        return;
      } catch (error) {
        if (signal.aborted) return;
        // The process that had it has ended with all it had in memory, and the next one knows nothing of it.
        if (error.where === "upload" && !item.unsure && item.anew < MOST_ANEW) {
          item.anew += 1;
          continue;
        }
        item.final = PICTURES.has(error.where);
        this.move(item, "refused", error.message);
        return;
      }
    }
  }

  async sendOnce(item, signal) {
    Object.assign(item, { sent: 0, handle: "", unsure: false });
    this.move(item, "sending");
    const begun = await this.patiently(item, async () =>
      (await ask(this.at.begin, { form: this.at.form, size: item.size, ...item.told }, { signal })).json());
    item.handle = begun.handle;
    await this.parts(item, begun.part, signal);
    this.move(item, "reading");
    return this.finish(item, signal);
  }

  async parts(item, most, signal) {
    let part = FIRST_PART;
    let first = true;
    while (item.sent < item.size) {
      await this.patiently(item, async () => {
        const headers = { "Seifas-Upload": item.handle };
        if (!first && item.state !== "sending") {
          item.sent = (await (await ask(this.at.upload, null, { method: "GET", headers, signal })).json()).received;
          this.move(item, "sending");
          if (item.sent >= item.size) return;
        }
        first = false;
        const end = Math.min(item.sent + part, item.size);
        headers["Content-Range"] = `bytes ${item.sent}-${end - 1}/${item.size}`;
        const began = performance.now();
        const answer = await ask(this.at.upload, null, { method: "PUT", headers, signal, body: item.file.slice(item.sent, end, "application/octet-stream") });
        item.sent = (await answer.json()).received;
        const took = performance.now() - began;
        if (took < 500) part = Math.min(2 * part, most);
        else if (took > 3000) part = Math.max(part / 2, SMALLEST);
        this.move(item, "sending");
      });
    }
  }

  async finish(item, signal) {
    const headers = { "Seifas-Upload": item.handle };
    return this.patiently(item, async () => {
      try {
        return await (await ask(this.at.finish, { form: this.at.form }, { headers, signal })).json();
      } catch (error) {
        item.unsure ||= passing(error); // it may have been kept, and only the answer was lost
        throw error;
      }
    });
  }
}

