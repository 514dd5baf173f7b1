// What is typed is never lost: kept on the server while one types, in this browser while the server cannot be reached.
(function () {
  "use strict";

  document.querySelectorAll("[data-print]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  });

  const form = document.querySelector("form[data-keep]");
  if (!form) return;
  const CARRIED = ["csrf_token", "seen", "since", "request_key", "takes"];
  const PAUSE = 2000, AGAIN = 5000, MOST_LEAVING = 60000, OLD = 60 * 24 * 3600 * 1000;
  const prefix = "qtb:" + form.dataset.who + ":" + location.pathname + ":";
  const mine = prefix + form.elements.request_key.value;
  const kept = document.getElementById("kept"), held = document.getElementById("held");
  let timer = 0, sending = null, isDirty = false, isSent = false;

  // Storage may be full, or shut off: then the server's copy is the only one.
  const store = {
    put: function (text) {
      const copy = { text: text, at: Date.now(), seen: form.elements.seen.value };
      try { localStorage.setItem(mine, JSON.stringify(copy)); return true; } catch (error) { return false; }
    },
    drop: function (key) { try { localStorage.removeItem(key); } catch (error) { /* nothing to drop */ } },
    all: function () {
      const found = [];
      try {
        for (let n = 0; n < localStorage.length; n += 1) {
          const key = localStorage.key(n);
          if (key.startsWith(prefix)) found.push(Object.assign({ key: key }, JSON.parse(localStorage.getItem(key))));
        }
      } catch (error) { return []; }
      return found.sort(function (a, b) { return b.at - a.at; });
    },
  };

  function params() {
    const found = new URLSearchParams();
    new FormData(form).forEach(function (value, name) { if (typeof value === "string") found.append(name, value); });
    return found;
  }
  function typed(given) {
    const found = new URLSearchParams(given);
    CARRIED.forEach(function (name) { found.delete(name); });
    return found.toString();
  }
  function say(text) { if (kept.textContent !== text) kept.textContent = text; }
  function put(selector, texts) {
    document.querySelectorAll(selector).forEach(function (place, n) { place.textContent = texts[n] || ""; });
  }

  function send(body, leaving) {
    return fetch(form.dataset.keep, {
      method: "POST", body: body, redirect: "manual", credentials: "same-origin",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      keepalive: Boolean(leaving) && body.length < MOST_LEAVING, signal: sending ? sending.signal : undefined,
    });
  }
  function later(pause) { window.clearTimeout(timer); timer = window.setTimeout(keep, pause); }

  function keep(leaving) {
    window.clearTimeout(timer);
    if (!isDirty || isSent || (sending && leaving !== true)) return;
    const body = params().toString();
    const isHeld = store.put(body);
    sending = new AbortController();
    send(body, leaving === true).then(function (answer) {
      sending = null;
      if (answer.ok) return answer.json().then(function (said) { done(said, body); });
      if (answer.type === "opaqueredirect") return say(form.dataset.signedOut);
      if (answer.status >= 500) return away(isHeld);
      say(answer.status === 409 ? form.dataset.elsewhere : form.dataset.refused);
    }).catch(function (error) {
      sending = null;
      if (error.name !== "AbortError") away(isHeld);
    });
  }
  function done(said, body) {
    say(said.says);
    put("[data-part]", said.parts);
    put("[data-whole]", [said.whole]);
    put("#at-work", [said.others]);
    if (params().toString() === body) { isDirty = false; store.drop(mine); } else later(PAUSE);
  }
  function away(isHeld) {
    if (isHeld) say(form.dataset.away);
    later(AGAIN);
  }

  function changed() { isDirty = true; later(PAUSE); }
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  // A file that stands: with what is typed beside it the server counts anew, else it has counted what is saved.
  form.addEventListener("stood", function (event) {
    if (isDirty) { later(0); return; }
    put("[data-part]", event.detail.parts);
    put("[data-whole]", [event.detail.whole]);
  });
  window.addEventListener("online", function () { later(0); });
  window.addEventListener("pagehide", function () { keep(true); });
  document.addEventListener("visibilitychange", function () { if (document.hidden) keep(true); });
  // While nothing could be stored anywhere, leaving asks first.
  window.addEventListener("beforeunload", function (event) { if (isDirty && !isSent && !store.put(params().toString())) event.preventDefault(); });

  // Saving: the browser's copy stays until a later page says that this one was saved.
  form.addEventListener("submit", function () {
    window.clearTimeout(timer);
    if (sending) sending.abort();
    store.put(params().toString());
    isSent = true;
  });
  // Back again on a page that was sent: what stands on it is old.
  window.addEventListener("pageshow", function (event) { if (event.persisted && isSent) location.reload(); });
  document.querySelectorAll(".draft-banner form").forEach(function (one) {
    one.addEventListener("submit", function () { isSent = true; store.all().forEach(function (copy) { store.drop(copy.key); }); });
  });

  // Copies that never reached the server come back: by themselves where nothing has changed since, else when asked.
  const over = form.dataset.ended.split(" ");
  if ("answered" in form.dataset) store.drop(mine);
  const here = typed(params());
  const waiting = store.all().filter(function (copy) {
    const isOver = over.includes(copy.key.slice(prefix.length)) || copy.at < Date.now() - OLD || typed(copy.text) === here;
    if (isOver) store.drop(copy.key);
    return !isOver;
  });
  function bring(copy) {
    const body = new URLSearchParams(copy.text);
    CARRIED.forEach(function (name) { body.set(name, form.elements[name].value); });
    body.set("seen", copy.seen);
    return send(body.toString()).then(function (answer) {
      if (!answer.ok) return offer(copy);
      store.drop(copy.key);
      isSent = true;
      location.reload();
    }).catch(function () { offer(copy); });
  }
  function offer(copy) {
    held.hidden = false;
    held.querySelector("[data-held-at]").textContent = new Date(copy.at).toLocaleString(document.documentElement.lang);
    held.querySelector("[data-bring]").onclick = function () { bring(copy); };
    held.querySelector("[data-drop-held]").onclick = function () { store.drop(copy.key); held.hidden = true; };
  }
  if (waiting.length) {
    if (waiting[0].seen === form.elements.seen.value && !("answered" in form.dataset)) bring(waiting[0]); else offer(waiting[0]);
  }
})();
