// What the picture tools say to the desk, and what comes back. Every picture asked for here is a view of its own: the
// server writes it down and marks it before it answers.
"use strict";

export class Refusal extends Error {
  constructor(message, status, code, where) {
    super(message);
    this.status = status;
    this.code = code || "";
    this.where = where || "";
  }
}

export async function checked(answer, words) {
  if (answer.ok) return answer;
  let told = {};
  try { told = await answer.json(); } catch { /* a page, or nothing: the status says enough */ }
  throw new Refusal(told.message || words || answer.statusText, answer.status, told.code, told.where);
}

export async function ask(address, fields, options = {}) {
  const headers = { "Accept": "application/json", ...(options.headers || {}) };
  if (fields) headers["Content-Type"] = "application/x-www-form-urlencoded";
  const answer = await fetch(address, {
    method: options.method || "POST", credentials: "same-origin", redirect: "error", cache: "no-store",
    signal: options.signal, headers, body: fields ? new URLSearchParams(fields) : options.body,
  });
  return checked(answer, options.words);
}

// A map from photo id to picture, in the order in which they came.
export async function frames(address, fields, options = {}) {
  const answer = await ask(address, fields, options);
  const buffer = await answer.arrayBuffer();
  const view = new DataView(buffer);
  const found = new Map();
  for (let at = 0; at + 20 <= buffer.byteLength;) {
    const ident = Array.from(new Uint8Array(buffer, at, 16), (one) => one.toString(16).padStart(2, "0")).join("");
    const size = view.getUint32(at + 16);
    found.set(ident, new Blob([new Uint8Array(buffer, at + 20, size)], { type: "image/jpeg" }));
    at += 20 + size;
  }
  found.aligned = answer.headers.get("Seifas-Aligned") === "yes";
  return found;
}

export async function picture(address, words) {
  const answer = await checked(await fetch(address, {
    credentials: "same-origin", redirect: "error", cache: "no-store", headers: { "Accept": "application/json" },
  }), words);
  return answer.blob();
}

export async function draw(canvas, blob) {
  const bitmap = await createImageBitmap(blob);
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
}

