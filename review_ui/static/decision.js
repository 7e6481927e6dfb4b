// The decision: a, r or d chooses and goes to the reason, 1 to 4 tick the points, Ctrl+Enter records it.
// What is missing is said here at once; the server asks the same again and has the last word.

export function startDecision() {
  const form = document.querySelector("#decision");
  if (!form) return {};
  const problem = document.querySelector("#decision-problem");
  const reason = form.elements.reason;
  const keys = {};

  for (const choice of form.querySelectorAll("[name='decision']")) {
    keys[choice.value[0]] = () => {
      choice.checked = true;
      reason.focus();
    };
  }
  form.querySelectorAll("[name='points']").forEach((point, index) => {
    keys[String(index + 1)] = () => point.click();
  });

  function missing() {
    const chosen = form.querySelector("[name='decision']:checked")?.value;
    if (!chosen) return form.dataset.choiceMissing;
    if (!reason.value.trim()) return form.dataset.reasonMissing;
    if (chosen === "accept" && form.querySelector("[name='points']:not(:checked)")) return form.dataset.pointsMissing;
    return "";
  }

  form.addEventListener("submit", (event) => {
    const sentence = missing();
    problem.textContent = sentence;
    problem.hidden = !sentence;
    if (sentence) event.preventDefault();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  return keys;
}
