// The geofence editor: outline, bays and a shop's door line, drawn on the picture by mouse, touch and keyboard.
//
// What is edited is a list of shapes in fractions of the picture, one of them chosen; the fields of the form hold them,
// so that the form says what the picture shows. Whether it is a fence that can be is asked of the server too.

const SNAP_PX = 10; // on the screen
const EDGE = 0.015; // of the picture: a corner this close to its edge lies on it
const STEP = 0.005,
  FINE = 0.001,
  COARSE = 0.05;
const SMALLEST_AREA = 0.0005; // as the server has it
const MOST_UNDONE = 200;
const PAST_THE_PICTURE = 4; // so far the ends of a door line go on, as the server has it
const HATCH_PX = 16; // from one stroke on the shop's side to the next, on the screen
const SAMPLES = 40; // across the picture, when the parts of a fence are compared

const SVG = "http://www.w3.org/2000/svg";
const form = document.querySelector("#fence-form");
const stage = document.querySelector(".fence-stage");
const canvas = stage.querySelector("svg");
const picture = stage.querySelector("img");
const said = document.querySelector("#outline-said");
const words = said.dataset;
const named = document.querySelector("#shapes").dataset;
const snapping = document.querySelector("#snap");
const presetField = form.querySelector("#preset");
const sideField = form.querySelector("#shop-side");
const fields = {
  outline: form.querySelector("#polygon"),
  bays: form.querySelector("#bays"),
  market_bays: form.querySelector("#market_bays"),
  line: form.querySelector("#line"),
};
const OF_OFFENCE = { bays: "illegal_parking", market_bays: "street_vending", line: "street_vending" };
const [, , wide, high] = canvas.getAttribute("viewBox").split(" ").map(Number);
let size = [wide, high];

let shapes = Object.keys(fields).flatMap(readShapes);
let active = 0; // the outline, which is always there
let chosen = corners().length ? 0 : -1;
let drawing = !isWhole(shapes[active]);
let dragged = null;
const undone = [];
const past = [];

