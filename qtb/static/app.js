// Small comforts; every page works without them.
(function () {
  "use strict";

  // A form sent twice by an impatient hand is sent once.
  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (!form.matches("[data-once]")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    window.removeEventListener("beforeunload", ask);
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sent]").forEach(function (form) { delete form.dataset.sent; });
  });

  // Leaving a form with unsaved text asks first.
  function ask(event) { event.preventDefault(); }
  document.addEventListener("input", function (event) {
    if (event.target.closest("form[data-warn]")) window.addEventListener("beforeunload", ask);
  });

  // Characters against the limit, counted as the server counts them: code points, not bytes or UTF-16 units.
  document.querySelectorAll("[data-limit]").forEach(function (field) {
    const counter = document.createElement("small");
    counter.className = "counter";
    field.insertAdjacentElement("afterend", counter);
    function count() {
      const n = Array.from(field.value).length, limit = Number(field.dataset.limit);
      counter.textContent = n + " / " + limit;
      counter.classList.toggle("over", n > limit);
    }
    field.addEventListener("input", count);
    count();
  });

  // A score sheet's sum while it is being filled.
  document.querySelectorAll("[data-sum]").forEach(function (table) {
    function sum() {
      let total = 0;
      table.querySelectorAll("input.points").forEach(function (field) { total += Number(field.value) || 0; });
      table.querySelector("[data-total]").textContent = String(Math.round(total * 100) / 100);
    }
    table.addEventListener("input", sum);
    sum();
  });

  // On a wide screen the menu is always open; on a phone it folds.
  const menu = document.querySelector("details.menu");
  if (menu) {
    const wide = window.matchMedia("(min-width: 992px)");
    const fit = function () { menu.open = wide.matches; };
    wide.addEventListener("change", fit);
    fit();
  }

  // After a refusal, the reason is what a reader hears and sees first.
  const refusal = document.getElementById("refusal");
  if (refusal) refusal.focus();
})();
