// The draft at work: what carries a sentence comes into view when it is pressed. Without this file everything is on the
// page all the same, and the form is sent as any other.

const exhibits = [...document.querySelectorAll(".exhibit")];

function show(exhibit, atSeconds) {
  if (!exhibit) return;
  for (const each of exhibits) each.classList.toggle("chosen", each === exhibit);
  exhibit.scrollIntoView({ block: "nearest", behavior: "smooth" });
  const video = exhibit.querySelector("video");
  if (video && atSeconds !== undefined) {
    video.preload = "metadata";
    video.currentTime = atSeconds;
  }
}

function showMoment(iso) {
  const at = Date.parse(iso);
  const clip = exhibits.find((each) => each.dataset.from && Date.parse(each.dataset.from) <= at && at <= Date.parse(each.dataset.to));
  if (clip) show(clip, (at - Date.parse(clip.dataset.from)) / 1000);
}

for (const button of document.querySelectorAll("[data-exhibit]")) {
  button.addEventListener("click", () => show(document.getElementById(`exhibit-${button.dataset.exhibit}`)));
}
for (const button of document.querySelectorAll("[data-article]")) {
  button.addEventListener("click", () => show(document.getElementById(`article-${button.dataset.article}`)));
}
for (const button of document.querySelectorAll("[data-moment]")) {
  button.addEventListener("click", () => showMoment(button.dataset.moment));
}

// A sentence is as high as what is written in it, and what was typed is not lost by a careless click.
const form = document.querySelector("#drafting");
let typed = false;
for (const area of form.querySelectorAll("textarea")) {
  const grow = () => {
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + 2}px`;
  };
  area.addEventListener("input", () => {
    typed = true;
    grow();
  });
  grow();
}
form.addEventListener("submit", () => {
  typed = false;
});
window.addEventListener("beforeunload", (event) => {
  if (typed) event.preventDefault();
});