function read(text) {
  try {
    const value = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

function asCorners(value) {
  const listed = Array.isArray(value) ? value : [];
  return listed.filter((each) => each?.length === 2).map(([x, y]) => [Number(x), Number(y)]);
}

function readShapes(kind) {
  const value = read(fields[kind].value);
  if (kind === "outline") return [{ kind, corners: asCorners(value) }];
  if (kind === "line") return value.length ? [{ kind, corners: asCorners(value) }] : [];
  return value.map((each) => ({ kind, corners: asCorners(each) }));
}

function write() {
  const drawn = (kind) =>
    shapes.filter((each) => each.kind === kind && each.corners.length).map((each) => each.corners);
  fields.outline.value = JSON.stringify(shapes[0].corners);
  fields.bays.value = JSON.stringify(drawn("bays"));
  fields.market_bays.value = JSON.stringify(drawn("market_bays"));
  fields.line.value = JSON.stringify(drawn("line")[0] ?? []);
}

function corners() {
  return shapes[active].corners;
}

function least(shape) {
  return shape.kind === "line" ? 2 : 3;
}

function isWhole(shape) {
  return shape.corners.length >= least(shape);
}

const isLine = () => shapes[active].kind === "line";

const whole = (value) => Math.round(Math.min(Math.max(value, 0), 1) * 10000) / 10000;
const isForbidden = (offence) => form.querySelector(`[name='offence'][value='${offence}']`).checked;
// What belongs to an offence that is not ticked is kept, and neither shown nor sent on by the server.
const isShown = (shape) => shape.kind === "outline" || isForbidden(OF_OFFENCE[shape.kind]);

function nameOf(shape) {
  const alike = shapes.filter((each) => each.kind === shape.kind);
  const number = shape.kind === "bays" || shape.kind === "market_bays" ? ` ${alike.indexOf(shape) + 1}` : "";
  return `${named[shape.kind]}${number}`;
}

// --- what is done to the shapes; each can be undone

const state = () => JSON.stringify({ shapes, active, side: sideField.value });

function remember() {
  past.push(state());
  if (past.length > MOST_UNDONE) past.shift();
  undone.length = 0;
}

function add(point, place) {
  remember();
  corners().splice(place, 0, point.map(whole));
  chosen = place;
  show();
}

function remove() {
  if (chosen < 0 || !corners().length) return;
  remember();
  corners().splice(chosen, 1);
  chosen = Math.min(chosen, corners().length - 1);
  if (!isWhole(shapes[active])) drawing = true;
  show();
}

function nudge(dx, dy) {
  if (chosen < 0) return;
  remember();
  const [x, y] = corners()[chosen];
  corners()[chosen] = [whole(x + dx), whole(y + dy)];
  show();
}

// By keyboard: between the chosen corner and the next, and where there are too few yet, beside the last.
function addByKey() {
  const have = corners();
  const last = have.at(-1);
  if (!have.length) return add(isLine() ? [0.3, 0.5] : [0.4, 0.5], 0);
  if (have.length === 1) return add([last[0] + 0.2, last[1]], 1);
  if (have.length < least(shapes[active])) return add([last[0], last[1] + 0.2], have.length);
  if (isLine() && chosen === have.length - 1) return add([last[0] + 0.1, last[1]], have.length);
  const next = (chosen + 1) % have.length;
  return add(middle(chosen, next), chosen + 1);
}

function clear() {
  if (!corners().length) return;
  remember();
  shapes[active].corners = [];
  chosen = -1;
  drawing = true;
  show();
}

// Another shape is edited; one that was left before it had a corner is none.
function choose(place) {
  const wanted = shapes[place];
  shapes = shapes.filter((each) => each === wanted || each.kind === "outline" || each.corners.length);
  active = shapes.indexOf(wanted);
  chosen = corners().length ? 0 : -1;
  drawing = !isWhole(wanted);
  show();
}

function chooseNext() {
  const shown = shapes.filter(isShown);
  choose(shapes.indexOf(shown[(shown.indexOf(shapes[active]) + 1) % shown.length]));
}

function begin(kind) {
  const line = shapes.find((each) => each.kind === "line");
  if (kind === "line" && line) return choose(shapes.indexOf(line));
  remember();
  shapes.push({ kind, corners: [] });
  return choose(shapes.length - 1);
}

function drop() {
  if (!active) return;
  remember();
  if (isLine()) sideField.value = "";
  shapes.splice(active, 1);
  active = 0;
  choose(0);
}

function finish() {
  if (isWhole(shapes[active])) drawing = false;
  show();
}

function turn() {
  if (!isLine() || !isWhole(shapes[active])) return;
  remember();
  sideField.value = shopSide() === "left" ? "right" : "left";
  show();
}

function swap(from, to) {
  if (!from.length) return;
  to.push(state());
  const then = JSON.parse(from.pop());
  ({ shapes, active } = then);
  sideField.value = then.side;
  chosen = Math.min(Math.max(chosen, 0), corners().length - 1);
  drawing = !isWhole(shapes[active]);
  show();
}

const undo = () => swap(past, undone);
const redo = () => swap(undone, past);
const middle = (one, other) => [0, 1].map((axis) => (corners()[one][axis] + corners()[other][axis]) / 2);

// --- geometry

const across = (a, b, c) => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);

function cross(a, b, c, d) {
  return across(a, b, c) * across(a, b, d) < 0 && across(c, d, a) * across(c, d, b) < 0;
}

// A line with its first and last stretch going on straight, past the picture.
function goneOn(line) {
  const on = ([x1, y1], [x2, y2]) => {
    const by = PAST_THE_PICTURE / (Math.hypot(x2 - x1, y2 - y1) || 1);
    return [x2 + (x2 - x1) * by, y2 + (y2 - y1) * by];
  };
  return [on(line[1], line[0]), ...line, on(line.at(-2), line.at(-1))];
}

// The sides of a shape, from corner to corner; a door line has no last one back to its beginning.
function sidesOf({ kind, corners: own }) {
  if (kind === "line") {
    const all = own.length < 2 ? own : goneOn(own);
    return all.slice(1).map((corner, place) => [all[place], corner]);
  }
  return own.map((corner, place) => [corner, own[(place + 1) % own.length]]);
}

// Sides that cross each other; neighbours share a corner and do not count.
function crossings(shape) {
  const sides = sidesOf(shape);
  const closed = shape.kind !== "line";
  const found = [];
  for (let one = 0; one < sides.length; one += 1) {
    for (let other = one + 2; other < sides.length; other += 1) {
      if (closed && one === 0 && other === sides.length - 1) continue;
      if (cross(...sides[one], ...sides[other])) found.push(sides[one], sides[other]);
    }
  }
  return found;
}

function area({ corners: own }) {
  return Math.abs(
    own.reduce((sum, [x, y], place) => {
      const [nextX, nextY] = own[(place + 1) % own.length];
      return sum + x * nextY - nextX * y;
    }, 0) / 2,
  );
}

const isTiny = (shape) => shape.kind !== "line" && isWhole(shape) && area(shape) < SMALLEST_AREA;
const isWrong = (shape) => !isWhole(shape) || isTiny(shape) || crossings(shape).length > 0;

function isInside([x, y], polygon) {
  let inside = false;
  polygon.forEach(([x1, y1], place) => {
    const [x2, y2] = polygon[(place + 1) % polygon.length];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
  });
  return inside;
}

// y runs down, so what lies left of who walks to the right lies above.
function isLeftOf(point, sides) {
  let nearest = Infinity,
    turned = 0;
  for (const [a, b] of sides) {
    const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    const along = Math.min(Math.max(((point[0] - a[0]) * dx + (point[1] - a[1]) * dy) / (dx * dx + dy * dy), 0), 1);
    const distance = Math.hypot(point[0] - a[0] - along * dx, point[1] - a[1] - along * dy);
    const off = across(a, b, point) / Math.hypot(dx, dy);
    // behind a bend two stretches are equally near: the one the point lies more beside tells its side
    if (distance < nearest - 1e-9 || (distance < nearest + 1e-9 && Math.abs(off) > Math.abs(turned))) {
      [nearest, turned] = [distance, off];
    }
  }
  return turned < 0;
}

// As it was chosen; else where the smaller part of the fence lies.
function shopSide() {
  const line = shapes.find((each) => each.kind === "line");
  if (!line || !isWhole(line)) return "";
  if (sideField.value) return sideField.value;
  const sides = sidesOf(line);
  let left = 0,
    right = 0;
  for (let row = 0.5; row < SAMPLES; row += 1) {
    for (let column = 0.5; column < SAMPLES; column += 1) {
      const point = [column / SAMPLES, row / SAMPLES];
      if (!isInside(point, shapes[0].corners)) continue;
      if (isLeftOf(point, sides)) left += 1;
      else right += 1;
    }
  }
  return left <= right ? "left" : "right";
}

const onScreen = () => canvas.getBoundingClientRect();

function pointOf(event) {
  const box = onScreen();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
}

// Corners of other fences, and of this one's other shapes.
function others() {
  const fences = [...canvas.querySelectorAll(".other:not([hidden])")].map((drawn) => read(drawn.dataset.corners));
  const own = shapes.filter((each, place) => place !== active && isShown(each)).map((each) => each.corners);
  return [...fences, ...own].flat();
}

// To the picture's edge and to other corners; with Shift held, level with the corners beside it.
function snapped([x, y], place, event) {
  let to = [whole(x), whole(y)];
  if (event.shiftKey && corners().length > 1) {
    const before = corners()[(place + corners().length - 1) % corners().length];
    to = Math.abs(to[0] - before[0]) < Math.abs(to[1] - before[1]) ? [before[0], to[1]] : [to[0], before[1]];
  }
  if (!snapping.checked || event.altKey) return to;
  const box = onScreen();
  const near = others().find(
    (each) => Math.hypot((each[0] - to[0]) * box.width, (each[1] - to[1]) * box.height) <= SNAP_PX,
  );
  if (near) return [...near];
  return to.map((value) => (value < EDGE ? 0 : value > 1 - EDGE ? 1 : value));
}

// --- what is seen

function made(name, attributes, where) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  where.append(element);
  return element;
}

