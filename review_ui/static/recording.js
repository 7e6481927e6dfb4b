// One recording by hand: i and o take the seconds of a mark from the player, a part of the picture is drawn with the
// pointer, a click on the time-line goes there. Without this file the fields are filled in by hand.

const video = document.querySelector("#video");
const mark = document.querySelector("#mark");
const now = document.querySelector("#now");
const line = document.querySelector(".line");
const section = document.querySelector(".time-line");

if (video) {
  const length = () => Number(section.dataset.length) || video.duration || 0;
  const fit = () => section.style.setProperty("--ratio", video.videoWidth / video.videoHeight);
  if (video.readyState >= HTMLMediaElement.HAVE_METADATA) fit();
  else video.addEventListener("loadedmetadata", fit);
  video.addEventListener("error", () => (document.querySelector("#unplayable").hidden = false));
  video.addEventListener("timeupdate", () => now?.setAttribute("x", (1000 * video.currentTime) / (length() || 1)));
  line?.addEventListener("click", (event) => {
    const side = line.getBoundingClientRect();
    video.currentTime = ((event.clientX - side.left) / side.width) * length();
  });
}

if (video && mark) {
  const second = () => String(Math.round(video.currentTime * 10) / 10);
  const takes = { i: "from_s", o: "to_s" };
  const take = (key) => (mark.elements[takes[key]].value = second());
  document.querySelector("#from-here").addEventListener("click", () => take("i"));
  document.querySelector("#to-here").addEventListener("click", () => take("o"));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    if (!(event.key in takes)) return;
    event.preventDefault();
    take(event.key);
  });

  // a part of the picture: where the pointer goes down, to where it comes up; the controls stay usable
  const box = document.querySelector("#box");
  let from = null;
  const place = (event) => {
    const side = video.getBoundingClientRect();
    const within = (share) => Math.min(Math.max(share, 0), 1);
    return [within((event.clientX - side.left) / side.width), within((event.clientY - side.top) / side.height)];
  };
  const draw = (to) => {
    const [left, top] = [Math.min(from[0], to[0]), Math.min(from[1], to[1])];
    const [width, height] = [Math.abs(from[0] - to[0]), Math.abs(from[1] - to[1])];
    Object.entries({ x: left, y: top, width, height }).forEach(([name, value]) => box.setAttribute(name, value));
    const isPart = width > 0.01 && height > 0.01;
    mark.elements.box.value = isPart ? [left, top, left + width, top + height].map((side) => side.toFixed(4)).join(",") : "";
  };
  video.addEventListener("pointerdown", (event) => {
    const [, y] = place(event);
    from = y < 0.85 ? place(event) : null; // below lie the player's own controls
  });
  video.addEventListener("pointermove", (event) => {
    if (from && event.buttons) draw(place(event));
  });
  window.addEventListener("pointerup", () => (from = null));
}
