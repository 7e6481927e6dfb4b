// The decision: a, r, d or e chooses. Then digits: of accepting the four points, 0 all of them; of the others the
// ground. Enter records it, and Ctrl+Enter from within the words. What is missing is said here at once; the server
// asks the same again and has the last word.

export function startDecision() {
  const form = document.querySelector("#decision");
  if (!form) return {};
  const problem = document.querySelector("#decision-problem");
  const reason = form.elements.reason;
  const record = document.querySelector("#record");
  const points = [...form.querySelectorAll("[name='points']")];
  const grounds = [...form.querySelectorAll(".grounds")];
  const keys = {};

  const chosen = () => form.querySelector("[name='decision']:checked")?.value;
  const groundsOf = (choice) => grounds.find((group) => group.dataset.choice === choice);

  // Only what goes with the choice is shown, and sent.
  function follow() {
    const choice = chosen();
    for (const group of grounds) {
      group.hidden = group.dataset.choice !== choice;
      group.disabled = group.hidden;
    }
    form.querySelector(".points").hidden = Boolean(choice) && choice !== "accept";
    const group = groundsOf(choice);
    // accepting has a usual ground, which is what the draft says itself; all others are said each time
    if (choice === "accept" && !group.querySelector(":checked")) group.querySelector("input").checked = true;
    for (const label of form.querySelectorAll(".choices label")) {
      label.classList.toggle("chosen", label.querySelector("input").checked);
    }
  }

  for (const choice of form.querySelectorAll("[name='decision']")) {
    choice.addEventListener("change", follow);
    keys[choice.value[0]] = () => {
      choice.checked = true;
      follow();
      record.focus({ preventScroll: true });
      form.scrollIntoView({ block: "nearest" });
    };
  }
  for (let digit = 1; digit <= 9; digit++) {
    keys[String(digit)] = () => {
      const choice = chosen();
      if (!choice || choice === "accept") return points[digit - 1]?.click();
      const ground = groundsOf(choice).querySelectorAll("input")[digit - 1];
      if (!ground) return;
      ground.checked = true;
      if (ground.value === "other") reason.focus();
    };
  }
  const all = document.querySelector("#all-points");
  all.hidden = false;
  const tickAll = () => points.forEach((point) => (point.checked = true));
  all.addEventListener("click", tickAll);
  keys["0"] = tickAll;
  keys.w = () => reason.focus();

  function missing() {
    const choice = chosen();
    if (!choice) return form.dataset.choiceMissing;
    const ground = groundsOf(choice).querySelector(":checked")?.value;
    if (choice === "escalate" && !ground) return form.dataset.groundMissing;
    if ((!ground || ground === "other") && !reason.value.trim()) return form.dataset.reasonMissing;
    if (choice === "accept" && points.some((point) => !point.checked)) return form.dataset.pointsMissing;
    return "";
  }

  let sent = false;
  form.addEventListener("submit", (event) => {
    const sentence = missing();
    problem.textContent = sentence;
    problem.hidden = !sentence;
    if (sentence || sent) return event.preventDefault(); // a key that is held down decides once
    sent = true;
  });
  addEventListener("pageshow", () => (sent = false)); // come back to by the browser's own key
  keys.Enter = () => form.requestSubmit();
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  follow();
  return keys;
}
