// A record while it is taken down: Enter goes on to the next question, what stands there is kept a moment after the
// last key, and a line of the stock is put in without leaving the page. Without this file the buttons do the same.

const WAIT_MS = 1200; // after the last key

const form = document.querySelector("#record");
const lines = form.querySelector("#lines");
const saved = form.querySelector("#saved");
const revision = form.elements.revision;
const blank = lines.lastElementChild.cloneNode(true);
let waiting = 0;
let keeping = Promise.resolve();
let isOnItsWay = false;
let isDirty = false;
let leaves = false;

function say(words, isBad = false) {
  saved.textContent = words;
  saved.dataset.bad = isBad ? "yes" : "no";
}

async function send() {
  isDirty = false;
  isOnItsWay = true;
  const body = new URLSearchParams(new FormData(form));
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "application/json" } });
    if (answer.redirected || !answer.headers.get("content-type")?.startsWith("application/json")) throw new Error("not kept");
    const told = await answer.json();
    if (!answer.ok) {
      isDirty = true;
      return say(told.sentence ?? form.dataset.failed, true);
    }
    revision.value = told.revision;
    if (!isDirty) say(form.dataset.saved);
  } catch {
    isDirty = true;
    say(form.dataset.failed, true);
  } finally {
    isOnItsWay = false;
  }
}

function keep() {
  clearTimeout(waiting);
  if (!isDirty || leaves) return;
  // one at a time: the next is typed over the revision that this one leaves
  keeping = keeping.then(() => (isDirty && !leaves ? send() : undefined));
}

function changed() {
  isDirty = true;
  say(form.dataset.unsaved);
  clearTimeout(waiting);
  waiting = setTimeout(keep, WAIT_MS);
}

const isEmpty = (line) => [...line.querySelectorAll("textarea")].every((field) => !field.value.trim());

function number() {
  [...lines.children].forEach((line, place) => {
    for (const field of line.querySelectorAll("[aria-label]")) {
      const words = field.getAttribute("aria-label").replace(/\d+/, String(place + 1));
      field.setAttribute("aria-label", words);
      if (field.placeholder !== undefined) field.placeholder = words;
    }
  });
}

function lastEmpty() {
  const last = lines.lastElementChild;
  if (isEmpty(last)) return last;
  const line = blank.cloneNode(true);
  lines.append(line);
  number();
  return line;
}

// fields of the lines in the order in which they are written
const fields = () => [...lines.querySelectorAll("textarea")];

lines.addEventListener("keydown", (event) => {
  // while an input method is at work, Enter takes its word
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  if (!event.target.matches("textarea")) return;
  event.preventDefault();
  if (event.target.closest("li") === lines.lastElementChild && event.target.name === "say") lastEmpty();
  const all = fields();
  const at = all.indexOf(event.target);
  const next = all[at + 1] ?? event.target;
  // a question that stands there already is not typed again
  (next.name === "ask" && next.value.trim() ? (all[at + 2] ?? next) : next).focus();
});

form.addEventListener("input", changed);
form.addEventListener("change", changed);

form.addEventListener("click", (event) => {
  const picked = event.target.closest("[name='pick']");
  if (!picked) return;
  event.preventDefault();
  const line = lastEmpty();
  const ask = line.querySelector("[name='ask']");
  const answer = line.querySelector("[name='say']");
  const speaker = line.querySelector("[name='speaker']");
  (ask ?? answer).value = picked.dataset.text;
  if (speaker) speaker.value = picked.dataset.speaker;
  answer.focus();
  changed();
});

form.addEventListener("submit", async (event) => {
  clearTimeout(waiting);
  leaves = true;
  if (!isOnItsWay) return;
  // waited for, so that this is typed over it and not beside it; a form is not submitted from within its own event
  event.preventDefault();
  await keeping;
  setTimeout(() => form.requestSubmit(event.submitter));
});

addEventListener("online", keep);
addEventListener("pageshow", () => (leaves = false));
addEventListener("beforeunload", (event) => {
  if (isDirty && !leaves) event.preventDefault();
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") keep();
});
