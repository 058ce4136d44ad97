// Patients' pages beyond what desk.js does for all. They work without this file.
"use strict";
(function () {
  // A page that answered a form is loaded again as a page: opening what was opened a moment ago asks and costs nothing.
  if (document.querySelector("[data-settle]")) history.replaceState(null, "", location.pathname);
  // Whoever writes sends with Ctrl+Enter, hands on the keys.
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || document.body.classList.contains("covered")) return;
    const form = event.target.form;
    if (!form || !event.target.closest(".writer, main form")) return;
    event.preventDefault();
    form.requestSubmit();
  });
})();
