// Keeps an open page up to date. Without this script everything works, but for that.
(() => {
  "use strict";
  const said = document.getElementById("live");
  const PAUSE = 1000;  // between two looks, however often something is written
  let shown = null, waiting = false, busy = false;

  const editing = () => {
    const at = document.activeElement;
    return at !== null && at.closest("main form") !== null;
  };

  async function renew() {
    if (document.hidden || editing()) { waiting = true; return; }
    if (busy) { waiting = true; return; }
    busy = true;
    waiting = false;
    try {
      const headers = shown === null ? {} : { "If-None-Match": shown };
      const answer = await fetch(location.href, { headers, redirect: "error" });
      if (answer.status === 200) {
        shown = answer.headers.get("ETag");
        put(new DOMParser().parseFromString(await answer.text(), "text/html"));
      }
      said.textContent = "Live";
    } catch {
      said.textContent = "Not connected: reload the page";
    }
    setTimeout(() => { busy = false; if (waiting) renew(); }, PAUSE);
  }

  function put(page) {
    const now = document.querySelector("main"), next = page.querySelector("main");
    if (next === null) return;
    const open = [...now.querySelectorAll("details")].map((one) => one.open);
    next.querySelectorAll("details").forEach((one, n) => { one.open = open[n] ?? one.open; });
    now.replaceChildren(...next.childNodes);
  }

  const events = new EventSource("/events");
  let first = true;
  events.addEventListener("written", () => {
    if (first) { first = false; said.textContent = "Live"; return; }
    renew();
  });
  events.onerror = () => { said.textContent = "Not connected"; first = false; };
  document.addEventListener("visibilitychange", () => { if (waiting) renew(); });
  document.addEventListener("focusout", () => { if (waiting) setTimeout(renew, 0); });
})();
