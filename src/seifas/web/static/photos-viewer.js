// Pictures on canvases that zoom and move together: by pointer, wheel, pinch and keys.
"use strict";

const MOST = 12;

export async function bitmap(blob) { return createImageBitmap(blob); }

export class View {
  // `canvases`: whatever shall move together. `paint(canvas, context, place)` draws one; place(image) lays it out.
  constructor(holder, canvases, paint, moved = () => {}) {
    Object.assign(this, { holder, canvases, paint, moved, zoom: 1, x: 0.5, y: 0.5, pointers: new Map() });
    new ResizeObserver(() => this.draw()).observe(holder);
    for (const canvas of canvases) {
      canvas.addEventListener("pointerdown", (event) => this.down(event, canvas));
      canvas.addEventListener("pointermove", (event) => this.move(event, canvas));
      for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => this.pointers.delete(event.pointerId));
      canvas.addEventListener("wheel", (event) => {
        event.preventDefault();
        this.about(canvas, event.offsetX, event.offsetY, Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)));
      }, { passive: false });
      canvas.addEventListener("dblclick", (event) => (this.zoom > 1.01 ? this.fit() : this.about(canvas, event.offsetX, event.offsetY, 3)));
    }
  }

  // Pixels of the canvas that one pixel of the image takes when it just fits, times the zoom.
  scale(canvas, image) {
    return Math.min(canvas.width / image.width, canvas.height / image.height) * this.zoom;
  }

  place(canvas, context, image) {
    const scale = this.scale(canvas, image);
    context.imageSmoothingQuality = "high";
    context.setTransform(scale, 0, 0, scale, canvas.width / 2 - this.x * image.width * scale, canvas.height / 2 - this.y * image.height * scale);
    context.drawImage(image, 0, 0);
    context.setTransform(1, 0, 0, 1, 0, 0);
  }

  draw() {
    if (this.due) return;
    this.due = requestAnimationFrame(() => {
      this.due = 0;
      for (const canvas of this.canvases) {
        const ratio = Math.min(devicePixelRatio || 1, 2);
        const width = Math.round(canvas.clientWidth * ratio);
        const height = Math.round(canvas.clientHeight * ratio);
        if (!width || !height) continue;
        if (canvas.width !== width) canvas.width = width;
        if (canvas.height !== height) canvas.height = height;
        const context = canvas.getContext("2d");
        context.clearRect(0, 0, width, height);
        this.paint(canvas, context);
      }
      this.moved();
    });
  }

  measure(canvas) {
    const image = this.image(canvas);
    if (!image) return null;
    const ratio = canvas.width / canvas.clientWidth;
    const scale = this.scale(canvas, image) / ratio;
    return { width: image.width * scale, height: image.height * scale };
  }

  shift(canvas, dx, dy) {
    const size = this.measure(canvas);
    if (!size) return;
    if (this.zoom <= 1.001) { this.fit(); return; }
    this.x = Math.min(1, Math.max(0, this.x - dx / size.width));
    this.y = Math.min(1, Math.max(0, this.y - dy / size.height));
    this.draw();
  }

  about(canvas, px, py, factor) {
    const size = this.measure(canvas);
    if (!size) return;
    const zoom = Math.min(MOST, Math.max(1, this.zoom * factor));
    const grown = zoom / this.zoom;
    const dx = px - canvas.clientWidth / 2;
    const dy = py - canvas.clientHeight / 2;
    this.x += (dx / size.width) * (1 - 1 / grown);
    this.y += (dy / size.height) * (1 - 1 / grown);
    this.zoom = zoom;
    this.shift(canvas, 0, 0);
  }

  by(factor) {
    const canvas = this.canvases.find((one) => one.clientWidth);
    if (canvas) this.about(canvas, canvas.clientWidth / 2, canvas.clientHeight / 2, factor);
  }

  fit() {
    Object.assign(this, { zoom: 1, x: 0.5, y: 0.5 });
    this.draw();
  }

  down(event, canvas) {
    canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
  }

  move(event, canvas) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.offsetX, y: event.offsetY };
    const other = [...this.pointers].find(([ident]) => ident !== event.pointerId)?.[1];
    if (other) {
      const far = (one) => Math.hypot(one.x - other.x, one.y - other.y) || 1;
      this.about(canvas, (now.x + other.x) / 2, (now.y + other.y) / 2, far(now) / far(before));
      this.shift(canvas, (now.x - before.x) / 2, (now.y - before.y) / 2);
    } else {
      this.shift(canvas, now.x - before.x, now.y - before.y);
    }
    this.pointers.set(event.pointerId, now);
  }

  // Whether the screen shows more pixels than this image has.
  wants(canvas, image) { return this.scale(canvas, image) > 1.15; }

  key(event) {
    const canvas = this.canvases.find((one) => one.clientWidth);
    const step = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key];
    if (event.key === "+" || event.key === "=") this.by(1.4);
    else if (event.key === "-") this.by(1 / 1.4);
    else if (event.key === "0") this.fit();
    else if (step && this.zoom > 1.01) this.shift(canvas, ...step);
    else return false;
    event.preventDefault();
    return true;
  }

  image() { return null; }
}
