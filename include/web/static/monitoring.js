// Refreshes the page from the server, which has escaped everything, and sends what its buttons ask.
"use strict";
(() => {
  const root = new URL(".", document.currentScript.src);
  const byName = (name) => document.querySelector(`meta[name="${name}"]`);
  let busy = false;

  // Airflow keeps the reader's choice under this name; without one, the system decides.
  const choose = () => {
    let chosen = null;
    try { chosen = localStorage.getItem("theme"); } catch { /* no storage in this browser */ }
    if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
    else delete document.documentElement.dataset.theme;
  };
  choose();
  addEventListener("storage", choose);

  const say = (text, bad) => {
    const line = document.getElementById("said");
    if (line.textContent !== text) line.textContent = text;
    line.classList.toggle("bad", Boolean(bad));
  };

  const focusAgain = (id) => {
    const target = id && document.getElementById(id);
    if (!target) return;
    const open = target.disabled ? target.parentElement.querySelector("button:not(:disabled)") : target;
    if (open) open.focus({ preventScroll: true });
  };

  const show = (text) => {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    const focused = document.activeElement?.id;
    const scrolled = [...document.querySelectorAll(".scroll")].map((box) => box.scrollLeft);
    document.getElementById("live").replaceWith(document.adoptNode(fresh.getElementById("live")));
    document.querySelectorAll(".scroll").forEach((box, n) => { box.scrollLeft = scrolled[n] ?? 0; });
    byName("csrf-token").content = fresh.querySelector('meta[name="csrf-token"]').content;
    focusAgain(focused);
  };

  const refresh = async () => {
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (answer.status === 401 || answer.status === 403) return say(byName("logged-out").content, true);
      if (!answer.ok) return say(byName("stale").content, true);
      show(await answer.text());
      const line = document.getElementById("said");
      if (line.classList.contains("bad")) say("", false);
    } catch {
      say(byName("stale").content, true);
    }
  };

  const ask = async (button) => {
    busy = true;
    button.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(new URL(`api/groups/${button.dataset.group}/${button.dataset.action}`, root), {
        method: "POST",
        headers: { "X-CSRF-Token": byName("csrf-token").content },
      });
      const told = await answer.json().catch(() => ({}));
      await refresh();
      if (answer.status === 401) return;  // refreshing has said it in the reader's language
      say(answer.ok ? told.message : String(told.detail ?? byName("stale").content), !answer.ok);
    } catch {
      say(byName("stale").content, true);
    } finally {
      busy = false;
      button.removeAttribute("aria-busy");
    }
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-action]");
    if (button && !busy) ask(button);
  });
  setInterval(() => { if (!busy && !document.hidden) refresh(); }, byName("refresh").content * 1000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden && !busy) refresh(); });
})();
