"use strict";
/* What a browser adds to the page: contents that say where one is, sections that open when they are asked for, and a hint
   where a table or figure is wider than the screen. */
(() => {
  const narrow = matchMedia("(max-width: 63.99rem)");
  const contents = document.querySelector(".contents details");
  const here = contents.querySelector(".here");
  const links = new Map([...contents.querySelectorAll("a")].map((link) => [link.hash.slice(1), link]));
  const targets = [...links.keys()].map((id) => document.getElementById(id));
  const folds = [...document.querySelectorAll("details.fold")];

  function fold() {
    contents.open = !narrow.matches;
  }

  function closed(target) {
    const around = target.closest("details.fold");
    return around && !around.open && !target.closest("summary");
  }

  function mark() {
    const line = innerHeight / 4;
    const end = innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
    const passed = targets.filter((target) => !closed(target) && target.getBoundingClientRect().top < (end ? innerHeight : line));
    const current = passed.at(-1);
    for (const [id, link] of links) {
      if (current && id === current.id) link.setAttribute("aria-current", "location");
      else link.removeAttribute("aria-current");
    }
    here.textContent = current ? current.textContent : "";
    const link = current && links.get(current.id);
    const view = narrow.matches ? contents.querySelector("ol") : contents.parentElement;
    if (!link || !contents.open) return;
    const [top, bottom] = [link.offsetTop, link.offsetTop + link.offsetHeight];
    if (top < view.scrollTop || bottom > view.scrollTop + view.clientHeight) view.scrollTop = top - view.clientHeight / 2;
  }

  let waiting = false;
  addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; mark(); });
  }, { passive: true });
  narrow.addEventListener("change", fold);
  contents.addEventListener("toggle", mark);
  contents.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    reveal(link.hash);
    if (narrow.matches) contents.open = false;
  });

  function reveal(hash) {
    const target = document.getElementById(decodeURIComponent(hash.slice(1)));
    const around = target && target.closest("details.fold");
    if (around) around.open = true;
    return target;
  }

  function go() {
    const target = location.hash && reveal(location.hash);
    if (target) target.scrollIntoView();
  }

  const tools = document.createElement("div");
  tools.className = "tools page-tools";
  contents.before(tools);

  const switches = [];

  function name() {
    const all = folds.every((one) => one.open);
    for (const one of switches) one.textContent = all ? "Close all" : "Open all";
  }

  function openAll() {
    const open = !folds.every((one) => one.open);
    for (const one of folds) one.open = open;
    name();
  }

  function addSwitch(place) {
    const one = document.createElement("button");
    one.type = "button";
    one.className = "open-all";
    one.addEventListener("click", openAll);
    switches.push(one);
    place.append(one);
  }

  if (folds.length) {
    addSwitch(tools);
    const beside = document.createElement("p");
    beside.className = "tools";
    document.querySelector("section.part h2").after(beside);
    addSwitch(beside);
    for (const one of folds) one.addEventListener("toggle", () => { name(); mark(); });
    name();
  }

  const sized = new ResizeObserver((entries) => {
    for (const { target } of entries) target.parentElement.classList.toggle("wide", target.scrollWidth > target.clientWidth + 1);
  });
  for (const one of document.querySelectorAll(".table > .scroll, .plot > .scroll")) sized.observe(one);

  let forPaper = [];
  addEventListener("beforeprint", () => {
    forPaper = folds.filter((one) => !one.open);
    for (const one of forPaper) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of forPaper) one.open = false;
  });

  addEventListener("hashchange", go);
  fold();
  go();
  mark();
})();
