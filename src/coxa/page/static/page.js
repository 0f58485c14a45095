"use strict";
/* Progress of a run, the check of a plan while it is edited, and of an upload before it is sent. Without this script every page works as a form. */

const running = document.querySelector("[data-state]");
if (running) follow(running);

function follow(section) {
  const bar = document.getElementById("bar"), step = document.getElementById("step");
  const seconds = document.getElementById("seconds");
  let missed = 0;
  const ask = async () => {
    let now;
    try {
      const answer = await fetch(section.dataset.state);
      if (!answer.ok) throw new Error(answer.statusText);
      now = await answer.json();
      missed = 0;
    } catch {
      missed += 1;
      if (missed < 5) return setTimeout(ask, 1000);
      step.textContent = "The page does not answer. It was ended; open it again with coxa page.";
      return;
    }
    if (now.state !== "running") {
      location.hash = "last";
      return location.reload();
    }
    if (step.textContent !== now.text) step.textContent = now.text;
    seconds.textContent = now.seconds;
    if (now.total) { bar.max = now.total; bar.value = now.done; } else bar.removeAttribute("value");
    setTimeout(ask, 1000);
  };
  setTimeout(ask, 1000);
}

const upload = document.querySelector("form[data-most]");
if (upload) refuseLarge(upload);

function refuseLarge(form) {
  const large = document.getElementById("files-large");
  form.addEventListener("submit", event => {
    const size = Array.from(form.elements.files.files).reduce((sum, file) => sum + file.size, 0);
    large.hidden = size <= Number(form.dataset.most);
    if (!large.hidden) event.preventDefault();
  });
}

const editor = document.querySelector("textarea[data-check]");
if (editor) check(editor);

function check(text) {
  const faults = document.getElementById("faults"), numbers = document.querySelector(".numbers");
  const token = text.form.elements.csrf.value, written = text.value;
  let waiting, asked = 0, sending = false;
  const number = () => {
    const lines = text.value.split("\n").length;
    numbers.textContent = Array.from({ length: lines }, (_, k) => k + 1).join("\n");
    numbers.scrollTop = text.scrollTop;
  };
  const ask = async () => {
    const mine = ++asked;
    const body = new URLSearchParams({ csrf: token, text: text.value });
    const answer = await fetch(text.dataset.check, { method: "POST", body }).catch(() => null);
    if (mine === asked && answer && answer.ok) faults.innerHTML = await answer.text();
  };
  text.form.addEventListener("submit", () => { sending = true; });
  addEventListener("beforeunload", event => {
    if (!sending && text.value !== written) event.preventDefault();
  });
  text.addEventListener("input", () => { number(); clearTimeout(waiting); waiting = setTimeout(ask, 500); });
  text.addEventListener("scroll", () => { numbers.scrollTop = text.scrollTop; });
  number();
}
