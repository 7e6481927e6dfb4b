// The loudspeakers' console: one press for a sentence, hold to speak, and what became of it, as it happens.

import { startKeys } from "./keys.js";
import { openMicrophone } from "./microphone.js";

const EVERY_MS = 3000;
const WAITING_MS = 1000; // while something is being played
const OLD_S = 30; // a picture older than this does not show what is spoken to
const SHORTEST_S = 0.4;
const BESIDE_PX = 24; // let go farther away than this from the button: it is not to be said

const console_ = document.querySelector("#console");
const street = document.querySelector("#street");
const matters = document.querySelector("#matters");
const table = document.querySelector("#announced");
const problem = document.querySelector("#problem");
const said = document.querySelector("#said");
const talking = document.querySelector("#talking");

// --- what is shown

const shownRows = new Map(); // id -> the text it was made from
let aheadMs = 0; // the server's clock minus this browser's
let waits = "waits" in console_.dataset;
let asked = null; // the announcement this page asked for last, until it has ended
let timer = null;

function showStreet(now) {
  if (!street || !now) return;
  const badge = street.querySelector(".badge");
  badge.dataset.state = now.state;
  badge.textContent = now.words;
  street.toggleAttribute("data-trouble", now.trouble);
  street.querySelector(".none").hidden = Boolean(now.picture);
  const picture = street.querySelector("img");
  picture.hidden = !now.picture;
  if (!now.picture || picture.getAttribute("src") === now.picture) return;
  const next = new Image(); // shown when it is there, and its time with it
  next.addEventListener("load", () => {
    picture.setAttribute("src", now.picture);
    street.querySelector(".at").textContent = now.at;
    street.dataset.capturedAt = now.captured_at;
    showAge();
  });
  next.src = now.picture;
}

function showAge() {
  const age = street?.querySelector(".age");
  if (!age || !street.dataset.capturedAt) return;
  const seconds = Math.max(0, Math.round((Date.now() + aheadMs - Date.parse(street.dataset.capturedAt)) / 1000));
  const { seconds: inSeconds, minutes: inMinutes, long } = age.dataset;
  age.textContent =
    seconds < 60 ? inSeconds.replace("#", seconds) : seconds < 3600 ? inMinutes.replace("#", Math.floor(seconds / 60)) : long;
  age.classList.toggle("off", seconds > OLD_S);
}

function showRows(rows) {
  table.hidden = !rows.length;
  document.querySelector("#nothing-yet").hidden = Boolean(rows.length);
  const body = table.tBodies[0];
  rows.forEach(({ id, html }, place) => {
    let row = body.querySelector(`[data-id="${CSS.escape(id)}"]`);
    if (!row) {
      row = document.createElement("tr");
      row.dataset.id = id;
    }
    const listened = row.querySelector("audio");
    if (shownRows.get(id) !== html && (!listened || listened.paused)) {
      row.innerHTML = html;
      shownRows.set(id, html);
    }
    if (body.children[place] !== row) body.insertBefore(row, body.children[place] ?? null);
  });
  while (body.children.length > rows.length) body.lastElementChild.remove();
  const mine = asked && body.querySelector(`[data-id="${CSS.escape(asked)}"] .badge`);
  if (mine && !["waiting", "playing"].includes(mine.dataset.state)) {
    tell(mine.textContent);
    asked = null;
  }
}

async function refresh() {
  clearTimeout(timer);
  if (!document.hidden) {
    try {
      const about = console_.dataset.incident ? `?incident=${console_.dataset.incident}` : "";
      const answer = await fetch(`/loudspeakers/${encodeURIComponent(console_.dataset.horn)}/state${about}`, { cache: "no-cache" });
      if (answer.status === 401) return location.reload();
      if (!answer.ok) throw new Error(answer.statusText);
      aheadMs = Date.parse(answer.headers.get("date")) - Date.now() || 0;
      const now = await answer.json();
      if (now.quiet !== "quiet" in console_.dataset && state === "idle") return location.reload();
      showStreet(now.street);
      showRows(now.rows);
      if (matters && matters.dataset.now !== now.matters && !matters.contains(document.activeElement)) {
        matters.innerHTML = matters.dataset.now = now.matters;
      }
      waits = now.waits;
      document.querySelector("#silent").hidden = true;
    } catch {
      document.querySelector("#silent").hidden = false;
    }
    showAge();
  }
  clearTimeout(timer);
  timer = setTimeout(refresh, waits ? WAITING_MS : EVERY_MS);
}

// --- what is asked for

let sending = false;

function tell(words) {
  said.textContent = words;
}

function complain(words) {
  tell("");
  problem.textContent = words;
  problem.hidden = false;
}