const inPixels = ([x, y]) => [x * size[0], y * size[1]];
const asPoints = (list) => list.map((each) => inPixels(each).join(",")).join(" ");
const LOOKS = { outline: "outline-below", bays: "bay", market_bays: "bay", line: "door-line" };
const EDITED = { outline: "edited", bays: "edited of-bay", market_bays: "edited of-bay", line: "edited of-line" };

function show() {
  const layer = canvas.querySelector("#drawn");
  layer.replaceChildren();
  const unit = size[0] / Math.max(onScreen().width, 1); // pixels of the picture for one of the screen
  shapes.forEach((shape, place) => {
    if (!isShown(shape)) return;
    const open = shape.kind === "line" || !isWhole(shape) || (place === active && drawing && shape.corners.length < 3);
    const looks = place === active ? { class: EDITED[shape.kind] } : { class: LOOKS[shape.kind], "data-shape": place };
    const drawn = made(open ? "polyline" : "polygon", { ...looks, points: asPoints(shape.corners) }, layer);
    made("title", {}, drawn).textContent = nameOf(shape);
    if (shape.kind === "line" && isWhole(shape)) hatch(shape, unit, layer);
  });
  const bad = crossings(shapes[active]);
  for (const [a, b] of bad) {
    const [from, to] = [inPixels(a), inPixels(b)];
    made("line", { class: "crossing", x1: from[0], y1: from[1], x2: to[0], y2: to[1] }, layer);
  }
  handles(layer, unit);
  write();
  list();
  tell(bad.length > 0);
}

