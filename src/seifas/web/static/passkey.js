// Signing in and confirming with a passkey. Pages work without this file; the buttons appear only where it can work.
"use strict";
(function () {
  function bytes(text) {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  }
  function text(buffer) {
    const plain = String.fromCharCode(...new Uint8Array(buffer));
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }
  function described(credential) {
    const answer = credential.response;
    const response = { clientDataJSON: text(answer.clientDataJSON) };
    for (const name of ["authenticatorData", "signature", "userHandle", "attestationObject"]) {
      if (answer[name]) response[name] = text(answer[name]);
    }
    if (answer.getTransports) response.transports = answer.getTransports();
    return JSON.stringify({
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response: response,
      clientExtensionResults: credential.getClientExtensionResults(),
      authenticatorAttachment: credential.authenticatorAttachment,
    });
  }
  async function ask(address, fields) {
    const answer = await fetch(address, {
      method: "POST", credentials: "same-origin", redirect: "error",
      headers: { "Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json" },
      body: new URLSearchParams(fields),
    });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.message || answer.statusText);
    return told;
  }
  async function ceremony(box) {
    const fields = JSON.parse(box.dataset.fields);
    for (const input of box.querySelectorAll("input[name]")) fields[input.name] = input.value;
    for (const input of document.querySelectorAll("input[data-also]:checked")) fields[input.name] = input.value;
    const begun = await ask(box.dataset.begin, fields);
    const options = JSON.parse(begun.options);
    options.challenge = bytes(options.challenge);
    for (const list of [options.allowCredentials, options.excludeCredentials]) {
      for (const one of list || []) one.id = bytes(one.id);
    }
    let credential;
    if (box.dataset.create) {
      options.user.id = bytes(options.user.id);
      credential = await navigator.credentials.create({ publicKey: options });
    } else {
      credential = await navigator.credentials.get({ publicKey: options });
    }
    const told = await ask(box.dataset.finish, { ...fields, handle: begun.handle, credential: described(credential) });
    const again = box.dataset.submit && document.getElementById(box.dataset.submit);
    if (box.hasAttribute("data-stay") && window.seifasLock) window.seifasLock.uncover();
    else if (again) again.submit();
    else window.location.assign(told.next || "/desk");
  }
  if (!window.PublicKeyCredential || !navigator.credentials || window.seifasPasskeys) return;
  window.seifasPasskeys = true;
  for (const box of document.querySelectorAll("[data-passkey]")) {
    box.hidden = false;
    const without = box.nextElementSibling;
    if (without && without.hasAttribute("data-without")) without.hidden = true;
    const button = box.querySelector("button");
    const said = box.querySelector("[role=alert]");
    button.addEventListener("click", async function () {
      button.disabled = true;
      said.hidden = true;
      try {
        await ceremony(box);
      } catch (error) {
        said.textContent = error.name === "NotAllowedError" ? box.dataset.stopped : error.message;
        said.hidden = false;
      }
      button.disabled = false;
    });
  }
})();