async function ask(action, form) {
  if (sending) return;
  sending = true;
  problem.hidden = true;
  tell(talking.dataset.sending);
  try {
    const answer = await fetch(action, { method: "POST", body: form, headers: { accept: "application/json" } });
    if (answer.status === 401) return location.reload();
    const json = answer.headers.get("content-type")?.startsWith("application/json");
    const { asked: id, sentence } = json ? await answer.json() : {};
    if (id) {
      asked = id;
      tell(talking.dataset.asked);
    } else complain(sentence ?? talking.dataset.failed);
    return Boolean(id);
  } catch {
    complain(talking.dataset.failed);
  } finally {
    sending = false;
    refresh();
  }
}

for (const form of document.querySelectorAll("form.says")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (await ask(form.action, new FormData(form))) form.reset();
  });
  // the space bar speaks; it must not press once more what the mouse has pressed
  form.querySelector("button").addEventListener("click", (event) => event.detail && event.target.closest("button").blur());
}

// --- hold to speak: idle, opening (the browser may be asking for leave), speaking, ending

let state = "idle";
let held = false;
let begun = false; // by Enter: nothing is held that could be let go
let microphone = null;
let end = null;
let ticking = null;

function become(next) {
  state = next;
  talking.dataset.state = next;
  if (next === "idle" && begun) held = begun = false;
  if (next !== "speaking") {
    clearTimeout(end);
    clearInterval(ticking);
    document.querySelector("#left").textContent = "";
    document.querySelector("#level").value = 0;
  }
}

async function hold() {
  if (held) return;
  held = true;
  if (state !== "idle" || sending) return;
  become("opening");
  problem.hidden = true;
  tell(talking.dataset.opening);
  try {
    microphone = await openMicrophone((level) => (document.querySelector("#level").value = level));
  } catch (refused) {
    become("idle");
    return complain(talking.dataset[refused.why] ?? talking.dataset.failed);
  }
  if (!held) {
    // let go while the browser asked for leave: nothing was meant to be said yet
    await microphone.close();
    become("idle");
    return tell(talking.dataset.ready);
  }
  become("speaking");
  tell(talking.dataset.open);
  const until = performance.now() + 1000 * longestS;
  ticking = setInterval(() => {
    document.querySelector("#left").textContent = `${Math.max(0, (until - performance.now()) / 1000).toFixed(0)} s`;
  }, 200);
  end = setTimeout(finish, 1000 * longestS);
}

async function finish() {
  if (state !== "speaking") return;
  become("ending");
  const { wav, seconds } = await microphone.finish(longestS);
  become("idle");
  if (seconds < SHORTEST_S) return tell(talking.dataset.short);
  const form = new FormData(talking);
  form.set("voice", wav, "voice.wav");
  await ask(talking.action, form);
}

function release() {
  held = false;
  finish();
}

// Nobody is recorded who looks away: what was half said is not said at all.
function drop() {
  held = false;
  if (state !== "speaking") return;
  microphone.close();
  become("idle");
  tell(talking.dataset.dropped);
}

const longestS = Number(talking?.dataset.longestS);
if (talking) {
  talking.hidden = false;
  const button = document.querySelector("#talk");
  button.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    button.setPointerCapture(event.pointerId);
    hold();
  });
  button.addEventListener("pointerup", (event) => {
    const box = button.getBoundingClientRect();
    const beside =
      event.clientX < box.left - BESIDE_PX || event.clientX > box.right + BESIDE_PX ||
      event.clientY < box.top - BESIDE_PX || event.clientY > box.bottom + BESIDE_PX;
    if (beside) drop();
    else release();
  });
  button.addEventListener("pointercancel", drop);
  button.addEventListener("contextmenu", (event) => event.preventDefault()); // a long touch
  button.addEventListener("keydown", (event) => {
    if (event.key === " ") {
      event.preventDefault();
      hold();
    } else if (event.key === "Enter" && !event.repeat) {
      // for hands that cannot hold: once begins, once more ends
      event.preventDefault();
      if (state === "speaking") return release();
      begun = true;
      hold();
    }
  });
  document.addEventListener("keyup", (event) => {
    if (event.key !== " " || !held) return;
    event.preventDefault();
    release();
  });
  addEventListener("blur", drop);
  document.addEventListener("visibilitychange", () => document.hidden && drop());
  document.addEventListener("keydown", (event) => event.key === "Escape" && drop());
}

// --- keys

const pressed = new Set();
document.addEventListener("keyup", (event) => pressed.delete(event.key));
addEventListener("blur", () => pressed.clear());

const keys = {
  w: () => document.querySelector("#text")?.focus(),
  j: () => document.querySelector(".horns [aria-current] + a")?.click(),
  k: () => document.querySelector(".horns a:has(+ [aria-current])")?.click(),
};
if (talking) keys[" "] = hold;
for (const button of document.querySelectorAll("[data-key]")) {
  keys[button.dataset.key] = () => {
    if (pressed.has(button.dataset.key)) return; // held down is one press
    pressed.add(button.dataset.key);
    button.form.requestSubmit();
  };
}
startKeys(keys);

setInterval(() => document.hidden || showAge(), 1000);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
refresh();