// Where the door line goes on, and strokes on the shop's side of it.
function hatch(shape, unit, layer) {
  const all = goneOn(shape.corners);
  made("polyline", { class: "goes-on", points: asPoints(all) }, layer);
  const sign = shopSide() === "left" ? 1 : -1;
  for (const [a, b] of sidesOf(shape)) {
    const [[x1, y1], [x2, y2]] = [inPixels(a), inPixels(b)];
    const length = Math.hypot(x2 - x1, y2 - y1);
    if (!length) continue;
    const [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length];
    for (let at = (HATCH_PX / 2) * unit; at < length; at += HATCH_PX * unit) {
      const [x, y] = [x1 + dx * at, y1 + dy * at];
      if (x < 0 || y < 0 || x > size[0] || y > size[1]) continue;
      const tip = [x + sign * dy * 9 * unit, y - sign * dx * 9 * unit];
      made("line", { class: "hatch", x1: x, y1: y, x2: tip[0], y2: tip[1] }, layer);
    }
  }
}

function handles(layer, unit) {
  const own = corners();
  const between = isLine() ? own.length - 1 : own.length;
  if (isWhole(shapes[active]) && !(isLine() && drawing)) {
    for (let place = 0; place < between; place += 1) {
      const [cx, cy] = inPixels(middle(place, (place + 1) % own.length));
      made("circle", { cx, cy, "data-between": place, class: "between", r: 5 * unit }, layer);
      made("circle", { cx, cy, "data-between": place, class: "hold", r: 14 * unit }, layer);
    }
  }
  own.map(inPixels).forEach(([cx, cy], place) => {
    made("circle", { class: place === chosen ? "corner chosen" : "corner", cx, cy, r: 6.5 * unit }, layer);
    made("circle", { class: "hold", cx, cy, r: 16 * unit, "data-corner": place }, layer);
  });
}

// A button for each shape; the ones that stay are kept, so that the keyboard's place is not lost.
function list() {
  const where = document.querySelector("#shapes");
  const shown = shapes.filter(isShown);
  while (where.children.length > shown.length) where.lastElementChild.remove();
  shown.forEach((shape, place) => {
    let button = where.children[place];
    if (!button) {
      button = document.createElement("button");
      button.type = "button";
      where.append(button);
    }
    const wrong = shapes.indexOf(shape) !== active && isWrong(shape);
    button.textContent = wrong ? `${nameOf(shape)}: ${named.wrong}` : nameOf(shape);
    button.classList.toggle("bad", wrong);
    button.dataset.place = shapes.indexOf(shape);
    button.setAttribute("aria-pressed", shapes.indexOf(shape) === active);
  });
  for (const button of document.querySelectorAll("[data-add]")) {
    const there = button.dataset.add === "line" && shapes.some((each) => each.kind === "line");
    button.hidden = there || !isForbidden(button.dataset.offence);
  }
}

