// The behaviour of every page. Each works without it; charts and panels of one page have a file of their own.
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  root.classList.add("js");
  const remembered = localStorage.getItem("theme") || "";
  if (remembered) root.dataset.theme = remembered;

  const theme = document.getElementById("theme");
  if (theme) {
    theme.value = remembered;
    theme.addEventListener("change", () => {
      if (theme.value) root.dataset.theme = theme.value; else delete root.dataset.theme;
      localStorage.setItem("theme", theme.value);
    });
  }

  const toggle = document.querySelector(".nav-toggle");
  toggle?.addEventListener("click", () => {
    const open = document.getElementById("nav-body").classList.toggle("open");
    toggle.setAttribute("aria-expanded", open);
  });

  // What is swapped in later is found too: one listener for the page.
  document.addEventListener("click", (event) => {
    const opens = event.target.closest("[data-opens]");
    if (opens) document.getElementById(opens.dataset.opens).showModal();
    const tab = event.target.closest('[role="tab"]');
    if (tab) choose(tab);
    if (event.target.closest("#toast button")) document.getElementById("toast").hidden = true;
  });

  // Tabs: arrow keys move, Home and End jump.
  const choose = (tab) => {
    for (const other of all('[role="tab"]', tab.closest('[role="tablist"]'))) {
      const chosen = other === tab;
      other.setAttribute("aria-selected", chosen);
      other.tabIndex = chosen ? 0 : -1;
      document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
    }
    tab.focus();
  };
  document.addEventListener("keydown", (event) => {
    const list = event.target.closest?.('[role="tablist"]');
    if (!list) return;
    const tabs = all('[role="tab"]', list), at = tabs.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    choose(tabs[(to + tabs.length) % tabs.length]);
  });

  // A toast confirms what was done; it never carries an error.
  document.addEventListener("said", (event) => {
    const toast = document.getElementById("toast");
    toast.querySelector("span").textContent = event.detail.value;
    toast.hidden = false;
  });

  // A part that could not be loaded keeps what it showed, with a note above it.
  document.addEventListener("htmx:responseError", (event) => failed(event.detail.target));
  document.addEventListener("htmx:sendError", (event) => failed(event.detail.target));
  const failed = (target) => {
    if (!target || target.previousElementSibling?.classList.contains("unreached")) return;
    const note = document.createElement("div");
    note.className = "note warn unreached";
    note.setAttribute("role", "alert");
    note.textContent = document.body.dataset.stale;
    target.before(note);
  };
})();
