// The geofence editor: corners drawn on the camera's picture by mouse, touch and keyboard.
//
// What is edited is one list of corners in fractions of the picture; the field `polygon` of the form holds it, so that
// the form says what the picture shows. Whether it is a fence that can be is asked of the server too.

const SNAP_PX = 10; // on the screen
const EDGE = 0.015; // of the picture: a corner this close to its edge lies on it
const STEP = 0.005,
  FINE = 0.001,
  COARSE = 0.05;
const SMALLEST_AREA = 0.0005; // as the server has it
const MOST_UNDONE = 200;

const SVG = "http://www.w3.org/2000/svg";
const form = document.querySelector("#fence-form");
const stage = document.querySelector(".fence-stage");
const canvas = stage.querySelector("svg");
const picture = stage.querySelector("img");
const field = form.querySelector("#polygon");
const said = document.querySelector("#outline-said");
const words = said.dataset;
const snapping = document.querySelector("#snap");
const presetField = form.querySelector("#preset");
const [, , wide, high] = canvas.getAttribute("viewBox").split(" ").map(Number);
let size = [wide, high];

let corners = read(field.value);
let chosen = corners.length ? 0 : -1;
let drawing = corners.length < 3;
let dragged = null;
const undone = [];
const past = [];

function read(text) {
  try {
    const value = JSON.parse(text);
    return Array.isArray(value) ? value.filter((each) => each.length === 2).map(([x, y]) => [Number(x), Number(y)]) : [];
  } catch {
    return [];
  }
}

const whole = (value) => Math.round(Math.min(Math.max(value, 0), 1) * 10000) / 10000;

// --- what is done to the corners; each can be undone

function remember() {
  past.push(JSON.stringify(corners));
  if (past.length > MOST_UNDONE) past.shift();
  undone.length = 0;
}

function add(point, place) {
  remember();
  corners.splice(place, 0, point.map(whole));
  chosen = place;
  show();
}

function remove() {
  if (chosen < 0 || !corners.length) return;
  remember();
  corners.splice(chosen, 1);
  chosen = Math.min(chosen, corners.length - 1);
  if (corners.length < 3) drawing = true;
  show();
}

function nudge(dx, dy) {
  if (chosen < 0) return;
  remember();
  const [x, y] = corners[chosen];
  corners[chosen] = [whole(x + dx), whole(y + dy)];
  show();
}

// By keyboard: between the chosen corner and the next, and where there are not three yet, beside the last.
function addByKey() {
  if (!corners.length) return add([0.4, 0.5], 0);
  if (corners.length === 1) return add([corners[0][0] + 0.2, corners[0][1]], 1);
  if (corners.length === 2) return add([corners[1][0], corners[1][1] + 0.2], 2);
  const next = (chosen + 1) % corners.length;
  return add(middle(chosen, next), chosen + 1);
}

function clear() {
  if (!corners.length) return;
  remember();
  corners = [];
  chosen = -1;
  drawing = true;
  show();
}

function swap(from, to) {
  if (!from.length) return;
  to.push(JSON.stringify(corners));
  corners = JSON.parse(from.pop());
  chosen = Math.min(chosen, corners.length - 1);
  drawing = corners.length < 3;
  show();
}

const undo = () => swap(past, undone);
const redo = () => swap(undone, past);
const middle = (one, other) => [0, 1].map((axis) => (corners[one][axis] + corners[other][axis]) / 2);

// --- geometry

const across = (a, b, c) => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);

function cross(a, b, c, d) {
  return across(a, b, c) * across(a, b, d) < 0 && across(c, d, a) * across(c, d, b) < 0;
}

// Pairs of sides that cross each other; neighbours share a corner and do not count.
function crossings() {
  const found = [];
  const n = corners.length;
  for (let one = 0; one < n; one += 1) {
    for (let other = one + 2; other < n; other += 1) {
      if (one === 0 && other === n - 1) continue;
      if (cross(corners[one], corners[(one + 1) % n], corners[other], corners[(other + 1) % n])) found.push(one, other);
    }
  }
  return found;
}

