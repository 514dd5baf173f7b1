// A file goes up while the page stays: how far it is, what became of it, and nothing typed is lost.
(function () {
  "use strict";

  document.querySelectorAll("form[data-send]").forEach(function (form) {
    const box = document.querySelector('[data-file-box="' + form.dataset.send + '"]');
    if (!box) return;
    const input = box.querySelector("input[type=file]"), button = box.querySelector(".file-send button");
    const bar = box.querySelector("progress"), says = box.querySelector("[data-says]");
    if (!input) return;

    function say(text, isBad) {
      says.textContent = text;
      says.classList.toggle("field-error", Boolean(isBad));
    }
    function rest() { bar.hidden = true; button.disabled = false; }
    function done(request) {
      rest();
      let told = null;
      try { told = JSON.parse(request.responseText); } catch (error) { /* a page: of a proxy, or for signing in */ }
      if (request.status === 200 && told && told.files !== undefined) {
        const fresh = new DOMParser().parseFromString(told.files, "text/html");
        box.querySelector("[data-standing]").replaceChildren.apply(
          box.querySelector("[data-standing]"), Array.from(fresh.body.querySelectorAll(":scope > :not(form)")));
        fresh.querySelectorAll("form").forEach(function (one) { document.body.append(one); });
        input.value = "";
        say(told.says, false);
        // What is judged and counted beside the fields is so with the file only now.
        box.dispatchEvent(new CustomEvent("stood", { bubbles: true, detail: told }));
      } else {
        say(told && told.says ? told.says : form.dataset.failed, true);
      }
    }

    form.addEventListener("submit", function (event) {
      event.preventDefault();
      const file = input.files[0];
      if (!file) { say(form.dataset.none, true); return; }
      if (file.size > Number(form.dataset.most)) { say(form.dataset.large, true); return; }
      const request = new XMLHttpRequest();
      request.open("POST", form.action);
      request.setRequestHeader("Accept", "application/json");
      request.upload.addEventListener("progress", function (step) {
        if (step.lengthComputable) bar.value = 100 * step.loaded / step.total;
      });
      request.upload.addEventListener("load", function () { bar.removeAttribute("value"); say(form.dataset.reading); });
      request.addEventListener("load", function () { done(request); });
      request.addEventListener("error", function () { rest(); say(form.dataset.failed, true); });
      bar.value = 0; bar.hidden = false; button.disabled = true; say("", false);
      request.send(new FormData(form));
    });
    input.addEventListener("change", function () { if (input.files.length) form.requestSubmit(); });
  });
})();
