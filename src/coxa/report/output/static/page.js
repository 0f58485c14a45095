"use strict";
/* What a browser adds to the page: contents that say where one is, and figures that answer to the pointer. */
(() => {
  const narrow = matchMedia("(max-width: 63.99rem)");
  const contents = document.querySelector(".contents details");
  const here = contents.querySelector(".here");
  const links = new Map([...contents.querySelectorAll("a")].map((link) => [link.hash.slice(1), link]));
  const targets = [...links.keys()].map((id) => document.getElementById(id));

  function fold() {
    contents.open = !narrow.matches;
  }

  function mark() {
    const line = innerHeight / 4;
    const end = innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
    const passed = targets.filter((target) => target.getBoundingClientRect().top < (end ? innerHeight : line));
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
    if (event.target.closest("a") && narrow.matches) contents.open = false;
  });
  fold();
  mark();

  const engine = document.getElementById("engine");
  const started = new WeakMap();

  function load() {
    if (globalThis.vegaEmbed) return;
    const script = document.createElement("script");
    script.textContent = engine.textContent;
    document.head.append(script);
  }

  function once(plot) {
    if (!started.has(plot)) started.set(plot, start(plot));
    return started.get(plot);
  }

  async function start(plot) {
    load();
    const live = document.createElement("div");
    live.className = "live";
    live.hidden = true;
    plot.querySelector(".scroll").append(live);
    await vegaEmbed(live, JSON.parse(plot.querySelector("script").textContent), {
      mode: "vega-lite", renderer: "svg", actions: false, ast: true, defaultStyle: false, config: { aria: false },
      tooltip: { disableDefaultStyle: true },
    });
    const still = plot.querySelector("svg.still");
    const drawing = live.querySelector("svg");
    drawing.setAttribute("role", "img");
    drawing.setAttribute("aria-labelledby", still.getAttribute("aria-labelledby"));
    for (const part of drawing.children) part.setAttribute("aria-hidden", "true");
    drawing.style.setProperty("--figure-width", `${drawing.viewBox.baseVal.width}px`);
  }

  async function show(plot, on) {
    if (on) await once(plot);
    plot.querySelector(".live").hidden = !on;
    plot.classList.toggle("is-live", on);
    plot.querySelector(".tools button").setAttribute("aria-pressed", String(on));
  }

  for (const plot of document.querySelectorAll(".plot:has(script)")) {
    const tools = document.createElement("p");
    tools.className = "tools";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Interactive";
    button.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-describedby", plot.querySelector("figcaption").id);
    button.addEventListener("click", () => show(plot, button.getAttribute("aria-pressed") !== "true"));
    const hint = document.createElement("span");
    hint.textContent = "Point at a mark for its numbers.";
    tools.append(button, hint);
    plot.querySelector(".scroll").after(tools);
    plot.querySelector(".scroll").addEventListener("pointerenter", (event) => {
      if (event.pointerType === "mouse") show(plot, true);
    }, { once: true });
  }
})();
