// The stage: one clip at a time, stepped by frames, with the fence and the box over it; the time-line and the stills
// move it. Beside it the plate, made large out of the frame that plays.
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
  const speed = document.querySelector("#speed");
  const loupe = startLoupe();
  const moments = [...document.querySelectorAll(".timeline [data-at], .facts [data-at], .stills [data-at]")]
    .map((one) => Number(one.dataset.at)).sort((one, other) => one - other);
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
    loupe(video(), moment);
    const seen = boxes.findLast((box) => box[0] <= moment);
    const drawn = current.querySelector(".overlay .box");
    if (!drawn || !seen) return;
    ["x", "y", "width", "height"].forEach((name, place) => drawn.setAttribute(name, seen[place + 1]));
  }

  // True where a clip shows that moment.
  function jump(moment) {
    const holding = clips.find((clip) => start(clip) <= moment && moment <= end(clip));
    nothingThere.hidden = Boolean(holding) || !clips.length;
    if (!holding) return false;
    show(holding);
    video().pause();
    video().currentTime = (moment - start(holding)) / 1000;
    holding.scrollIntoView({ block: "nearest" });
    return true;
  }

  // The next moment of note after what is shown, or the one before it.
  function hop(direction) {
    const shown = start(current) + video().currentTime * 1000;
    const shows = (moment) => clips.some((clip) => start(clip) <= moment && moment <= end(clip));
    const near = video().dataset.frame * 500; // half a frame: that one is shown
    const next = direction > 0
      ? moments.find((moment) => moment > shown + near && shows(moment))
      : moments.findLast((moment) => moment < shown - near && shows(moment));
    if (next !== undefined) jump(next);
  }

  function setSpeed(steps) {
    speed.selectedIndex = Math.min(Math.max(speed.selectedIndex + steps, 0), speed.options.length - 1);
    for (const clip of clips) clip.querySelector("video").playbackRate = Number(speed.value);
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
    button.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.stopPropagation(); // the time-line under a sign goes by where it was clicked
      if (jump(Number(button.dataset.at))) event.preventDefault(); // else a still opens by itself
    });
  }
  for (const sign of document.querySelectorAll(".sign[data-at]")) {
    sign.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      jump(Number(sign.dataset.at));
    });
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
  speed.addEventListener("change", () => setSpeed(0));
  show(clips[0]);
  setSpeed(0); // a browser keeps a choice over a reload
  return {
    o: toggleOverlay, " ": play, ",": () => step(-1), ".": () => step(1),
    "<": () => setSpeed(-1), ">": () => setSpeed(1), "[": () => hop(-1), "]": () => hop(1),
  };
}

// Draws the plate where it was read out of the frame that is shown; far from every reading it is hidden.
function startLoupe() {
  const canvas = document.querySelector("#loupe");
  if (!canvas) return () => {};
  const reads = JSON.parse(canvas.dataset.reads);
  const nearMs = Number(canvas.dataset.nearMs);
  const pen = canvas.getContext("2d");
  return (player, moment) => {
    const read = reads.reduce(
      (best, one) => (!best || Math.abs(one[0] - moment) < Math.abs(best[0] - moment) ? one : best), null);
    const near = read && Math.abs(read[0] - moment) <= nearMs && player.readyState >= 2;
    canvas.hidden = !near;
    if (!near) return;
    const scale = player.videoWidth / Number(canvas.dataset.width);
    const [x, y, width, height] = read.slice(1).map((edge) => edge * scale);
    const margin = 0.15 * width;
    const shownWidth = width + 2 * margin;
    const shownHeight = shownWidth * canvas.height / canvas.width;
    pen.imageSmoothingQuality = "high";
    pen.drawImage(player, x - margin, y + height / 2 - shownHeight / 2, shownWidth, shownHeight,
      0, 0, canvas.width, canvas.height);
  };
}
