// Zoom and pan of the stage: s times the fitted size, moved by x, y pixels of the screen.
const DEEPEST = 32; // pixels of the screen to one of the picture
const STEP = 1.4;
const REACH = 60; // pixels of the screen that an arrow key moves by
const place = { s: 1, x: 0, y: 0 };
const pointers = new Map();
let moved = () => {};

function fitted() {
  return stage.clientWidth / Math.max(1, size.width); // screen pixels to one of the picture
}

function deepest() {
  return Math.max(1, DEEPEST / fitted());
}

function settle() {
  const { clientWidth: width, clientHeight: height } = stage;
  place.s = Math.min(Math.max(place.s, 1), deepest());
  place.x = Math.min(0, Math.max(place.x, width * (1 - place.s)));
  place.y = Math.min(0, Math.max(place.y, height * (1 - place.s)));
  const transform = "translate(" + place.x + "px, " + place.y + "px) scale(" + place.s + ")";
  for (const sheet of sheets) sheet.style.transform = transform;
  stage.classList.toggle("es-zoomed", place.s > 1);
  stage.classList.toggle("es-pixels", fitted() * place.s > 1);
  moved();
}

// Keeps the point x, y of the stage where it is.
function zoomTo(s, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
  const next = Math.min(Math.max(s, 1), deepest());
  place.x = x - ((x - place.x) * next) / place.s;
  place.y = y - ((y - place.y) * next) / place.s;
  place.s = next;
  settle();
}

function zoomToBox(box) {
  const { clientWidth: width, clientHeight: height } = stage;
  const side = Math.max(box.right - box.left, box.bottom - box.top);
  place.s = Math.min(Math.max(1, 0.55 / side), deepest(), 8);
  place.x = width / 2 - ((box.left + box.right) / 2) * width * place.s;
  place.y = height / 2 - ((box.top + box.bottom) / 2) * height * place.s;
  settle();
}

function pan(dx, dy) {
  place.x += dx;
  place.y += dy;
  settle();
}

function at(event) {
  const box = stage.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function pinch() {
  const [a, b] = [...pointers.values()];
  return { x: (a[0] + b[0]) / 2, y: (a[1] + b[1]) / 2, far: Math.hypot(a[0] - b[0], a[1] - b[1]) };
}

stage.addEventListener("wheel", (event) => {
  const ours = event.ctrlKey || event.metaKey || document.activeElement === stage;
  if (!ours || (place.s === 1 && event.deltaY > 0)) return; // the page scrolls
  event.preventDefault();
  zoomTo(place.s * Math.exp(-event.deltaY * 0.0022), ...at(event));
}, { passive: false });

stage.addEventListener("pointerdown", (event) => {
  if (event.target.closest(".es-cut")) return;
  pointers.set(event.pointerId, at(event));
  if (place.s > 1 || pointers.size > 1) stage.setPointerCapture(event.pointerId);
});
stage.addEventListener("pointermove", (event) => {
  if (!pointers.has(event.pointerId)) return;
  const before = pointers.size === 2 ? pinch() : null;
  const [x, y] = pointers.get(event.pointerId);
  const now = at(event);
  pointers.set(event.pointerId, now);
  if (before) {
    const after = pinch();
    zoomTo((place.s * after.far) / Math.max(1, before.far), after.x, after.y);
    pan(after.x - before.x, after.y - before.y);
  } else if (place.s > 1) pan(now[0] - x, now[1] - y);
});
for (const kind of ["pointerup", "pointercancel"]) {
  stage.addEventListener(kind, (event) => pointers.delete(event.pointerId));
}
stage.addEventListener("dblclick", (event) => {
  if (place.s > 1) zoomTo(1);
  else zoomTo(Math.max(1 / fitted(), 3), ...at(event));
});
for (const button of element.querySelectorAll("[data-zoom]")) {
  const steps = {
    in: () => zoomTo(place.s * STEP),
    out: () => zoomTo(place.s / STEP),
    fit: () => zoomTo(1),
    pixels: () => zoomTo(1 / fitted()),
  };
  button.addEventListener("click", steps[button.dataset.zoom]);
}
new ResizeObserver(() => settle()).observe(stage);
