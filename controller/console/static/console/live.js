// Keeps a page's pieces (elements with data-v, the version of what they show) up to date: asks
// the address in <main data-live> every few seconds which of them changed and puts those in place.
// Nothing is asked while the page is out of sight. Without this script the page reloads itself.
"use strict";
(() => {
  const EVERY_MS = 3000;
  const page = document.querySelector("[data-live]");
  const notice = document.getElementById("stale");
  let busy = false;

  function put(markup) {
    const box = document.createElement("template"); // one a piece: a row cannot stand beside a section
    box.innerHTML = markup;
    const fresh = box.content.firstElementChild;
    const old = document.getElementById(fresh.id);
    if (!old || fresh.id === "order") return location.reload(); // other meters belong here now
    const link = old.contains(document.activeElement) && document.activeElement.getAttribute("href");
    old.replaceWith(fresh);
    if (link) fresh.querySelector(`[href="${CSS.escape(link)}"]`)?.focus();
  }

  async function refresh() {
    if (busy || document.hidden) return;
    busy = true;
    try {
      const seen = Array.from(document.querySelectorAll("[data-v]"), (piece) => piece.dataset.v);
      const answer = await fetch(page.dataset.live + seen.join("."), { redirect: "manual" });
      if (answer.type === "opaqueredirect") return location.reload(); // logged out meanwhile
      notice.hidden = answer.ok;
      if (answer.status !== 200) return;
      (await answer.json()).forEach(put);
    } catch {
      notice.hidden = false;
    } finally {
      busy = false;
    }
  }

  if (!page) return;
  setInterval(refresh, EVERY_MS);
  document.addEventListener("visibilitychange", refresh);
})();
