// The incident page by hand and keyboard: what is on the stage, the decision, and who has it in hand. Each file stands
// alone without the others; without any the page still shows every clip, picture and form.

import { startBeside } from "./beside.js";
import { startDecision } from "./decision.js";
import { startKeys } from "./keys.js";
import { startStage } from "./stage.js";

const KEEP_MS = 120_000; // well within the lease

const keys = { ...startStage(), ...startDecision() };

for (const button of document.querySelectorAll("[data-key]")) keys[button.dataset.key] = () => button.click();

keys.b = () => document.querySelector("#to-queue").click();

const plate = document.querySelector("#plate-said");
if (plate) {
  keys.p = () => {
    plate.focus();
    plate.select();
  };
}

startKeys(keys);
startBeside();

// While the page lies open before somebody the incident stays in their hand.
const inHand = document.querySelector("#in-hand");
if (inHand) {
  const keeping = setInterval(async () => {
    if (document.visibilityState !== "visible") return;
    const body = new URLSearchParams({ csrf_token: inHand.elements.csrf_token.value });
    const answer = await fetch(inHand.dataset.keep, { method: "POST", body }).catch(() => null);
    if (!answer || answer.status === 204) return; // without a line it is tried again
    clearInterval(keeping);
    const now = document.querySelector("#in-hand-now");
    now.textContent = now.dataset.lost;
    now.dataset.state = "lost";
  }, KEEP_MS);
}
