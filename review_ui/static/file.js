// One case file by keyboard: g takes the next act, digits go to its tabs. On an approval a agrees, r returns, which
// needs words. A key that is held down acts once.

import { startKeys } from "./keys.js";

let sent = false;
addEventListener("pageshow", () => (sent = false));

function press(element) {
  if (!element || sent) return;
  sent = element.form?.checkValidity() ?? true;
  element.click();
}

const keys = { g: () => press(document.querySelector("#primary")) };
[...document.querySelectorAll(".file-tabs a")].forEach((tab, place) => {
  keys[String(place + 1)] = () => press(tab);
});
const agree = document.querySelector("#agree");
if (agree) {
  keys.a = () => press(agree.querySelector("button"));
  keys.r = () => {
    const reason = document.querySelector("#return-reason");
    if (reason.value.trim()) press(document.querySelector("#return button"));
    else reason.focus();
  };
}
startKeys(keys);
