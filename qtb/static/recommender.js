// Rows of the ranking can be dragged; what is saved are the numbers, so the page works without this.
(function () {
  "use strict";

  document.querySelectorAll("[data-ranking]").forEach(function (list) {
    let held = null;
    function rows() { return Array.from(list.querySelectorAll(".rank-row")); }
    list.addEventListener("dragstart", function (event) {
      held = event.target.closest(".rank-row");
      held.classList.add("is-held");
      event.dataTransfer.effectAllowed = "move";
    });
    list.addEventListener("dragover", function (event) {
      const over = event.target.closest(".rank-row");
      if (!held || !over || over === held) return;
      event.preventDefault();
      const box = over.getBoundingClientRect();
      over.parentNode.insertBefore(held, event.clientY > box.top + box.height / 2 ? over.nextSibling : over);
    });
    list.addEventListener("drop", function (event) { event.preventDefault(); });
    list.addEventListener("dragend", function () {
      if (!held) return;
      held.classList.remove("is-held");
      held = null;
      rows().forEach(function (row, n) { row.querySelector(".rank-number").value = String(n + 1); });
    });
  });
})();
