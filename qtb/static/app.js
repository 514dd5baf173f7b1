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

  // Rows are added and taken away; what is posted is renumbered by the server, so gaps do no harm.
  document.querySelectorAll("[data-rows]").forEach(function (list) {
    const add = list.querySelector("[data-add]"), most = Number(list.dataset.most);
    const cards = function () { return list.querySelectorAll(".row-card"); };
    let next = cards().length;
    function blank() {
      const card = cards()[0].cloneNode(true), mark = new RegExp(list.dataset.rows + "-\\d+");
      card.querySelectorAll("[id],[name],[for],[aria-describedby]").forEach(function (part) {
        ["id", "name", "for", "aria-describedby"].forEach(function (name) {
          if (part.hasAttribute(name)) part.setAttribute(name, part.getAttribute(name).replace(mark, list.dataset.rows + "-" + next));
        });
      });
      card.querySelectorAll(".field-error").forEach(function (error) { error.remove(); });
      card.querySelectorAll("input,select,textarea").forEach(function (field) {
        if (field.type === "checkbox") field.checked = false; else field.value = "";
        field.classList.remove("is-invalid"); field.removeAttribute("aria-invalid");
      });
      next += 1;
      return card;
    }
    function renumber() {
      cards().forEach(function (card, n) {
        const legend = card.querySelector("legend");
        legend.textContent = legend.textContent.replace(/\d+/, String(n + 1));
        card.querySelector("[data-drop]").hidden = cards().length < 2;
      });
      add.hidden = cards().length >= most;
    }
    add.addEventListener("click", function () {
      const card = blank();
      add.before(card);
      renumber();
      card.querySelector("input,select,textarea").focus();
    });
    list.addEventListener("click", function (event) {
      const drop = event.target.closest("[data-drop]");
      if (!drop) return;
      drop.closest(".row-card").remove();
      list.dispatchEvent(new Event("input", { bubbles: true }));
      renumber();
    });
    renumber();
  });

  // A field that is asked only where other answers fit is shown only then; the server decides all the same.
  const compare = {
    eq: (a, b) => a === b, ne: (a, b) => a !== b, lt: (a, b) => a < b, le: (a, b) => a <= b, gt: (a, b) => a > b, ge: (a, b) => a >= b,
    in: (a, b) => b.includes(a), not_in: (a, b) => !b.includes(a),
  };
  function answer(form, name) {
    const field = form.elements[name];
    if (!field) return "";
    return field.type === "checkbox" ? field.checked : field.value;
  }
  function holds(form, one) {
    const left = answer(form, one.field);
    if (one.op === "filled") return left !== "" && left !== false;
    if (one.op === "empty") return left === "" || left === false;
    const right = one.than ? answer(form, one.than) : one.value;
    if (left === "" || right === "") return false;
    const number = (value) => (typeof value === "string" && value !== "" && !isNaN(value) ? Number(value) : value);
    return compare[one.op](number(left), Array.isArray(right) ? right.map(number) : number(right));
  }
  // On a phone the rules stand above the form: folded, so that its first field is near.
  if (window.matchMedia("(max-width: 1099px)").matches) {
    document.querySelectorAll(".rules-card details[open]").forEach(function (box) { box.open = false; });
  }
  document.querySelectorAll("form.long-form").forEach(function (form) {
    const asked = form.querySelectorAll("[data-when]");
    function fit() {
      asked.forEach(function (box) { box.hidden = !JSON.parse(box.dataset.when).every(function (one) { return holds(form, one); }); });
    }
    if (asked.length) { form.addEventListener("input", fit); fit(); }
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
