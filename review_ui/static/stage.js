// The stage: one clip at a time, stepped by frames, with the fence and the box over it; the time-line moves it.
// A moment is milliseconds since 1970; the page carries the moment of each clip's first and last frame.

export function startStage() {
  const clips = [...document.querySelectorAll(".clip")].filter((clip) => clip.querySelector("video"));
  const timeline = document.querySelector(".timeline");
  const overlaySwitch = document.querySelector("#show-overlay");
  const clock = document.querySelector("#moment");
  const nothingThere = document.querySelector("#no-clip-there");
  const playhead = document.querySelector("#playhead");
  const boxes = JSON.parse(timeline.dataset.boxes);
  const [from, to] = [Number(timeline.dataset.from), Number(timeline.dataset.to)];
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: clock.dataset.zone, hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 2,
  });
  let current = null;

  const video = () => current.querySelector("video");
  const start = (clip) => Number(clip.querySelector("video").dataset.from);
  const end = (clip) => Number(clip.querySelector("video").dataset.to);

  function show(clip) {
    if (current && current !== clip) video().pause();
    current = clip;
    for (const other of clips) other.hidden = other !== clip;
    for (const tab of document.querySelectorAll("[data-clip]")) {
      tab.setAttribute("aria-pressed", String(tab.dataset.clip === clip.id));
    }
    follow();
  }

  // The clock, the playhead and the box say what the picture shows.
  function follow() {
    const moment = start(current) + video().currentTime * 1000;
    clock.value = format.format(moment);
    const x = ((moment - from) / Math.max(to - from, 1)) * 1000;
    playhead.setAttribute("x1", x);
    playhead.setAttribute("x2", x);
    playhead.setAttribute("visibility", "visible");
    const seen = boxes.findLast((box) => box[0] <= moment);
    const drawn = current.querySelector(".overlay .box");
    if (!drawn || !seen) return;
    ["x", "y", "width", "height"].forEach((name, place) => drawn.setAttribute(name, seen[place + 1]));
  }

  function jump(moment) {
    if (!clips.length) return;
    const holding = clips.find((clip) => start(clip) <= moment && moment <= end(clip));
    nothingThere.hidden = Boolean(holding);
    if (!holding) return;
    show(holding);
    video().pause();
    video().currentTime = (moment - start(holding)) / 1000;
    holding.scrollIntoView({ block: "nearest" });
  }

  function step(frames) {
    video().pause();
    const frame = Number(video().dataset.frame);
    video().currentTime = Math.max(video().currentTime + frames * frame, 0);
  }

  function toggleOverlay() {
    overlaySwitch.checked = !overlaySwitch.checked;
    drawOverlay();
  }

  function drawOverlay() {
    document.body.classList.toggle("no-overlay", !overlaySwitch.checked);
  }

  // A player tells the time four times a second; while it plays, the frames themselves are finer.
  function everyFrame(player) {
    if (!player.requestVideoFrameCallback) return;
    const tell = () => {
      if (current?.contains(player)) follow();
      player.requestVideoFrameCallback(tell);
    };
    player.requestVideoFrameCallback(tell);
  }

  for (const clip of clips) {
    const player = clip.querySelector("video");
    player.addEventListener("timeupdate", () => clip === current && follow());
    player.addEventListener("seeked", () => clip === current && follow());
    const shape = () => {
      clip.querySelector(".picture").style.setProperty("--ratio", player.videoWidth / player.videoHeight);
    };
    player.addEventListener("loadedmetadata", shape);
    if (player.readyState) shape();
    everyFrame(player);
  }
  for (const tab of document.querySelectorAll("[data-clip]")) {
    const clip = clips.find((candidate) => candidate.id === tab.dataset.clip);
    tab.hidden = !clip;
    tab.addEventListener("click", () => show(clip));
  }
  for (const button of document.querySelectorAll("[data-at]")) {
    button.addEventListener("click", () => jump(Number(button.dataset.at)));
  }
  for (const button of document.querySelectorAll("[data-step]")) {
    button.addEventListener("click", () => step(Number(button.dataset.step)));
  }
  timeline.addEventListener("click", (event) => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(timeline.getScreenCTM().inverse());
    jump(from + (Math.min(Math.max(point.x, 0), 1000) / 1000) * (to - from));
  });
  overlaySwitch.addEventListener("change", drawOverlay);
  drawOverlay(); // a browser keeps a box unticked over a reload

  if (!clips.length) return { o: toggleOverlay };
  const play = () => (video().paused ? video().play() : video().pause());
  document.querySelector("[data-play]").addEventListener("click", play);
  document.querySelector(".clip-tabs")?.removeAttribute("hidden");
  document.querySelector(".transport").hidden = false;
  show(clips[0]);
  return { o: toggleOverlay, " ": play, ",": () => step(-1), ".": () => step(1) };
}
