/* Figures that answer to the pointer, and that can be saved. */
(() => {
  const SCALE = 3;
  const engine = document.getElementById("engine");
  const phone = matchMedia("(max-width: 40rem)");
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

  function described(plot) {
    return JSON.parse(plot.querySelector("script:not(.data)").textContent);
  }

  /* The chart for a screen that its drawing is too wide for; null where there is none, or no need of one. */
  function fitted(plot) {
    const room = plot.querySelector(".scroll").clientWidth;
    return phone.matches ? narrowed(described(plot), plot.querySelector("svg").viewBox.baseVal.width, room) : null;
  }

  async function start(plot) {
    load();
    const live = document.createElement("div");
    live.className = "live";
    live.hidden = true;
    plot.querySelector(".scroll").append(live);
    await vegaEmbed(live, fitted(plot) ?? described(plot), {
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
    plot.querySelector(".tools [aria-pressed]").setAttribute("aria-pressed", String(on));
  }

  function button(text, plot, action) {
    const one = document.createElement("button");
    one.type = "button";
    one.textContent = text;
    one.setAttribute("aria-describedby", plot.querySelector("figcaption").id);
    one.addEventListener("click", action);
    return one;
  }

  function interactive(plot, tools) {
    const one = button("Interactive", plot, () => show(plot, one.getAttribute("aria-pressed") !== "true"));
    one.setAttribute("aria-pressed", "false");
    const hint = document.createElement("span");
    hint.className = "hint";
    hint.textContent = "Point at a mark for its numbers.";
    tools.append(one, hint);
    plot.querySelector(".scroll").addEventListener("pointerenter", (event) => {
      if (event.pointerType === "mouse") show(plot, true);
    }, { once: true });
  }

  function drawing(plot) {
    const copy = plot.querySelector(".scroll > svg").cloneNode(true);
    const { width, height } = copy.viewBox.baseVal;
    copy.setAttribute("width", width);
    copy.setAttribute("height", height);
    copy.removeAttribute("style");
    return { text: new XMLSerializer().serializeToString(copy), width, height };
  }

  function save(plot, ending, blob) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${plot.id}.${ending}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  function saveSvg(plot) {
    const text = `<?xml version="1.0" encoding="UTF-8"?>\n${drawing(plot).text}\n`;
    save(plot, "svg", new Blob([text], { type: "image/svg+xml" }));
  }

  async function savePng(plot) {
    const { text, width, height } = drawing(plot);
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(SCALE * width);
    canvas.height = Math.round(SCALE * height);
    const paper = canvas.getContext("2d");
    paper.fillStyle = "white";
    paper.fillRect(0, 0, canvas.width, canvas.height);
    paper.drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => save(plot, "png", blob), "image/png");
  }

  function saveCsv(plot) {
    save(plot, "csv", new Blob([JSON.parse(plot.querySelector("script.data").textContent)], { type: "text/csv" }));
  }

  const coming = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      coming.unobserve(target);
      if (fitted(target)) show(target, true);
    }
  }, { rootMargin: "50%" });

  for (const plot of document.querySelectorAll(".plot")) {
    const tools = document.createElement("div");
    tools.className = "tools";
    if (plot.querySelector("script:not(.data)")) {
      interactive(plot, tools);
      if (phone.matches) coming.observe(plot);
    }
    const menu = document.createElement("div");
    menu.className = "save";
    menu.setAttribute("role", "group");
    menu.setAttribute("aria-label", "Save this figure");
    menu.append("Save as ", button("SVG", plot, () => saveSvg(plot)), button("PNG", plot, () => savePng(plot)));
    if (plot.querySelector("script.data")) menu.append(button("Data (CSV)", plot, () => saveCsv(plot)));
    tools.append(menu);
    plot.querySelector(".scroll").after(tools);
  }
})();
