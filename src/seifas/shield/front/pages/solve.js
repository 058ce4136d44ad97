"use strict";
// Finds a number that, after the challenge in the cookie, gives a SHA-256 below the target named in it; hands it in and
// loads the page that was asked for. The challenge is longer than one block, so its first block is hashed only once.
(() => {
  const K = new Int32Array(64), H0 = new Int32Array(8);
  for (let n = 2, found = 0; found < 64; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) { prime = false; break; }
    if (!prime) continue;
    if (found < 8) H0[found] = (Math.sqrt(n) % 1) * 4294967296;
    K[found++] = (Math.cbrt(n) % 1) * 4294967296;
  }
  const w = new Int32Array(64);
  const block = (h, bytes, at, out) => {
    for (let i = 0; i < 16; i++, at += 4)
      w[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15], y = w[i - 2];
      w[i] = (w[i - 16] + w[i - 7] + (((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)) +
        (((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10))) | 0;
    }
    let a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], l = h[7];
    for (let i = 0; i < 64; i++) {
      const t = (l + (((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))) +
        ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
      const s = ((((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))) +
        ((a & b) ^ (a & c) ^ (b & c))) | 0;
      l = g; g = f; f = e; e = (d + t) | 0; d = c; c = b; b = a; a = (t + s) | 0;
    }
    out[0] = (h[0] + a) | 0; out[1] = (h[1] + b) | 0; out[2] = (h[2] + c) | 0; out[3] = (h[3] + d) | 0;
    out[4] = (h[4] + e) | 0; out[5] = (h[5] + f) | 0; out[6] = (h[6] + g) | 0; out[7] = (h[7] + l) | 0;
  };
  const state = document.getElementById("state"), again = document.getElementById("again");
  const ask = () => (document.cookie.match(/(?:^|; )(?:__Host-)?seifas_ask=([^;]+)/) || [])[1];
  const say = (text) => { state.textContent = text; };
  const challenge = ask();
  if (!challenge) { say("Neleidžiami slapukai. / Cookies are not allowed."); return; }
  const target = Number(challenge.split(".")[3]);
  const text = new TextEncoder().encode(challenge + ":");
  const whole = Math.floor(text.length / 64) * 64, middle = H0.slice(), out = new Int32Array(8);
  for (let at = 0; at < whole; at += 64) block(middle, text, at, middle);
  const tail = new Uint8Array(128), rest = text.length - whole;
  let nonce = 0;
  const tried = () => {
    const digits = String(nonce), length = rest + digits.length, size = length < 56 ? 64 : 128;
    tail.fill(0);
    tail.set(text.subarray(whole));
    for (let i = 0; i < digits.length; i++) tail[rest + i] = digits.charCodeAt(i);
    tail[length] = 128;
    const bits = (whole + length) * 8;
    tail[size - 2] = bits >>> 8; tail[size - 1] = bits & 255;
    block(middle, tail, 0, out);
    if (size === 128) block(out, tail, 64, out);
    return (out[0] >>> 0) < target;
  };
  const passed = (answer) => {
    // A solution that was not taken (the network has changed, ten minutes are over) is worth three more tries.
    const tries = answer.ok ? 0 : Number(sessionStorage.getItem("seifas-tries") || 0) + 1;
    sessionStorage.setItem("seifas-tries", tries);
    if (tries > 3) { say("Nepavyko, pabandykite po minutės. / It did not work, try again in a minute."); return; }
    if (!answer.ok || !again) { location.reload(); return; }
    say("Galite siųsti. / You can send now.");
    again.hidden = false;
    again.addEventListener("click", () => location.reload());
    again.focus();
  };
  const slice = () => {
    const until = performance.now() + 40;
    while (performance.now() < until)
      for (let i = 0; i < 200; i++, nonce++)
        if (tried()) {
          fetch("/.shield/solve?n=" + nonce, { cache: "no-store", credentials: "same-origin" }).then(passed, () =>
            say("Ryšys nutrūko, įkelkite puslapį iš naujo. / The connection broke, load the page again."));
          return;
        }
    setTimeout(slice, 0);
  };
  slice();
})();