function area() {
  return Math.abs(
    corners.reduce((sum, [x, y], place) => {
      const [nextX, nextY] = corners[(place + 1) % corners.length];
      return sum + x * nextY - nextX * y;
    }, 0) / 2,
  );
}

const onScreen = () => canvas.getBoundingClientRect();

function pointOf(event) {
  const box = onScreen();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
}

function others() {
  return [...canvas.querySelectorAll(".other:not([hidden])")].flatMap((drawn) => read(drawn.dataset.corners));
}

// To the picture's edge and to corners of other fences; with Shift held, level with the corners beside it.
function snapped([x, y], place, event) {
  let to = [whole(x), whole(y)];
  if (event.shiftKey && corners.length > 1) {
    const before = corners[(place + corners.length - 1) % corners.length];
    to = Math.abs(to[0] - before[0]) < Math.abs(to[1] - before[1]) ? [before[0], to[1]] : [to[0], before[1]];
  }
  if (!snapping.checked || event.altKey) return to;
  const box = onScreen();
  const near = others().find(
    (each) => Math.hypot((each[0] - to[0]) * box.width, (each[1] - to[1]) * box.height) <= SNAP_PX,
  );
  if (near) return near;
  return to.map((value) => (value < EDGE ? 0 : value > 1 - EDGE ? 1 : value));
}

// --- what is seen

function made(name, attributes, where) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  where.append(element);
  return element;
}

function show() {
  const layer = canvas.querySelector("#drawn");
  layer.replaceChildren();
  const inPixels = corners.map(([x, y]) => [x * size[0], y * size[1]]);
  const points = inPixels.map((each) => each.join(",")).join(" ");
  const bad = crossings();
  const open = drawing && corners.length < 3;
  made(open ? "polyline" : "polygon", { class: "edited", points }, layer);
  for (const place of bad) {
    const [from, to] = [inPixels[place], inPixels[(place + 1) % corners.length]];
    made("line", { class: "crossing", x1: from[0], y1: from[1], x2: to[0], y2: to[1] }, layer);
  }
  const unit = size[0] / Math.max(onScreen().width, 1); // pixels of the picture for one of the screen
  if (corners.length > 2) {
    corners.forEach((_corner, place) => {
      const [x, y] = middle(place, (place + 1) % corners.length);
      const at = { cx: x * size[0], cy: y * size[1], "data-between": place };
      made("circle", { ...at, class: "between", r: 5 * unit }, layer);
      made("circle", { ...at, class: "hold", r: 14 * unit }, layer);
    });
  }
  inPixels.forEach(([cx, cy], place) => {
    made("circle", { class: place === chosen ? "corner chosen" : "corner", cx, cy, r: 6.5 * unit }, layer);
    made("circle", { class: "hold", cx, cy, r: 16 * unit, "data-corner": place }, layer);
  });
  field.value = JSON.stringify(corners);
  tell(bad.length > 0);
}

function tell(crossed) {
  const few = corners.length < 3;
  const tiny = !few && !crossed && area() < SMALLEST_AREA;
  said.classList.toggle("bad", crossed || tiny);
  if (crossed) said.textContent = words.crosses;
  else if (tiny) said.textContent = words.tiny;
  else if (few) said.textContent = words.few.replace("#", 3 - corners.length);
  else {
    const [x, y] = chosen < 0 ? [NaN, NaN] : corners[chosen];
    const at = chosen < 0 ? "" : ` ${chosen + 1}/${corners.length}: ${x.toFixed(3)}, ${y.toFixed(3)}`;
    said.textContent = `${words.share.replace("#", (area() * 100).toFixed(1))}${at}`;
  }
  document.querySelector("#undo").disabled = !past.length;
  document.querySelector("#redo").disabled = !undone.length;
}

// --- mouse, pen and finger

