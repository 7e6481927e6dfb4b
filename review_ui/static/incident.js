// The incident page by hand and keyboard: what is on the stage, and the decision. Each file stands alone without
// the other; without either the page still shows every clip, picture and form.

import { startStage } from "./stage.js";
import { startDecision } from "./decision.js";

const isTyping = (target) => target.matches("textarea, select, input:not([type='radio']):not([type='checkbox'])");

const keys = { ...startStage(), ...startDecision() };

const next = document.querySelector("#next-waiting");
if (next) keys.n = () => next.click();

for (const button of document.querySelectorAll("[data-key]")) keys[button.dataset.key] = () => button.click();

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && isTyping(event.target)) return event.target.blur();
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (event.key === " " && event.target.matches("button, a, summary, video, input")) return; // theirs already
  const act = keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
