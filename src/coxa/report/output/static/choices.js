/* Tables of groups and rows in which a reader chooses what is shown: all choices of a page in one place. */
(() => {
  const tables = [...document.querySelectorAll(".table[data-groups]")];
  if (!tables.length) return;
  const chosen = new Map();

  function bodies(table) {
    return [...table.querySelectorAll("tbody")].map((body) => ({
      body, name: body.querySelector(".group")?.textContent ?? "", rows: [...body.querySelectorAll('tr:has(> th[scope="row"])')],
    }));
  }

  function label(row) {
    return row.querySelector("th").textContent;
  }

  function values(kind) {
    const found = new Set();
    for (const table of tables) {
      for (const { name, rows } of bodies(table)) {
        if (table.dataset.groups === kind) found.add(name);
        if (table.dataset.rows === kind) for (const row of rows) found.add(label(row));
      }
    }
    return [...found];
  }

  function fits(kind, value) {
    return !chosen.get(kind) || chosen.get(kind) === value;
  }

  function show() {
    let shown = 0;
    for (const table of tables) {
      for (const { body, name, rows } of bodies(table)) {
        for (const row of rows) row.hidden = !(fits(table.dataset.groups, name) && fits(table.dataset.rows, label(row)));
        const open = rows.filter((row) => !row.hidden).length;
        body.hidden = open === 0;
        shown += open;
      }
    }
    status.textContent = shown === 0 ? "No row fits" : shown === 1 ? "1 row shown" : `${shown} rows shown`;
  }

  const form = document.createElement("form");
  form.className = "tools choices";
  form.setAttribute("aria-label", "Choose what the tables show");
  form.addEventListener("submit", (event) => event.preventDefault());
  const kinds = new Set(tables.flatMap((table) => [table.dataset.groups, table.dataset.rows]));
  for (const kind of kinds) {
    const around = document.createElement("label");
    const choice = document.createElement("select");
    choice.append(new Option("All", ""), ...values(kind).map((value) => new Option(value, value)));
    choice.addEventListener("change", () => { chosen.set(kind, choice.value); show(); });
    around.append(`${kind} `, choice);
    form.append(around);
  }
  const reset = document.createElement("button");
  reset.type = "button";
  reset.textContent = "Show all";
  reset.addEventListener("click", () => { form.reset(); chosen.clear(); show(); });
  const status = document.createElement("span");
  status.setAttribute("role", "status");
  form.append(reset, status);
  tables[0].before(form);
  show();
})();
