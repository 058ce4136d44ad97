// The camera in a page: pictures go from it into this page's memory and nowhere else. The earlier picture may lie over
// it, so that the next one is taken from the same place.
"use strict";
import { draw } from "./photos-wire.js";

const WIDE = { width: { ideal: 4096 }, height: { ideal: 3072 } };
const PATIENCE = 5000;

export class Camera {
  // `words`: asking, denied, missing, insecure. `kept(blob)` is given each picture that was kept.
  constructor(box, none, state, words, kept) {
    Object.assign(this, { box, none, state, words, kept });
    this.video = box.querySelector("video");
    this.taken = box.querySelector(".camera-taken");
    this.over = box.querySelector(".camera-ghost");
    this.keys = Object.fromEntries(["turn", "shutter", "again", "keep"].map((name) => [name, box.querySelector(`[data-${name}]`)]));
    this.facing = "environment";
    this.wanted = true;
    this.keys.shutter.addEventListener("click", () => this.take());
    this.keys.again.addEventListener("click", () => this.back());
    this.keys.keep.addEventListener("click", () => this.keep());
    this.keys.turn.addEventListener("click", () => { this.facing = this.facing === "user" ? "environment" : "user"; this.start(); });
    const strength = box.querySelector("#ghost-strength");
    const set = () => this.over.style.setProperty("--strength", strength.value / 100);
    strength.addEventListener("input", set);
    set();
    // A telephone that sleeps or shows another program gives the camera back; it is asked for again on return.
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.rest(); else if (this.wanted) this.start(); });
    none.querySelector("input").addEventListener("change", (event) => {
      for (const file of event.target.files) this.kept(file);
      event.target.value = "";
    });
  }

  async ghost(blob) {
    await draw(this.over, blob);
    this.over.hidden = false;
    this.box.querySelector("[data-ghosting]").hidden = false;
  }

  async start() {
    this.rest();
    if (!navigator.mediaDevices?.getUserMedia) return this.without(this.words.insecure);
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: { ideal: this.facing }, ...WIDE } });
    } catch (error) {
      return this.without(error.name === "NotAllowedError" ? this.words.denied : this.words.missing);
    }
    if (!this.wanted || document.hidden) return this.rest();
    this.video.srcObject = this.stream;
    await this.video.play().catch(() => {});
    this.none.hidden = true;
    this.box.hidden = false;
    this.state.hidden = true;
    const cameras = (await navigator.mediaDevices.enumerateDevices()).filter((one) => one.kind === "videoinput");
    this.alone = cameras.length < 2;
    this.keys.turn.hidden = this.alone || !this.taken.hidden;
    this.keys.shutter.disabled = false;
    this.awake();
  }

  async awake() {
    try { this.lock = await navigator.wakeLock?.request("screen"); } catch { /* it may sleep then */ }
  }

  rest() {
    for (const track of this.stream?.getTracks() || []) track.stop();
    this.stream = null;
    this.keys.shutter.disabled = true;
    this.video.srcObject = null;
    this.lock?.release().catch(() => {});
    this.lock = null;
  }

  end() {
    this.wanted = false;
    this.rest();
    this.box.hidden = this.none.hidden = true;
  }

  without(why) {
    this.box.hidden = true;
    this.none.hidden = false;
    this.none.querySelector("[data-why]").textContent = why;
    this.state.hidden = true;
  }

  // The sensor's own picture where the browser gives it, else what the video shows; turned as the device is held.
  async take() {
    const track = this.stream?.getVideoTracks()[0];
    if (!track || !this.video.videoWidth) return;
    this.keys.shutter.disabled = true;
    try {
      this.blob = await this.still(track);
      await draw(this.taken, this.blob);
      this.taken.hidden = false;
      this.keys.shutter.hidden = true;
      this.keys.again.hidden = this.keys.keep.hidden = false;
      this.keys.turn.hidden = true;
      this.keys.keep.focus({ preventScroll: true });
    } finally {
      this.keys.shutter.disabled = !this.stream;
    }
  }

  async still(track) {
    if (window.ImageCapture) {
      try {
        const late = new Promise((_, no) => setTimeout(() => no(new Error("late")), PATIENCE));
        const blob = await Promise.race([new ImageCapture(track).takePhoto(), late]);
        if (blob.type === "image/jpeg" && blob.size) return blob;
      } catch { /* the video's picture serves */ }
    }
    const canvas = document.createElement("canvas");
    canvas.width = this.video.videoWidth;
    canvas.height = this.video.videoHeight;
    canvas.getContext("2d").drawImage(this.video, 0, 0);
    return new Promise((done, failed) => canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("picture"))), "image/jpeg", 0.95));
  }

  back() {
    this.blob = null;
    this.taken.hidden = true;
    this.taken.width = this.taken.height = 1;
    this.keys.shutter.hidden = false;
    this.keys.again.hidden = this.keys.keep.hidden = true;
    this.keys.turn.hidden = this.alone;
    if (!this.stream) this.start();
  }

  keep() {
    const blob = this.blob;
    this.back();
    if (blob) this.kept(blob);
  }
}

export function chosen(root, name) {
  return root.querySelector(`[data-chips="${name}"] input:checked`)?.value || "";
}
