"use strict";
/* Draws the curves when they come into view, in the colours of the page, and again when those change.
   Everything else on the page works without this. */
(function () {
  const root = document.documentElement;
  const tokens = JSON.parse(document.getElementById("palette").textContent);
  const charts = Array.from(document.querySelectorAll(".plotly-chart"));
  const drawn = new Set();
  root.classList.add("js");

  /* light-dark() is resolved by the browser alone, so a probe carries each token for a moment. */
  function coloursNow() {
    const probe = root.appendChild(document.createElement("i"));
    const now = {};
    for (const [light, token] of Object.entries(tokens)) {
      probe.style.color = `var(${token})`;
      now[light] = getComputedStyle(probe).color;
    }
    probe.remove();
    return now;
  }

  function draw(chart) {
    const colours = coloursNow();
    const source = document.getElementById(chart.dataset.figure).textContent;
    const figure = JSON.parse(source.replace(/#[0-9a-f]{6}/g, (light) => colours[light] || light));
    const family = getComputedStyle(document.body).fontFamily;
    figure.layout.font.family = family;
    figure.layout.hoverlabel.font.family = family;
    drawn.add(chart);
    return Plotly.react(chart, figure.data, figure.layout, { displayModeBar: false, responsive: true });
  }

  const redraw = () => drawn.forEach(draw);
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((one) => one.isIntersecting)) {
      seen.unobserve(entry.target);
      draw(entry.target);
    }
  }, { rootMargin: "600px 0px" });
  charts.forEach((chart) => seen.observe(chart));

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  const theme = document.getElementById("theme");
  theme.addEventListener("change", () => {
    if (theme.value) root.dataset.theme = theme.value;
    else delete root.dataset.theme;
    redraw();
  });

  /* Paper is light and shows every curve, seen before or not. */
  let themeOnScreen;
  addEventListener("beforeprint", () => {
    themeOnScreen = root.dataset.theme;
    root.dataset.theme = "light";
    charts.forEach(draw);
  });
  addEventListener("afterprint", () => {
    if (themeOnScreen) root.dataset.theme = themeOnScreen;
    else delete root.dataset.theme;
    redraw();
  });

  /* Contents: a menu when narrow, and where the reader is. */
  const toggle = document.querySelector(".nav-toggle");
  const body = document.getElementById("nav-body");
  function open(isOpen) {
    body.classList.toggle("open", isOpen);
    toggle.setAttribute("aria-expanded", String(isOpen));
  }
  toggle.addEventListener("click", () => open(!body.classList.contains("open")));
  body.addEventListener("click", (event) => { if (event.target.closest("a")) open(false); });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && body.classList.contains("open")) { open(false); toggle.focus(); }
  });

  const links = Array.from(body.querySelectorAll("a"));
  const targets = links.map((link) => document.getElementById(link.hash.slice(1)));
  let waiting = false;
  function mark() {
    waiting = false;
    const atEnd = innerHeight + scrollY >= root.scrollHeight - 2;
    const passed = targets.filter((target) => target.getBoundingClientRect().top < innerHeight / 3).length;
    const here = atEnd ? targets.length - 1 : Math.max(0, passed - 1);
    links.forEach((link, place) => {
      if (place === here) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  }
  addEventListener("scroll", () => {
    if (!waiting) { waiting = true; requestAnimationFrame(mark); }
  }, { passive: true });
  mark();

  /* Find a column by its name, its source header or its meaning. */
  const field = document.getElementById("find-column");
  if (field) {
    const rows = Array.from(document.querySelectorAll("[data-column]"));
    const found = document.getElementById("found-columns");
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      let count = 0;
      for (const row of rows) {
        const fits = row.dataset.words.includes(wanted);
        row.hidden = !fits;
        document.getElementById(row.dataset.column).hidden = !fits;
        count += fits ? 1 : 0;
      }
      document.querySelectorAll(".column-index tbody").forEach((group) => {
        group.hidden = !group.querySelector("[data-column]:not([hidden])");
      });
      found.textContent = wanted ? `${count} of ${rows.length} columns` : "";
    });
  }
})();
