// The page of what is handed in: files chosen or dropped go on their way, some at a time; the list keeps itself up to
// date. Without this file the list is there all the same.

import { Refused, Upload, leftBefore } from "./tus.js";

const AT_A_TIME = 3;
const LIST_EVERY_MS = 3000;
const form = document.querySelector("#sender");
const list = document.querySelector("#list");

if (form) startSending();
setInterval(refresh, LIST_EVERY_MS);

async function refresh() {
  if (document.hidden || list.contains(document.activeElement)) return; // nobody looks, or somebody is at it
  try {
    const answer = await fetch(list.dataset.address);
    if (answer.ok && !answer.redirected) list.innerHTML = await answer.text();
  } catch {
    // the site does not answer just now; the list stays as it was
  }
}

function startSending() {
  const words = form.dataset;
  const recorder = form.elements.recorder;
  const files = document.querySelector("#files");
  const drop = document.querySelector("#drop");
  const shown = document.querySelector("#sending");
  const waiting = [];
  let underWay = 0;

  const left = leftBefore();
  if (left.length) {
    const notice = document.querySelector("#left-before");
    notice.textContent = `${words.left} ${left.map(([, name]) => name).join(", ")}`;
    notice.hidden = false;
  }

  const take = (chosen) => {
    if (!recorder.reportValidity()) return;
    for (const file of chosen) add(file);
    next();
  };
  files.addEventListener("change", () => {
    take([...files.files]);
    files.value = "";
  });
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("beforeunload", (event) => {
    if (underWay) event.preventDefault();
  });

  function add(file) {
    const row = document.createElement("li");
    const [name, bar, said, presses] = ["span", "progress", "span", "span"].map((tag) => document.createElement(tag));
    const [pause, end] = [words.pause, words.end].map((text) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = text;
      return button;
    });
    [name.className, said.className, name.textContent] = ["name", "said", file.name];
    bar.max = file.size || 1;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    presses.append(pause, " ", end);
    row.append(name, bar, said, presses);
    shown.append(row);

    const upload = new Upload(file, recorder.value, form.dataset.token, (state) => {
      bar.value = upload.sent;
      said.textContent = state === "sending" ? `${Math.floor((100 * upload.sent) / (file.size || 1))} %` : words[state];
      pause.textContent = upload.paused ? words.goOn : words.pause;
    });
    pause.addEventListener("click", () => (upload.paused ? upload.goOn() : upload.pause()));
    end.addEventListener("click", () => upload.end());
    said.textContent = words.waits;
    waiting.push({ upload, bar, said, presses });
  }

  function next() {
    while (underWay < AT_A_TIME && waiting.length) send(waiting.shift());
  }

  async function send({ upload, bar, said, presses }) {
    underWay += 1;
    try {
      await upload.run();
      bar.value = upload.over ? bar.value : upload.file.size;
      said.textContent = upload.over ? words.ended : words.whole;
    } catch (error) {
      said.textContent = error instanceof Refused ? error.message : words.lost;
      said.classList.add("bad");
    }
    presses.remove();
    underWay -= 1;
    refresh();
    next();
  }
}
