/* What is behind a number: a mode in which numbers can be chosen, and a dialog that says where one is from. */
(() => {
  const facts = document.getElementById("behind");
  if (!facts) return;
  const behind = JSON.parse(facts.textContent);
  const STATISTICS = {
    estimate: "Estimate", conf_low: "Lower confidence limit", conf_high: "Upper confidence limit", p_value: "P-value",
    std_error: "Standard error", df: "Degrees of freedom", mean: "Mean", sd: "Standard deviation", median: "Median",
    q1: "Lower quartile", q3: "Upper quartile", n: "Count", total: "Out of", share: "Proportion", of_100: "Of 100",
    number_needed: "Number needed to treat", nearest: "Limit nearest to 0", farthest: "Limit farthest from 0",
    n_participants: "Participants", n_observations: "Values",
  };
  const TERMS = {
    marginal_mean: "adjusted mean", risk: "proportion", risk_difference: "difference in proportions",
    risk_ratio: "ratio of proportions",
  };
  const GROUPS = "table, p, li, dd";

  function readable(name) {
    const text = name.replaceAll("_", " ");
    return text.charAt(0).toUpperCase() + text.slice(1);
  }

  function label(kind, name) {
    return behind.labels[kind][name] ?? readable(name);
  }

  function address(key, reference) {
    const parts = key.split("/").map((part) => (part === "-" ? "" : part));
    const [estimand, analysis] = parts;
    const [visit, arm, statistic] = parts.slice(-3);
    return { estimand, analysis, term: parts.slice(2, -3).join("/"), visit, arm, statistic, reference };
  }

  function whose(at) {
    const arms = at.arm && label("arms", at.arm) + (at.reference ? ` against ${label("arms", at.reference)}` : "");
    const term = at.term && readable(TERMS[at.term] ?? at.term);
    return [term, arms, at.visit && label("visits", at.visit)].filter(Boolean).join(", ");
  }

  function ofModel(at) {
    const key = [at.estimand, at.analysis, at.term, at.visit, at.arm, at.reference].map((part) => part || "-").join("/");
    const found = behind.estimates[key];
    const said = [...(behind.analyses[at.analysis.split("[")[0]] ?? [])];
    if (!said.length) return [["Analysis", "A description of the data; no model is behind it."]];
    if (found) {
      const [values, people, method, warning] = found;
      if (people !== null) said.push(["Behind this number", `${values === null ? "" : `${values} values of `}${people} participants`]);
      if (behind.methods[method]) said.push(["Method", behind.methods[method]]);
      if (warning) said.push(["Warning", warning]);
    }
    return [...said, ...(behind.models[at.analysis] ?? behind.models[`${at.analysis}@${at.visit}`] ?? [])];
  }

  function ofRows(at) {
    const rows = behind.rows[at.estimand] ?? [];
    return rows.filter(([, , visit]) => !visit || !at.visit || visit === at.visit).map(([name, text]) => [name, text]);
  }

  function sections(place) {
    const numbers = Object.entries(JSON.parse(place.dataset.trace));
    const at = address(numbers[0][0], place.dataset.against ?? "");
    const values = numbers.map(([key, value]) => {
      const name = address(key).statistic;
      return [STATISTICS[name] ?? readable(name), value === null ? "none" : String(value)];
    });
    return [
      ["What it is", [["Number", whose(at)], ...values, ["Place in the report", place.dataset.cell]]],
      ["What it estimates", behind.estimands[at.estimand] ?? []],
      ["How it was made", ofModel(at)],
      ["Rows", ofRows(at)],
    ];
  }

  const dialog = document.createElement("dialog");
  dialog.className = "why";
  dialog.setAttribute("aria-labelledby", "why-title");
  document.body.append(dialog);

  function element(tag, text = "", more = {}) {
    return Object.assign(document.createElement(tag), { textContent: text }, more);
  }

  function list(pairs) {
    const all = element("dl");
    for (const [name, text] of pairs.filter(([, text]) => text)) {
      const pair = element("div");
      pair.append(element("dt", readable(name)), element("dd", text));
      all.append(pair);
    }
    return all;
  }

  function shown(chosen) {
    return [...chosen.childNodes].filter((node) => node.nodeName !== "SUP").map((node) => node.textContent).join("");
  }

  function open(chosen) {
    const close = element("button", "Close", { type: "button" });
    close.addEventListener("click", () => dialog.close());
    const body = sections(chosen.parentElement).filter(([, pairs]) => pairs.length);
    dialog.replaceChildren(
      element("h2", shown(chosen), { id: "why-title" }),
      ...body.flatMap(([title, pairs]) => [element("h3", title), list(pairs)]),
      close,
    );
    dialog.addEventListener("close", () => chosen.focus(), { once: true });
    dialog.showModal();
    dialog.scrollTop = 0;
  }

  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });

  function wrap(place) {
    const button = element("button", "", { type: "button", className: "number-button", tabIndex: -1 });
    button.append(...place.childNodes);
    button.setAttribute("aria-haspopup", "dialog");
    place.append(button);
  }

  function unwrap(button) {
    button.replaceWith(...button.childNodes);
  }

  function neighbours(button) {
    return [...button.closest(GROUPS).querySelectorAll(".number-button")];
  }

  function below(button, step) {
    const cell = button.closest("td");
    for (let row = cell && cell.parentElement, rows = row && [...row.closest("table").rows]; row;) {
      row = rows[rows.indexOf(row) + step];
      const found = row && row.cells[cell.cellIndex] && row.cells[cell.cellIndex].querySelector(".number-button");
      if (found) return found;
    }
    return null;
  }

  function move(button, key) {
    const group = neighbours(button);
    const at = group.indexOf(button);
    switch (key) {
      case "ArrowRight": return group[at + 1];
      case "ArrowLeft": return group[at - 1];
      case "Home": return group[0];
      case "End": return group.at(-1);
      case "ArrowDown": return below(button, 1);
      case "ArrowUp": return below(button, -1);
      default: return undefined;
    }
  }

  function select(button) {
    for (const other of neighbours(button)) other.tabIndex = other === button ? 0 : -1;
  }

  function explain(on) {
    document.body.classList.toggle("explaining", on);
    toggle.setAttribute("aria-pressed", String(on));
    if (!on) return document.querySelectorAll(".number-button").forEach(unwrap);
    for (const place of document.querySelectorAll("[data-trace]")) if (place.textContent.trim()) wrap(place);
    const first = new Map();
    for (const button of document.querySelectorAll(".number-button")) {
      const group = button.closest(GROUPS);
      if (!first.has(group)) first.set(group, button);
    }
    for (const button of first.values()) button.tabIndex = 0;
  }

  const toggle = element("button", "Explain numbers", { type: "button" });
  toggle.setAttribute("aria-pressed", "false");
  toggle.addEventListener("click", () => explain(toggle.getAttribute("aria-pressed") !== "true"));
  const hint = element("span", "Choose a number to see what is behind it. Arrow keys move within a table.", { className: "hint" });
  hint.setAttribute("role", "status");
  document.querySelector(".page-tools").prepend(toggle, hint);

  const main = document.getElementById("main");
  main.addEventListener("click", (event) => {
    const button = event.target.closest(".number-button");
    if (!button) return;
    select(button);
    open(button);
  });
  main.addEventListener("keydown", (event) => {
    const button = event.target.closest(".number-button");
    const next = button && !event.altKey && !event.ctrlKey && !event.metaKey && move(button, event.key);
    if (!next) return;
    event.preventDefault();
    select(next);
    next.focus();
  });
})();
