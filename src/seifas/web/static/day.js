// The day by keys: arrows walk over the entries, Enter opens the card, a letter does what its button does.
"use strict";
(function () {
  const day = document.querySelector("[data-day]");
  if (!day) return;
  const columns = [...day.querySelectorAll(".doctor")].map((one) => [...one.querySelectorAll("[data-entry]")]);
  let chosen = null;
  function choose(one) {
    if (!one) return;
    if (chosen) chosen.classList.remove("chosen");
    chosen = one;
    chosen.classList.add("chosen");
    chosen.scrollIntoView({ block: "nearest", inline: "nearest" });
    chosen.querySelector(".name").focus({ preventScroll: true });
  }
  function place() {
    for (let column = 0; column < columns.length; column += 1) {
      const row = columns[column].indexOf(chosen);
      if (row >= 0) return [column, row];
    }
    return null;
  }
  function step(column, row) {
    const at = place();
    if (!at) {
      choose(day.querySelector(".visit:target, .visit.arrived, .visit.booked") || day.querySelector("[data-entry]"));
      return;
    }
    if (row) {
      choose(columns[at[0]][Math.max(0, Math.min(at[1] + row, columns[at[0]].length - 1))]);
      return;
    }
    for (let next = at[0] + column; next >= 0 && next < columns.length; next += column) {
      if (columns[next].length) {
        choose(columns[next][Math.min(at[1], columns[next].length - 1)]);
        return;
      }
    }
  }
  day.addEventListener("focusin", function (event) {
    const one = event.target.closest("[data-entry]");
    if (one && one !== chosen) {
      if (chosen) chosen.classList.remove("chosen");
      chosen = one;
      chosen.classList.add("chosen");
    }
  });
  const moves = { ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0], j: [0, 1], k: [0, -1] };
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.body.classList.contains("covered")) return;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || event.target.closest(".hitlist, .menu, dialog")) return;
    if (moves[event.key]) {
      step(...moves[event.key]);
      event.preventDefault();
    } else if (chosen) {
      const one = chosen.querySelector(`[data-do="${CSS.escape(event.key.toLowerCase())}"]`);
      if (!one) return;
      event.preventDefault();
      one.click();
    }
  });
})();
