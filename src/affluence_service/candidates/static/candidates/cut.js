// The cut: slider and fields are one value seen several ways. The server answers in milliseconds, so it is asked.
(() => {
  const panel = document.getElementById("cut");
  if (!panel) return;
  const byId = (id) => document.getElementById(id);
  const slider = byId("slider"), widest = Number(slider.max), currency = panel.dataset.currency;
  const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
  const percent = (share) => (share === null ? "\u2013" : `${(100 * share).toFixed(0)}\u202f%`);
  const money = (amount) => (amount === null ? "\u2013" : `${currency} ${whole.format(amount)}`.trim().replace("-", "\u2212"));
  const put = (id, text) => { byId(id).textContent = text; };
  const between = (estimate, write) => (estimate.value === null ? `${write(estimate.low)}\u2013${write(estimate.high)}` : write(estimate.value));

  const lines = [byId("cut-line"), byId("cut-span")], label = byId("cut-label"), top = Number(panel.dataset.top);
  const random = [panel.dataset.randomLow, panel.dataset.randomHigh].map(Number);
  const set = (part, places) => Object.entries(places).forEach(([name, value]) => part.setAttribute(name, value));
  const place = (contacts) => {
    const x = `${(100 * contacts) / widest}%`, far = contacts > 0.85 * widest;
    lines.forEach((line) => set(line, { x1: x, x2: x }));
    set(label, { x, dx: far ? -8 : 8, "text-anchor": far ? "end" : "start" });
    label.textContent = whole.format(contacts);
  };
  const down = (finds) => `${100 - (100 * finds) / top}%`;

  const show = (cut, from) => {
    place(cut.contacts);
    set(lines[1], { y1: down(cut.finds.low), y2: down(cut.finds.high) });
    put("out-random", [...new Set(random.map((rate) => whole.format(rate * cut.contacts)))].join("\u2013"));
    if (from !== slider) slider.value = cut.contacts;
    if (from !== byId("contacts")) byId("contacts").value = cut.contacts;
    slider.setAttribute("aria-valuetext", `${whole.format(cut.contacts)} ${panel.dataset.customers}`);
    put("out-contacts", whole.format(cut.contacts));
    put("out-finds", between(cut.finds, (number) => whole.format(number)));
    put("out-interval", cut.finds.value === null ? `(${panel.dataset.range})` : `(90\u202f%: ${whole.format(cut.finds.low)}\u2013${whole.format(cut.finds.high)})`);
    put("out-share", between(cut.precision, percent));
    put("out-recall", cut.recall_of_tagged ? percent(cut.recall_of_tagged.value) : "\u2013");
    put("out-chance", percent(cut.lowest_chance));
    put("out-cost", money(cut.cost));
    put("out-net", cut.net ? `${money(cut.net.low)} \u2013 ${money(cut.net.high)}` : "\u2013");
    put("out-weeks", cut.weeks === null ? "\u2013" : cut.weeks.toFixed(1));
    put("out-next", cut.next_calls ? between(cut.next_calls.finds, (number) => whole.format(number)) : "\u2013");
    if (from !== byId("lowest_precision")) byId("lowest_precision").value = cut.precision.value === null ? "" : (100 * cut.precision.value).toFixed(1);
    if (from !== byId("recall")) byId("recall").value = cut.recall_of_tagged ? (100 * cut.recall_of_tagged.value).toFixed(1) : "";
    if (from !== byId("budget") && cut.cost !== null) byId("budget").value = Math.round(cut.cost);
    const notes = byId("notes");
    notes.replaceChildren(...cut.notes.map((note) => Object.assign(document.createElement("p"), { textContent: note })));
    notes.hidden = !cut.notes.length;
    const make = byId("make");
    if (make) make.href = `${make.dataset.address}?contacts=${cut.contacts}`;
  };

  // One question at a time: while one is on its way the latest waits.
  let asking = false, next = null;
  const ask = async (way, from) => {
    if (asking) { next = [way, from]; return; }
    asking = true;
    const query = new URLSearchParams(way);
    for (const name of ["cost_a_contact", "value_a_find", "managers", "calls_a_week"]) {
      const typed = byId(name).value;
      if (typed && !query.has(name)) query.set(name, typed);
    }
    const error = byId("cut-error");
    try {
      const answer = await fetch(`${panel.dataset.capacity}?${query}`, { headers: { Accept: "application/json" } });
      const told = await answer.json();
      error.hidden = answer.ok;
      if (answer.ok) show(told, from); else error.textContent = told.detail;
    } catch {
      error.hidden = false;
      error.textContent = panel.dataset.stale;
    }
    asking = false;
    if (next) { const [later, who] = next; next = null; ask(later, who); }
  };

  const share = (field) => ({ [field.id]: String(Math.min(1, Math.max(0, Number(field.value) / 100))) });
  slider.addEventListener("input", () => { place(Number(slider.value)); put("out-contacts", whole.format(slider.value)); ask({ contacts: slider.value }, slider); });
  for (const id of ["contacts", "budget"]) byId(id).addEventListener("change", () => byId(id).value && ask({ [id]: byId(id).value }, byId(id)));
  for (const id of ["lowest_precision", "recall"]) byId(id).addEventListener("change", () => byId(id).value && ask(share(byId(id)), byId(id)));
  for (const id of ["managers", "calls_a_week", "weeks"]) byId(id).addEventListener("change", () => {
    const team = ["managers", "calls_a_week", "weeks"].map((name) => byId(name).value);
    if (team.every(Boolean)) ask({ weeks: team[2] }, byId(id)); else if (team[0] && team[1]) ask({ contacts: slider.value }, byId(id));
  });
  for (const id of ["cost_a_contact", "value_a_find"]) byId(id).addEventListener("change", () => ask({ contacts: slider.value }, byId(id)));
  panel.addEventListener("submit", (event) => event.preventDefault());
  place(Number(slider.value));
})();
