// The desk's keys, its finding line, and its lock. Pages work without this file by links and buttons.
"use strict";
(function () {
  const query = document.getElementById("query");
  function typing(place) {
    return place && (place.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(place.tagName));
  }
  function seen(one) {
    return !one.disabled && one.getClientRects().length > 0;
  }

  // -- keys: / and t find, ? shows the keys of this page, whatever bears data-key is pressed by it
  const keysBox = document.getElementById("keys");
  function showKeys() {
    const list = keysBox.querySelector("dl.own");
    list.replaceChildren();
    for (const one of document.querySelectorAll("[data-key]")) {
      if (!seen(one) || keysBox.contains(one)) continue;
      const key = document.createElement("dt");
      const kbd = document.createElement("kbd");
      kbd.textContent = one.dataset.key;
      key.append(kbd);
      const what = document.createElement("dd");
      what.textContent = (one.getAttribute("title") || one.textContent || one.getAttribute("aria-label") || "").trim();
      list.append(key, what);
    }
    keysBox.showModal();
  }
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.body.classList.contains("covered")) return;
    if (event.key === "Escape") {
      for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
      if (typing(document.activeElement)) document.activeElement.blur();
      return;
    }
    if (typing(event.target)) return;
    const key = event.key.toLowerCase();
    if ((key === "/" || key === "t") && query) {
      if (!seen(query)) document.body.classList.add("finding");
      query.focus();
      query.select();
    } else if (event.key === "?" && keysBox) {
      showKeys();
    } else {
      const one = [...document.querySelectorAll("[data-key]")].find((it) => it.dataset.key === key && seen(it));
      if (!one) return;
      if (one.tagName === "SUMMARY") {
        one.parentElement.open = true;
        const first = one.parentElement.querySelector("input:not([type=hidden]), textarea, select");
        (first || one).focus();
      } else if (typing(one)) {
        one.focus();
      } else {
        one.click();
      }
    }
    event.preventDefault();
    event.stopImmediatePropagation();
  });
  document.addEventListener("click", function (event) {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  // -- the finding line: arrows walk through the hits, Escape puts them away
  const hits = document.getElementById("hits");
  if (query && hits) {
    query.form.addEventListener("keydown", function (event) {
      const links = [...hits.querySelectorAll("a")];
      const at = links.indexOf(document.activeElement);
      if (event.key === "ArrowDown" && links.length) {
        links[Math.min(at + 1, links.length - 1)].focus();
        event.preventDefault();
      } else if (event.key === "ArrowUp" && at >= 0) {
        (at ? links[at - 1] : query).focus();
        event.preventDefault();
      } else if (event.key === "Escape") {
        hits.replaceChildren();
        query.focus();
      }
    });
    query.addEventListener("input", function () {
      if (query.value.trim().length < 3) hits.replaceChildren();
    });
    document.addEventListener("click", function (event) {
      if (!query.form.contains(event.target)) hits.replaceChildren();
    });
  }

  // -- the lock: the page stays where it is, covered, and is uncovered by one touch of the same person
  const cover = document.getElementById("cover");
  if (!cover) return;
  const form = cover.dataset.form;
  let idle = Number(cover.dataset.idle);
  let used = Date.now();
  let told = Date.now();
  const said = cover.querySelector("[role=alert]");
  async function post(address, fields) {
    const answer = await fetch(address, {
      method: "POST", credentials: "same-origin", redirect: "error",
      headers: { "Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json" },
      body: new URLSearchParams({ form: form, ...fields }),
    });
    let read = {};
    try { read = await answer.json(); } catch (error) { read = {}; }
    if (!answer.ok) {
      const failed = new Error(read.message || answer.statusText);
      failed.status = answer.status;
      throw failed;
    }
    return read;
  }
  function covered() {
    return document.body.classList.contains("covered");
  }
  let before = null;
  function shut() {
    if (covered()) return;
    before = document.activeElement;
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
    document.body.classList.add("covered");
    for (const one of document.body.children) if (one !== cover) one.inert = true;
    cover.hidden = false;
    said.hidden = true;
    (cover.querySelector("[data-passkey]:not([hidden]) button") || cover.querySelector("input[type=password]") || cover).focus();
  }
  function uncover() {
    document.body.classList.remove("covered");
    for (const one of document.body.children) one.inert = false;
    cover.hidden = true;
    for (const field of cover.querySelectorAll("input[type=password], input[name=code]")) field.value = "";
    used = told = Date.now();
    if (before && before.focus) before.focus();
  }
  window.seifasLock = { covered: covered, uncover: uncover };
  for (const one of document.querySelectorAll("form[data-lock]")) {
    one.addEventListener("submit", function (event) {
      event.preventDefault();
      shut();
      post("/desk/lock", {}).catch(function () { one.submit(); });
    });
  }
  const again = cover.querySelector("form[data-again]");
  if (again) {
    again.addEventListener("submit", async function (event) {
      event.preventDefault();
      const button = again.querySelector("button");
      button.disabled = true;
      try {
        await post(again.getAttribute("action"), Object.fromEntries(new FormData(again)));
        uncover();
      } catch (error) {
        if (error.status === 401) window.location.assign("/auth/sign-in");
        said.textContent = error.message;
        said.hidden = false;
      }
      button.disabled = false;
    });
  }
  for (const what of ["pointerdown", "keydown", "input", "scroll", "touchstart"]) {
    document.addEventListener(what, function () { used = Date.now(); }, { passive: true, capture: true });
  }
  // What the page itself asks for keeps nobody's desk open: only a person's own doing does, told once a minute.
  window.setInterval(function () {
    if (covered()) return;
    const now = Date.now();
    if (now - used >= idle) {
      shut();
      post("/desk/lock", {}).catch(function () {});
    } else if (used > told && now - told >= Math.min(60000, idle / 4)) {
      told = now;
      post("/desk/here", {}).then(function (read) { idle = read.idle_ms || idle; }).catch(function (error) {
        if (error.status === 403) shut();
        if (error.status === 401) window.location.assign("/auth/sign-in");
      });
    }
  }, 2000);
})();
