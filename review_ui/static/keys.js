// Keys of a page, and the list of them that ? shows. keys: what each does. Keys typed into a field are text.

const isTyping = (target) => target.matches("textarea, select, input:not([type='radio']):not([type='checkbox'])");

export function startKeys(keys) {
  const list = document.querySelector("#keys");
  const button = document.querySelector("#show-keys");
  if (list) {
    button.hidden = false;
    button.addEventListener("click", () => list.showModal());
    keys["?"] = () => list.showModal();
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isTyping(event.target)) return event.target.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || list?.open) return;
    // theirs already
    if (event.key === " " && event.target.matches("button, a, summary, video, input, [role='button']")) return;
    if (event.key === "Enter" && event.target.matches("button, a, summary, [role='button']")) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
