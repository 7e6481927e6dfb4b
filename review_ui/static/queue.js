// The queue by keyboard, and live: the server says that something changed, the page asks for its own rows again.
// Where the line is down the browser comes back by itself; until then the page says that it is not live.

import { startKeys } from "./keys.js";

const queue = document.querySelector("#queue");
const live = document.querySelector("#live");
const SLOWEST_MS = 60_000; // what runs out by itself, as somebody's claim, sends no event
const TOGETHER_MS = 150; // several changes are one update
const SPREAD_MS = 1_000;
const REST = 50; // times as long as the last answer took: hundreds of open pages ask a busy server more rarely
const LEAST_REST_MS = 2_000; // a list that moves under the eyes more often than that is not read
const LONGEST_REST_MS = 15_000;

const rows = () => [...queue.querySelectorAll(".row")];

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(document.activeElement);
  all[at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1)].focus();
}

// Opening a row that waits and is free takes it in hand; all others are only looked at.
queue.addEventListener("click", (event) => {
  const row = event.target.closest(".row");
  if (!row || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const take = row.parentElement.querySelector("form.take");
  if (!take) return;
  event.preventDefault();
  take.requestSubmit();
});

startKeys({
  j: () => move(1),
  k: () => move(-1),
  v: () => {
    const row = document.activeElement.closest?.(".row");
    if (row) location.assign(row.href);
  },
  "/": () => document.querySelector("#q").focus(),
  n: () => queue.querySelector("[rel='next']")?.click(),
  p: () => queue.querySelector("[rel='prev']")?.click(),
});

async function refresh() {
  const began = performance.now();
  const answer = await fetch(`/queue/rows${location.search}`, { headers: { accept: "text/html" } });
  if (answer.status === 401 || answer.redirected) return location.reload();
  if (!answer.ok) return;
  const fresh = await answer.text();
  const ended = performance.now();
  restsUntil = ended + Math.min(Math.max(REST * (ended - began), LEAST_REST_MS), LONGEST_REST_MS);
  const focused = document.activeElement.closest?.("[data-incident]")?.dataset.incident;
  const part = focused && document.activeElement.matches(".row") ? ".row" : "button, summary";
  const unfolded = new Set([...queue.querySelectorAll("details[open]")].map((one) => one.closest("li").dataset.incident));
  queue.innerHTML = fresh;
  for (const item of queue.querySelectorAll("[data-incident]")) {
    if (unfolded.has(item.dataset.incident)) item.querySelector("details")?.setAttribute("open", "");
    if (item.dataset.incident === focused) item.querySelector(part)?.focus();
  }
}

let waiting = null;
let restsUntil = 0;
let isBehind = false; // something changed while nobody saw the page
function soon() {
  isBehind = document.hidden;
  if (isBehind) return;
  const spread = TOGETHER_MS + SPREAD_MS * Math.random(); // not all pages at the same moment
  waiting ??= setTimeout(() => {
    waiting = null;
    refresh().catch(() => say(false));
  }, Math.max(spread, restsUntil - performance.now()));
}

document.addEventListener("visibilitychange", () => isBehind && soon());

function say(on) {
  live.textContent = on ? live.dataset.on : live.dataset.off;
  live.dataset.state = on ? "on" : "off";
}

const feed = new EventSource("/queue/events");
feed.addEventListener("here", () => say(true));
feed.addEventListener("changed", () => {
  say(true);
  soon();
});
feed.addEventListener("error", () => {
  say(false);
  // an answer that is no stream ends it for good: the session may be over
  if (feed.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000);
});
setInterval(soon, SLOWEST_MS);
addEventListener("pagehide", () => feed.close());