function tell(crossed) {
  const shape = shapes[active];
  const few = !isWhole(shape);
  const tiny = !crossed && isTiny(shape);
  const name = active ? `${nameOf(shape)}: ` : "";
  said.classList.toggle("bad", crossed || tiny);
  if (crossed) said.textContent = name + (isLine() ? words.crossesLine : words.crosses);
  else if (tiny) said.textContent = name + words.tiny;
  else if (few) said.textContent = name + words.few.replace("#", least(shape) - corners().length);
  else {
    const [x, y] = chosen < 0 ? [NaN, NaN] : corners()[chosen];
    const at = chosen < 0 ? "" : ` ${chosen + 1}/${corners().length}: ${x.toFixed(3)}, ${y.toFixed(3)}`;
    const [sentence, number] = isLine() ? [words.line, corners().length] : [words.share, (area(shape) * 100).toFixed(1)];
    const much = sentence.replace("#", number);
    said.textContent = `${name}${much}${at}`;
  }
  document.querySelector("#undo").disabled = !past.length;
  document.querySelector("#redo").disabled = !undone.length;
  document.querySelector("#done").hidden = !drawing || few;
  document.querySelector("#turn").hidden = !isLine() || few;
  document.querySelector("#drop").hidden = !active;
}

// --- mouse, pen and finger

canvas.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  canvas.focus({ preventScroll: true });
  const { corner, between, shape } = event.target.dataset;
  if (corner !== undefined) {
    const place = Number(corner);
    const closes = isLine() ? corners().length - 1 : 0;
    if (drawing && place === closes && isWhole(shapes[active])) drawing = false; // at its end again: it is whole
    chosen = place;
    dragged = { place, moved: false };
  } else if (between !== undefined) {
    const place = Number(between) + 1;
    add(middle(place - 1, place % corners().length), place);
    dragged = { place, moved: true };
  } else if (drawing) {
    const place = corners().length;
    add(snapped(pointOf(event), place, event), place);
    dragged = { place, moved: true };
  } else if (shape !== undefined) choose(Number(shape));
  else return;
  event.preventDefault();
  canvas.setPointerCapture(event.pointerId);
  show();
});

canvas.addEventListener("pointermove", (event) => {
  if (!dragged) return;
  if (!dragged.moved) remember();
  dragged.moved = true;
  corners()[dragged.place] = snapped(pointOf(event), dragged.place, event);
  show();
});

for (const over of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(over, () => {
    dragged = null;
  });
}

canvas.addEventListener("dblclick", finish);

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
  else if (key === "o") chooseNext();
  else if (key === "s") turn();
  else if (event.key === "Delete" || event.key === "Backspace") remove();
  else if ((key === "n" || key === "p") && corners().length) {
    chosen = (chosen + (key === "n" ? 1 : corners().length - 1)) % corners().length;
    show();
  } else if (event.key === "Enter" && isWhole(shapes[active])) finish();
  else return;
  event.preventDefault();
});

// What a button did goes on by keyboard on the picture.
function andOn(act) {
  return () => {
    act();
    canvas.focus();
  };
}

document.querySelector("#undo").addEventListener("click", undo);
document.querySelector("#redo").addEventListener("click", redo);
document.querySelector("#anew").addEventListener("click", clear);
document.querySelector("#remove").addEventListener("click", remove);
document.querySelector("#turn").addEventListener("click", turn);
document.querySelector("#done").addEventListener("click", andOn(finish));
document.querySelector("#drop").addEventListener("click", andOn(drop));
document.querySelector("#add").addEventListener("click", andOn(addByKey));
for (const button of document.querySelectorAll("[data-add]")) {
  button.addEventListener("click", andOn(() => begin(button.dataset.add)));
}
document.querySelector("#shapes").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) andOn(() => choose(Number(button.dataset.place)))();
});
sideField.addEventListener("change", show);
for (const field of Object.values(fields)) {
  field.addEventListener("change", () => {
    remember();
    shapes = Object.keys(fields).flatMap(readShapes);
    active = 0;
    choose(0);
  });
}

// --- the rest of the form

// Numbers of an offence are asked while it is ticked.
for (const box of form.querySelectorAll("[name='offence']")) {
  const detail = box.closest(".offence").querySelector(".rule");
  const follow = () => {
    detail.hidden = !box.checked;
  };
  box.addEventListener("change", () => {
    follow();
    if (isShown(shapes[active])) show();
    else choose(0);
  });
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
