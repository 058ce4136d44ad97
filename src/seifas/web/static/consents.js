// The signature pad: strokes of finger, pen or mouse, drawn as they come and sent as points with their times.
const form = document.querySelector("[data-signing]");
const pad = form?.querySelector("[data-pad]");

if (pad) {
  const canvas = pad.querySelector("canvas");
  const field = pad.querySelector("[name=signature]");
  const trouble = form.querySelector("[data-trouble]");
  const ink = canvas.getContext("2d");
  const MOST = 46000;
  let strokes = [];
  let current = null;
  let began = 0;

  pad.hidden = false;
  form.querySelector("[data-send]").hidden = false;
  form.querySelector("[data-without]").hidden = true;

  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    const held = (value, most) => Math.max(0, Math.min(most, Math.round(value)));
    if (!began) began = event.timeStamp;
    return [
      held(((event.clientX - box.left) / box.width) * 1000, 1000),
      held(((event.clientY - box.top) / box.height) * 400, 400),
      held(event.timeStamp - began, 9999999),
    ];
  };

  const draw = (from, to) => {
    ink.strokeStyle = "#10151c";
    ink.lineWidth = 5;
    ink.lineCap = ink.lineJoin = "round";
    ink.beginPath();
    ink.moveTo(from[0], from[1]);
    ink.lineTo(to[0], to[1]);
    ink.stroke();
  };

  const written = () => strokes.map((stroke) => stroke.map((point) => point.join(".")).join("-")).join("_");

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    current = [at(event)];
    strokes.push(current);
    draw(current[0], current[0]);
    trouble.hidden = true;
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!current) return;
    for (const one of event.getCoalescedEvents?.() ?? [event]) {
      const point = at(one);
      const last = current[current.length - 1];
      if (Math.abs(point[0] - last[0]) + Math.abs(point[1] - last[1]) < 3) continue;
      draw(last, point);
      current.push(point[2] < last[2] ? [point[0], point[1], last[2]] : point);
    }
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, () => {
      current = null;
    });
  }
  pad.querySelector("[data-clear]").addEventListener("click", () => {
    strokes = [];
    began = 0;
    ink.clearRect(0, 0, canvas.width, canvas.height);
  });
  form.addEventListener("submit", (event) => {
    const length = strokes.reduce((sum, stroke) => sum + stroke.length, 0);
    // What is too long to send is thinned: every other point, until it fits. Ends of strokes stay.
    while (written().length > MOST) {
      strokes = strokes.map((stroke) => stroke.filter((_, number) => number % 2 === 0 || number === stroke.length - 1));
    }
    if (length < 6) {
      event.preventDefault();
      trouble.textContent = canvas.dataset.empty;
      trouble.hidden = false;
      canvas.scrollIntoView({ block: "center" });
      return;
    }
    field.value = written();
  });
}
