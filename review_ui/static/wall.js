// The wall: one question for all cameras every few seconds; a picture is fetched when there is a newer one.

const EVERY_MS = 5000;
const wall = document.querySelector(".wall");
const silent = document.querySelector("#wall-silent");

function show(camera) {
  const tile = wall.querySelector(`[data-camera="${CSS.escape(camera.id)}"]`);
  if (!tile) return;
  tile.toggleAttribute("data-trouble", camera.trouble);
  const badge = tile.querySelector(".badge");
  badge.dataset.state = camera.state;
  badge.textContent = camera.words;
  tile.querySelector(".at").textContent = camera.at;
  const clock = tile.querySelector(".clock");
  clock.textContent = camera.clock;
  clock.classList.toggle("off", camera.clock_off);
  const open = tile.querySelector(".open");
  open.hidden = !camera.open;
  open.querySelector("b").textContent = camera.open;
  const picture = tile.querySelector("img");
  tile.querySelector(".none").hidden = Boolean(camera.picture);
  picture.hidden = !camera.picture;
  if (camera.picture && picture.getAttribute("src") !== camera.picture) {
    const next = new Image(); // shown when it is there, so that the pane never goes blank
    next.addEventListener("load", () => picture.setAttribute("src", camera.picture));
    next.src = camera.picture;
  }
}

async function ask() {
  if (document.hidden) return;
  try {
    const answer = await fetch("/wall/state", { cache: "no-cache" });
    if (answer.status === 401) location.reload();
    if (!answer.ok) throw new Error(answer.statusText);
    const { cameras } = await answer.json();
    cameras.forEach(show);
    silent.hidden = true;
  } catch {
    silent.hidden = false;
  }
}

setInterval(ask, EVERY_MS);
document.addEventListener("visibilitychange", ask);
