// The list of case files by keyboard: j and k go along, Enter opens, c begins a new one, / searches.

import { startKeys } from "./keys.js";

const rows = [...document.querySelectorAll(".file-queue .row")];

function step(by) {
  const at = rows.indexOf(document.activeElement);
  rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1)]?.focus();
}

startKeys({
  j: () => step(1),
  k: () => step(-1),
  c: () => document.querySelector("#new-file")?.click(),
  "/": () => document.querySelector("#search").focus(),
});
