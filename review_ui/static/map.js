// The map: cameras, what is open at each, and areas, on tiles of the house's choice or on none.
//
// Web Mercator (EPSG:3857): at zoom z the world is 256 * 2^z pixels wide. Places come in the map's own datum.

const TILE = 256,
  LEAST_ZOOM = 3,
  MOST_ZOOM = 19,
  EVERY_MS = 10000,
  EARTH_M = 40075016.686;
const TROUBLE = new Set(["refused", "turned", "covered", "black", "frozen", "unreachable", "no_packets", "blurred"]);
const SVG = "http://www.w3.org/2000/svg";

const box = document.querySelector(".map-box");
const canvas = box.querySelector("svg");
const layer = (name) => canvas.querySelector(`#${name}`);
const template = canvas.dataset.tiles;
const words = canvas.dataset;

let places = { cameras: [], areas: [] };
let view = null; // {x, y, zoom}: the middle of the picture, as a share of the world
let size = { width: 0, height: 0 };

const world = (zoom) => TILE * 2 ** zoom;

function shareOf(lat, lon) {
  const sine = Math.sin((Math.min(Math.max(lat, -85), 85) * Math.PI) / 180);
  return [lon / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

function onScreen([x, y]) {
  const whole = world(view.zoom);
  return [(x - view.x) * whole + size.width / 2, (y - view.y) * whole + size.height / 2];
}

// All cameras within the picture, not closer than a street.
function fit() {
  const points = places.cameras.map((each) => shareOf(each.lat, each.lon));
  if (!points.length) return { x: 0.5 + 105 / 360, y: 0.41, zoom: 4 };
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const wide = Math.max(Math.max(...xs) - Math.min(...xs), 1e-9);
  const high = Math.max(Math.max(...ys) - Math.min(...ys), 1e-9);
  const zoom = Math.log2(Math.min((size.width * 0.7) / wide, (size.height * 0.7) / high) / TILE);
  return {
    x: (Math.max(...xs) + Math.min(...xs)) / 2,
    y: (Math.max(...ys) + Math.min(...ys)) / 2,
    zoom: Math.min(Math.max(zoom, LEAST_ZOOM), 17),
  };
}

function made(name, attributes, where, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  where.append(element);
  return element;
}

const tiles = new Map();

function drawTiles() {
  if (!template) return drawGrid();
  const zoom = Math.min(Math.max(Math.round(view.zoom), 0), MOST_ZOOM);
  const across = 2 ** zoom;
  const edge = world(view.zoom) / across;
  const [left, top] = [view.x * across - size.width / 2 / edge, view.y * across - size.height / 2 / edge];
  const wanted = new Set();
  for (let x = Math.floor(left); x <= left + size.width / edge; x += 1) {
    for (let y = Math.max(Math.floor(top), 0); y <= Math.min(top + size.height / edge, across - 1); y += 1) {
      const key = `${zoom}/${x}/${y}`;
      wanted.add(key);
      if (!tiles.has(key)) {
        const column = ((x % across) + across) % across;
        const href = template.replace("{z}", zoom).replace("{x}", column).replace("{y}", y);
        tiles.set(key, made("image", { href, preserveAspectRatio: "none" }, layer("ground")));
      }
      const image = tiles.get(key);
      const [px, py] = onScreen([x / across, y / across]);
      // half a pixel larger, so that no seam shows between two
      const placed = { x: px, y: py, width: edge + 0.5, height: edge + 0.5 };
      for (const [name, value] of Object.entries(placed)) image.setAttribute(name, value);
    }
  }
  for (const [key, image] of tiles) {
    if (!wanted.has(key)) {
      image.remove();
      tiles.delete(key);
    }
  }
}

// Without tiles: a net whose meshes have a round length.
function drawGrid() {
  const ground = layer("ground");
  ground.replaceChildren();
  const step = 2 ** -Math.floor(view.zoom + 0.6);
  const [wide, high] = [size.width / world(view.zoom), size.height / world(view.zoom)];
  for (let x = Math.ceil((view.x - wide / 2) / step) * step; x <= view.x + wide / 2; x += step) {
    const [at] = onScreen([x, 0]);
    made("line", { class: "map-ground", x1: at, y1: 0, x2: at, y2: size.height }, ground);
  }
  for (let y = Math.ceil((view.y - high / 2) / step) * step; y <= view.y + high / 2; y += step) {
    const [, at] = onScreen([0, y]);
    made("line", { class: "map-ground", x1: 0, y1: at, x2: size.width, y2: at }, ground);
  }
}

function drawAreas() {
  const areas = layer("areas");
  areas.replaceChildren();
  const written = [];
  for (const area of places.areas) {
    const corners = area.outline.map(([lat, lon]) => onScreen(shareOf(lat, lon)));
    made("polygon", { class: "map-area", points: corners.map((each) => each.join(",")).join(" ") }, areas);
    const top = corners.reduce((best, each) => (each[1] < best[1] ? each : best));
    const at = [top[0], top[1] - 6];
    // an area with the same cameras as the one it lies in has the same outline: its name stands above
    while (written.some(([x, y]) => Math.abs(x - at[0]) < 90 && Math.abs(y - at[1]) < 14)) at[1] -= 14;
    written.push(at);
    made("text", { class: "map-area-name", x: at[0], y: at[1] }, areas, area.name);
  }
}

function drawCameras() {
  const cameras = layer("cameras");
  const focused = document.activeElement?.dataset?.camera;
  cameras.replaceChildren();
  for (const camera of places.cameras) {
    const [x, y] = onScreen(shareOf(camera.lat, camera.lon));
    const said = camera.open ? `${camera.words}, ${words.open.replace("#", camera.open)}` : camera.words;
    const link = made(
      "a",
      {
        class: "map-camera",
        href: `/cameras/${encodeURIComponent(camera.id)}`,
        "data-camera": camera.id,
        "data-state": camera.state,
        "aria-label": `${camera.name}: ${said}`,
        transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`,
      },
      cameras,
    );
    link.toggleAttribute("data-trouble", TROUBLE.has(camera.state));
    made("title", {}, link, `${camera.name}: ${said}`);
    made("circle", { r: 8 }, link);
    made("text", { class: "map-name", x: 12, y: 4 }, link, camera.name);
    if (camera.open) {
      made("circle", { class: "open", cx: 8, cy: -9, r: 8 }, link);
      made("text", { class: "open-count", x: 8, y: -9 }, link, camera.open);
    }
    if (camera.id === focused) link.focus();
  }
}

function drawScale() {
  const lat = (Math.atan(Math.sinh(Math.PI * (1 - 2 * view.y))) * 180) / Math.PI;
  const metres = (EARTH_M * Math.cos((lat * Math.PI) / 180)) / world(view.zoom); // of one pixel
  const round = 10 ** Math.floor(Math.log10(metres * 120));
  const length = [5, 2, 1].map((each) => each * round).find((each) => each <= metres * 120);
  const scale = box.querySelector(".map-scale");
  scale.style.width = `${length / metres}px`;
  scale.textContent = length >= 1000 ? `${length / 1000} km` : `${length} m`;
}

function draw() {
  const { width, height } = canvas.getBoundingClientRect();
  size = { width, height };
  canvas.setAttribute("viewBox", `0 0 ${width} ${height}`);
  view ??= fit();
  drawTiles();
  drawAreas();
  drawCameras();
  drawScale();
}

// --- moving about

function zoomBy(steps, at = [size.width / 2, size.height / 2]) {
  const zoom = Math.min(Math.max(view.zoom + steps, LEAST_ZOOM), MOST_ZOOM);
  const [dx, dy] = [at[0] - size.width / 2, at[1] - size.height / 2];
  // what lies under the pointer stays there
  view.x += dx / world(view.zoom) - dx / world(zoom);
  view.y += dy / world(view.zoom) - dy / world(zoom);
  view.zoom = zoom;
  draw();
}

function panBy(dx, dy) {
  view.x -= dx / world(view.zoom);
  view.y = Math.min(Math.max(view.y - dy / world(view.zoom), 0), 1);
  draw();
}

const fingers = new Map();
let dragged = false;

canvas.addEventListener("pointerdown", (event) => {
  fingers.set(event.pointerId, [event.clientX, event.clientY]);
  dragged = false;
});

canvas.addEventListener("pointermove", (event) => {
  const before = fingers.get(event.pointerId);
  if (!before) return;
  const now = [event.clientX, event.clientY];
  if (!dragged && Math.hypot(now[0] - before[0], now[1] - before[1]) < 4) return;
  if (!dragged) canvas.setPointerCapture(event.pointerId);
  dragged = true;
  fingers.set(event.pointerId, now);
  if (fingers.size === 1) return panBy(now[0] - before[0], now[1] - before[1]);
  const [other] = [...fingers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
  const apart = (one) => Math.max(Math.hypot(one[0] - other[0], one[1] - other[1]), 1);
  const edge = canvas.getBoundingClientRect();
  zoomBy(Math.log2(apart(now) / apart(before)), [(now[0] + other[0]) / 2 - edge.left, (now[1] + other[1]) / 2 - edge.top]);
});

for (const over of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(over, (event) => fingers.delete(event.pointerId));
}

// a drag that ends on a camera is not a wish to open it
canvas.addEventListener("click", (event) => dragged && event.preventDefault(), true);

canvas.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    const edge = canvas.getBoundingClientRect();
    zoomBy(-event.deltaY / 300, [event.clientX - edge.left, event.clientY - edge.top]);
  },
  { passive: false },
);

const KEYS = {
  "+": () => zoomBy(1),
  "=": () => zoomBy(1),
  "-": () => zoomBy(-1),
  ArrowLeft: () => panBy(80, 0),
  ArrowRight: () => panBy(-80, 0),
  ArrowUp: () => panBy(0, 80),
  ArrowDown: () => panBy(0, -80),
  0: () => home(),
};

canvas.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in KEYS)) return;
  event.preventDefault();
  KEYS[event.key]();
});

function home() {
  view = null;
  draw();
}

box.querySelector("#closer").addEventListener("click", () => zoomBy(1));
box.querySelector("#farther").addEventListener("click", () => zoomBy(-1));
box.querySelector("#whole").addEventListener("click", home);

// --- what is shown

const silent = document.querySelector("#map-silent");

async function ask() {
  if (document.hidden) return;
  try {
    const answer = await fetch("/map/places", { cache: "no-cache" });
    if (answer.status === 401) location.reload();
    if (!answer.ok) throw new Error(answer.statusText);
    places = await answer.json();
    silent.hidden = true;
    draw();
  } catch {
    silent.hidden = false;
  }
}

await ask();
setInterval(ask, EVERY_MS);
document.addEventListener("visibilitychange", ask);
new ResizeObserver(draw).observe(canvas);
document.documentElement.dataset.map = "ready";