canvas.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  canvas.focus({ preventScroll: true });
  const { corner, between } = event.target.dataset;
  if (corner !== undefined) {
    const place = Number(corner);
    if (drawing && place === 0 && corners.length > 2) drawing = false; // back at the first: it is closed
    chosen = place;
    dragged = { place, moved: false };
  } else if (between !== undefined) {
    const place = Number(between) + 1;
    add(middle(place - 1, place % corners.length), place);
    dragged = { place, moved: true };
  } else if (drawing) {
    const place = corners.length;
    add(snapped(pointOf(event), place, event), place);
    dragged = { place, moved: true };
  } else return;
  event.preventDefault();
  canvas.setPointerCapture(event.pointerId);
  show();
});

canvas.addEventListener("pointermove", (event) => {
  if (!dragged) return;
  if (!dragged.moved) remember();
  dragged.moved = true;
  corners[dragged.place] = snapped(pointOf(event), dragged.place, event);
  show();
});

for (const over of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(over, () => {
    dragged = null;
  });
}

canvas.addEventListener("dblclick", () => {
  if (drawing && corners.length > 2) drawing = false;
  show();
});

// --- keyboard

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

canvas.addEventListener("keydown", (event) => {
  const arrow = ARROWS[event.key];
  const step = event.shiftKey ? FINE : event.altKey ? COARSE : STEP;
  const key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && key === "z") (event.shiftKey ? redo : undo)();
  else if ((event.ctrlKey || event.metaKey) && key === "y") redo();
  else if (event.ctrlKey || event.metaKey) return;
  else if (arrow) nudge(arrow[0] * step, arrow[1] * step);
  else if (key === "a" || event.key === "Insert") addByKey();
  else if (event.key === "Delete" || event.key === "Backspace") remove();
  else if ((key === "n" || key === "p") && corners.length) {
    chosen = (chosen + (key === "n" ? 1 : corners.length - 1)) % corners.length;
    show();
  } else if (event.key === "Enter" && corners.length > 2) {
    drawing = false;
    show();
  } else return;
  event.preventDefault();
});

document.querySelector("#undo").addEventListener("click", undo);
document.querySelector("#redo").addEventListener("click", redo);
document.querySelector("#anew").addEventListener("click", clear);
document.querySelector("#remove").addEventListener("click", remove);
document.querySelector("#add").addEventListener("click", () => {
  addByKey();
  canvas.focus();
});
field.addEventListener("change", () => {
  remember();
  corners = read(field.value);
  chosen = corners.length ? 0 : -1;
  drawing = corners.length < 3;
  show();
});

// --- the rest of the form

// Numbers of an offence are asked while it is ticked.
for (const box of form.querySelectorAll("[name='offence']")) {
  const detail = box.closest(".offence").querySelector(".rule");
  const follow = () => {
    detail.hidden = !box.checked;
  };
  box.addEventListener("change", follow);
  follow();
}

const lines = form.querySelector("#hours");
const blank = lines.querySelector("template");

form.querySelector("#more-hours").addEventListener("click", () => {
  const line = blank.content.firstElementChild.cloneNode(true);
  lines.append(line);
  line.querySelector("input").focus();
});

lines.addEventListener("click", (event) => {
  if (event.target.closest("[data-remove]")) event.target.closest(".line").remove();
});

// Another preset is another picture, with its own fences.
function followPreset() {
  const preset = presetField?.value ?? "";
  for (const drawn of canvas.querySelectorAll(".other")) drawn.toggleAttribute("hidden", drawn.dataset.preset !== preset);
  if (!picture || picture.dataset.preset === preset) return;
  picture.dataset.preset = preset;
  picture.src = `${picture.dataset.of}?preset=${encodeURIComponent(preset)}`;
}

presetField?.addEventListener("change", followPreset);
if (picture) {
  const shape = () => {
    if (!picture.naturalWidth) return;
    size = [picture.naturalWidth, picture.naturalHeight];
    for (const drawn of canvas.querySelectorAll(".other")) {
      drawn.setAttribute("points", read(drawn.dataset.corners).map(([x, y]) => `${x * size[0]},${y * size[1]}`).join(" "));
    }
    canvas.setAttribute("viewBox", `0 0 ${size[0]} ${size[1]}`);
    show();
  };
  picture.addEventListener("load", shape);
  shape();
}
new ResizeObserver(show).observe(canvas);
followPreset();
show();
document.documentElement.dataset.editor = "ready";
