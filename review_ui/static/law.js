// The catalogue as one types: the server finds, the page puts in; what came late for older words is thrown away.

import { startKeys } from "./keys.js";

const WAIT_MS = 120; // between two letters of somebody who types fast

const form = document.querySelector("#law-search");
const words = form.querySelector("#q");
const found = document.querySelector("#found");
let waiting = 0;
let asking = null;

async function look() {
  asking?.abort();
  asking = new AbortController();
  const query = new URLSearchParams(new FormData(form)).toString();
  try {
    const answer = await fetch(`/law/rows?${query}`, { signal: asking.signal });
    if (!answer.ok) return form.requestSubmit();
    found.innerHTML = await answer.text();
    history.replaceState(null, "", `/law?${query}`);
  } catch (error) {
    if (error.name !== "AbortError") form.requestSubmit();
  }
}

words.addEventListener("input", (event) => {
  if (event.isComposing) return; // an input method is at work: the letters are not words yet
  clearTimeout(waiting);
  waiting = setTimeout(look, WAIT_MS);
});
words.addEventListener("compositionend", look);
form.querySelector("#on").addEventListener("change", look);

function move(step) {
  const rows = [...found.querySelectorAll(".row")];
  if (!rows.length) return;
  const at = rows.indexOf(document.activeElement);
  rows[at < 0 ? 0 : Math.min(Math.max(at + step, 0), rows.length - 1)].focus();
}

words.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown") return;
  event.preventDefault();
  move(1);
});

startKeys({ j: () => move(1), k: () => move(-1), "/": () => words.focus() });
